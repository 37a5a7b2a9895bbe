"""Value for Money projects of a council, from outline to lessons learned."""

import os

__version__ = "0.1.0"

# pydantic would look through every installed package for plugins of its own, at each start: there are none.
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
