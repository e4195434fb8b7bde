"""The simulator's SQL: `engine.Engine` over a `catalog.Catalog`."""
