"""Edits of shards.yaml: its text in, the same with one intention carried out; all else stays."""
