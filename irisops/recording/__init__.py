"""Recordings of what was read of an instance: written beside the polls, read back as a connection to the past."""
