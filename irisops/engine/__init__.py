"""From a typed line to a command, and from a command to replies."""
