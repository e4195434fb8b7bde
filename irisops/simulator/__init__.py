"""An instance to practise on: the wire protocol, the emulated classes, a living world. It is not IRIS."""
