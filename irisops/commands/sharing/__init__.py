"""Shares: planned, opened, watched and closed from the chat."""
