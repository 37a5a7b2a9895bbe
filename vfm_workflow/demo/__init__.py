"""The demonstration: its council, and the clock its visitors may move."""
