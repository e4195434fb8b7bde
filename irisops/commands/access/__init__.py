"""Access: explain, compare and search privileges, list and fix refusals."""
