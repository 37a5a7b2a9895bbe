"""The demo council: its data, how a database is made of them, and the clock a visitor moves."""
