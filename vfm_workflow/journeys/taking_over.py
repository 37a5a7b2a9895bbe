"""A project's measure may take over one of a department's library: its words, its unit, and its readings."""

from __future__ import annotations

from collections.abc import Mapping

from sqlmodel import Session

from vfm_workflow.errors import BadInput
from vfm_workflow.store import library as store
from vfm_workflow.store.tables import Measure


def offered(session: Session, department: str) -> list[Measure]:
    """Return the measures that a project may take over, its own department's first; none that is retired."""
    found = [row for row in store.measures(session) if row.retired_on is None]
    return sorted(found, key=lambda row: (row.department != department, row.department or "", row.code or ""))


def chosen(session: Session, text: str, known: int | None) -> Measure | None:
    """Return the library's measure that a project's form names by its code, None for none.

    Raises BadInput where there is none of that code, or it is retired and was not taken over before.
    """
    if not text.strip():
        return None
    found = store.by_code(session, text[:20])
    if found is None or found.project_id is not None:
        raise BadInput({"library": f"The library has no measure {text.strip()[:20]}"})
    if found.retired_on is not None and found.id != known:
        raise BadInput({"library": f"{found.code} is retired: choose another measure"})
    return found


def definition(shared: Measure) -> Mapping[str, str]:
    """Return the fields of a project's form that follow from the library's measure."""
    return {
        "name": shared.name,
        "kind": shared.kind,
        "unit": shared.unit,
        "places": str(shared.places),
        "direction": shared.direction,
        "numerator": shared.numerator,
        "denominator": shared.denominator,
    }
