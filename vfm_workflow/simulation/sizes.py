"""How large a simulated council is."""

from __future__ import annotations

from pydantic import Field

from vfm_workflow.documents import Strict


class Sizes(Strict):
    """The defaults are the demo council's: some 50 people, and about 20 projects under way at any time."""

    departments: int = Field(default=8, ge=1, le=40)
    """Each with a Head of Service, and a member of the Board of authority-wide projects."""
    managers: int = Field(default=12, ge=1, le=400)
    """Project managers, shared out over the departments."""
    directors: int = Field(default=4, ge=1, le=20)
    """Members of the Corporate Management Team beside the Chief Executive."""
    projects: int = Field(default=8, ge=1, le=2000)
    """Begun in a year."""
