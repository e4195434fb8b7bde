"""Connection profiles: store, secrets, settings and discovery."""
