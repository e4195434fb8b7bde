"""Commands on the Web Gateway of this machine."""
