"""How replies look: one module per kind, each with a `Section` of a card."""
