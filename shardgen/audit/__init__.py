"""What goes around the single source: one file of any language in, diagnostics out."""
