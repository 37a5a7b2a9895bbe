"""Advice and recommendations that came after a text was frozen: they are listed beside it, with their dates."""

from __future__ import annotations

from typing import Any

from sqlmodel import Session

from vfm_workflow.domain.snapshot import REMARKS
from vfm_workflow.journeys.board import Asked
from vfm_workflow.journeys.remarks import TITLES
from vfm_workflow.store import projects, remarks


def beside(session: Session, asked: Asked) -> dict[str, Any]:
    """Return what a decision page shows of them: `remarks`, oldest first, and `remark_titles`."""
    about = f"decision:{asked.version.subject}"
    found = remarks.of(session, projects.key(asked.project), tuple(REMARKS), about)
    frozen = {row[3] for part in asked.snapshot["parts"] if part["key"] == "advice" for row in part["rows"]}
    return {"remarks": [row for row in found if row.text not in frozen], "remark_titles": TITLES}
