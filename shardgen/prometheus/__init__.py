"""The fleet as Prometheus sees it: targets, shards that should be there, tests of the rules."""
