"""Shares: plan, open, watch and close."""
