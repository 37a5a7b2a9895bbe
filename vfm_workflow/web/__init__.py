"""Pages, sign-in and static files. A page asks the journeys; it decides nothing by itself."""

import sys

# FastAPI would load all of pydantic's first version to learn that no model here is one of that: it does without where it is
# not to be had.
sys.modules.setdefault("pydantic.v1", None)  # type: ignore[arg-type]  # None says just that
