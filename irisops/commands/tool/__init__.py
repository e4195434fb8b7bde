"""Commands about the tool itself: help, settings, status, doctor."""
