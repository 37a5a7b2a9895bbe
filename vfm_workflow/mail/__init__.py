"""Mail: what a message says (`render`), what it is made of (`message`) and how it leaves (`transports`)."""
