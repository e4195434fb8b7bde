"""Tests of the simulator's web."""
