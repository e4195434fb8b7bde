"""Users and roles: list, edit, grant and revoke."""
