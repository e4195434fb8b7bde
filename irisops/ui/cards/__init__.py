"""What a reply looks like: one module per kind of reply, each a `Section` of a card."""
