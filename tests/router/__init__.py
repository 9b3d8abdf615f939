"""Tests of the router and of the hash behind its fallback (G2, G6, G12)."""
