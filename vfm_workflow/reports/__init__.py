"""Reports: what a council prints, publishes and hands on. They are given what they show, and know no database."""
