"""/history, /undo, /redo and /finish."""
