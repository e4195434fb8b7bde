"""Recording an instance, and moving through a recording."""
