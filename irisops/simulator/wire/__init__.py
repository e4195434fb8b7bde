"""The superserver protocol as the unmodified driver speaks it: bytes in, `Backend` calls out."""
