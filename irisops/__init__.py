"""irisops: chat with InterSystems IRIS from a terminal."""

__version__ = "0.1.0"
