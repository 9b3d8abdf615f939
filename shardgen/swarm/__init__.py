"""The fleet as a stack of Docker Swarm: one service a shard, one task a service."""
