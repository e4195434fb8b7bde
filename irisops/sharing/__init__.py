"""Sharing: tunnels, preflight, teammate passes, leases and clean-up."""
