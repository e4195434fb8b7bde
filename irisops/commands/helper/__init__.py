"""/helper: the class that may be installed on the instance, put there and taken away."""
