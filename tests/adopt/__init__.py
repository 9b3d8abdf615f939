"""shardgen adopt: stacks whose shards were written by hand."""
