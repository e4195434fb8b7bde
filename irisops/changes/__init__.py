"""One engine that carries out changes: look again, guard, journal, call, read back, undo."""
