"""Users, roles, resources, services, web applications, privileges and audit of an instance."""
