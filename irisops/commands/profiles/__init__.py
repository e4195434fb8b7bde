"""Connection profiles and their secrets: discover, edit, test, connect."""
