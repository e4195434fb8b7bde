"""Processes: listed, looked at, suspended, resumed, terminated."""
