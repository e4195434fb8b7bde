"""The license board: who holds each unit, why, until when, and how to have more of them."""
