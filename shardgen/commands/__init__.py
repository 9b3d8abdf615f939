"""The commands: each a plain function that prints its result and returns an exit code."""
