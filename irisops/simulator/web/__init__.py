"""The web port: monitoring endpoints, a login form, pages that make web sessions."""
