"""Watching: pinned cards (drawn by the screen), alerts, plots of the counts."""
