"""What an operator looks at and does in a day: databases, tasks, locks, journal, productions, the log."""
