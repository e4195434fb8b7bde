"""Web sessions: listed, ended, swept."""
