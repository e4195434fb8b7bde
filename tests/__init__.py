"""Tests of irisops; the folders mirror the package."""
