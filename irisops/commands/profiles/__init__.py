"""Connection profiles: found, written, tested, connected, and where their secrets are."""
