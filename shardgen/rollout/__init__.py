"""What a change of the fleet means, and the steps that bring it about."""
