"""Finding instances that are here already, read-only and quickly: one module per source, one that asks them all."""
