"""Watching: pinned cards, alerts, plots of the counts."""
