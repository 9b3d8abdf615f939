"""Takes over what was written by hand: compose files in, a shards.yaml and marked files out."""
