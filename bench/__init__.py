"""Measures the rows of the speed contract beside the peers' programs, as ratios in one run."""
