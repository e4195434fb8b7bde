"""The InterSystems driver in a child process of its own."""
