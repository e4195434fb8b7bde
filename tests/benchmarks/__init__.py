"""Benchmarks that print. They are run by hand, never by the tests."""
