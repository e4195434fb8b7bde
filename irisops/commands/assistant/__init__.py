"""/assistant: an optional model chooses the command for a sentence that was not understood."""
