"""The configuration of an instance as text: its canonical form, its files, and the differences of two of them."""
