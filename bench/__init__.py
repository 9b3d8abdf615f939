"""What shardgen costs, as ratios that hold on any machine: `python -m bench`."""
