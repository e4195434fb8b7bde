"""Discovery of local instances: read-only and quick; one module per source, one that asks them all."""
