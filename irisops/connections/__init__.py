"""Connections of all profiles and what is kept per connection: polling, names, rows, alerts, shares."""
