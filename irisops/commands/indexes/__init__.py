"""/indexes: the indexes behind a class, a table or a global; validated, and built anew."""
