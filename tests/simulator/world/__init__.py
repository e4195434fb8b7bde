"""Tests of the simulator's world."""
