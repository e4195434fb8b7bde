"""The Web Gateway's files on this machine (facts: iris-webapps-gateway 5)."""
