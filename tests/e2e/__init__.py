"""The whole program against the simulator, through the real driver over TCP."""
