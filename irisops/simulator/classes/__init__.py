"""The emulated classes: signatures, privileges and behaviour, each with the fact that it follows."""
