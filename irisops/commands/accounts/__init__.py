"""Users and roles: listed, edited, granted, and taken back."""
