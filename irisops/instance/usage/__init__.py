"""License units, web sessions, processes and counts of an instance."""
