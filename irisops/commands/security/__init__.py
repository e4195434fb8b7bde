"""Services, web applications and resources: what opens an instance, and how."""
