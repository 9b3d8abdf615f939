"""The committed migrations and the desired fleet in, the next migrations out; all of it pure."""
