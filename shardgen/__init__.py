"""shardgen: one shards.yaml, every file that must agree with it, and the proof that they do."""

__version__ = "0.1.0"
