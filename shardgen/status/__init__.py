"""What each shard was asked and answered in; how well the fleet is, as a table and as data, out."""
