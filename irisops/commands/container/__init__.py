"""/container: a container of IRIS on this machine, what is wrong with it, and the command for it."""
