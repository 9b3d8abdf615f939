"""Diagnostics in, what other programs read out: annotations, SARIF, JSON, Markdown."""
