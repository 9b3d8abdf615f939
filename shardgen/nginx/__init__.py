"""The fleet as nginx routes to it, and a configuration of nginx, read back."""
