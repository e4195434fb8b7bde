"""Services, web applications and resources: list and change."""
