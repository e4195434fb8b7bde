"""Daily operations: databases, namespaces, tasks, locks, journal, log, productions, running SQL, mirror."""
