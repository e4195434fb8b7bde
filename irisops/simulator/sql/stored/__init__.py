"""Tables that SQL can define and change: their columns, rows, keys, and how a change is taken back."""
