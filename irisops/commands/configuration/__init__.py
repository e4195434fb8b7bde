"""The configuration of an instance as text: /export, /diff, /apply."""
