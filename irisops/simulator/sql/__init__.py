"""SQL over the projected tables and class queries: a parser library in front of an embedded database."""
