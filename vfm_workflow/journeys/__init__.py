"""One function for each thing a person or the clock wants done. The edge that calls them commits."""
