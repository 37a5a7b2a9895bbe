"""Documents of a simulated council: put to a project's text, replaced, taken off; some are not what they say."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from sqlmodel import Session

from vfm_workflow.domain.roles import Actor
from vfm_workflow.journeys import documents
from vfm_workflow.simulation import words
from vfm_workflow.simulation.life import Life
from vfm_workflow.simulation.managing import Managing
from vfm_workflow.store.listing import Row

DOCUMENTS_A_YEAR, TAKEN_OFF, EXEMPT, WRONG = 40, 0.15, 0.1, 0.05
"""How many a year; shares of those that are taken off again, are exempt, and are no file of their kind."""
NAMES = ("costs.csv", "notes.txt", "survey.csv", "minutes.txt", "contract.pdf")
PDF = b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
MOST_BYTES = 1024 * 1024


def day(life: Life, managing: Managing, rows: Sequence[Row]) -> None:
    """Let a manager put a document to a project, as often as they do."""
    writing = [row for row in rows if _document(managing, row)]
    if writing and life.chance.happens(DOCUMENTS_A_YEAR / 253):
        row = life.chance.one(writing)
        manager = managing.manager(row)
        if manager is not None:
            life.in_days(0, 0, partial(_add, life, row.reference, _document(managing, row), manager.address))


def _document(managing: Managing, row: Row) -> str:
    """Return the text that a project's stage asks for, or the empty string."""
    asked = managing.lifecycle(row).stages[row.stage].asks_for
    return next((name for name in ("outline", "recommendations") if name in asked), "")


def _add(life: Life, reference: str, document: str, address: str) -> None:
    name = life.chance.one(NAMES)
    exempt = "3" if life.chance.happens(EXEMPT) else ""
    text = words.text(life.chance, 20).encode()
    data = PDF if name.endswith(".pdf") != life.chance.happens(WRONG) else text

    def doing(session: Session, actor: Actor) -> int | None:
        added = documents.add(
            session, life.home, reference, document, actor, life.now,
            name=name, data=data, most_bytes=MOST_BYTES, exempt=exempt,
        )  # fmt: skip
        return added.id

    file_id = life.act("documents added", address, doing)
    if file_id is not None and life.chance.happens(TAKEN_OFF):
        life.in_days(0, 10, partial(_remove, life, reference, file_id, address))


def _remove(life: Life, reference: str, file_id: int, address: str) -> None:
    def doing(session: Session, actor: Actor) -> bool:
        documents.remove(session, life.home, reference, file_id, actor, life.now)
        return True

    life.act("documents taken off", address, doing)
