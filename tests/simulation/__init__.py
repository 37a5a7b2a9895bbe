"""A council that lives through years, and what watches it."""
