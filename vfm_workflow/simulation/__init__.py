"""A made-up council lives through years on a clock of its own, and what must never break is looked at after each day."""
