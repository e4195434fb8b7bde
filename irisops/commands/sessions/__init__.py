"""Web sessions: list, end, sweep."""
