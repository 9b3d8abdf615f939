"""`shardgen rebalance`: against the optimum, its invariants, and the command."""
