"""The web port: monitoring endpoints, a login form, and pages that open web sessions."""
