"""Tunnels, the checks before one opens, teammate passes, their lease and its clean-up."""
