"""Numbers in addresses of pages."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path

RowId = Annotated[int, Path(ge=1, le=2_147_483_647)]
"""The id of a row; what no database could hold is a page that does not exist."""
