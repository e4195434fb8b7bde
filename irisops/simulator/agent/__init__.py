"""A stand-in for the ngrok agent: unmodified pyngrok starts it, and it relays TCP and HTTP on loopback for real.

Its contract is facts: ngrok-keyring A14. It never leaves 127.0.0.1, and it can simulate each documented failure.
"""
