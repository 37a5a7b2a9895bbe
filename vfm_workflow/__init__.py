"""Value for Money projects of a council, from outline to lessons learned."""

__version__ = "0.1.0"
