"""Tables that SQL defines and changes: columns, rows, keys and undo."""
