"""Where every tenant lives in, the fewest moves to an even load out."""
