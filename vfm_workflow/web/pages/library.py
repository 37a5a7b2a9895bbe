"""The library of measures: each department's cost and performance, agreed by two, with every reading (§4.1–4.3)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response
from sqlmodel import Session

from vfm_workflow.domain.calendar import month_before, month_name, year_name
from vfm_workflow.domain.library import SIDE_NAMES
from vfm_workflow.domain.unit_costs import has_parts
from vfm_workflow.journeys import importing, library, library_readings, library_targets, library_view
from vfm_workflow.journeys.library_view import DepartmentView, Library, Shown
from vfm_workflow.journeys.reaching import reaches
from vfm_workflow.store import projects
from vfm_workflow.store.tables import Measure
from vfm_workflow.web.editing import REFUSED, refusal
from vfm_workflow.web.library_rows import SOURCES, Row
from vfm_workflow.web.pages.measures import LEAST_PEERS, MOST_PEERS, SPARE_PEERS, box_of, named_peers
from vfm_workflow.web.visit import Form, Page, Typed, Visit

router = APIRouter()
FILTERS = {
    "agreed": "agreed this year",
    "waiting": "waiting for a signature",
    "none": "without figures",
    "retired": "retired",
}


@router.get("/measures")
def measures(visit: Page) -> Response:
    """Show the library by department, and which departments are covered this year."""
    asked = visit.request.query_params
    department, kind, state = (asked.get(name, "") for name in ("department", "kind", "state"))
    with visit.read() as session:
        found = library_view.library(session, visit.home, visit.me(), visit.at)
    groups = [(each, _rows(each, kind, state)) for each in found.departments if department in ("", each.code)]
    context = {
        "library": found,
        "groups": [(each, rows) for each, rows in groups if rows or not (kind or state)],
        "count": sum(len(rows) for _, rows in groups),
        "finding": _finding(found),
        "department": department,
        "kind": kind,
        "state": state,
        "states": FILTERS,
        "restricted": found.through is not None,
        "imports": [each for each in importing.offered(visit.home, visit.me()) if each.name == "readings"],
    }
    return visit.page("library/list.html", context)


def _rows(department: DepartmentView, kind: str, state: str) -> list[Row]:
    """Return a department's measures that are asked for: costs first, retired ones only where they are."""
    shown = department.retired if state == "retired" else department.measures
    found = [each for each in shown if kind in ("", each.measure.kind) and _is(each, state)]
    return [
        Row(each) for each in sorted(found, key=lambda each: (each.measure.kind != "unit_cost", each.code))
    ]


def _is(shown: Shown, state: str) -> bool:
    """Return whether a measure is in a state that somebody filters by."""
    if state == "waiting":
        return bool(shown.waits)
    if state == "agreed":
        return shown.agreed is not None
    return state in ("", "retired") or shown.state == state


def _finding(found: Library) -> str:
    """Return what the library says of this year, in a sentence."""
    covered, whole, year = len(found.covered), len(found.departments), year_name(found.year)
    lacking = [each.name for each in found.departments if not each.is_covered]
    if not lacking:
        return f"Every department has agreed a unit cost and a performance measure for {year}."
    if not covered:
        return f"No department has agreed both a unit cost and a performance measure for {year} yet."
    named = ", ".join(lacking[:-1]) + (" and " if len(lacking) > 1 else "") + lacking[-1]
    return f"{covered} of {whole} departments have agreed a unit cost and a performance measure for {year}: not {named}."


@router.get("/measures/add")
def adding(visit: Page) -> Response:
    """Show the form of a new measure."""
    return _form(visit, None)


@router.post("/measures/add")
def add(visit: Page, form: Form) -> Response:
    """Add a measure to a department's library."""
    return _save(visit, form, "")


@router.get("/measures/{measure_code}")
def one(visit: Page, measure_code: str) -> Response:
    """Show a measure: how it goes, what is agreed, every reading, other councils."""
    return _one(visit, measure_code)


@router.get("/measures/{measure_code}/edit")
def editing(visit: Page, measure_code: str) -> Response:
    """Show a measure's form."""
    return _form(visit, measure_code)


@router.post("/measures/{measure_code}/edit")
def edit(visit: Page, form: Form, measure_code: str) -> Response:
    """Change a measure's words or its tolerance."""
    return _save(visit, form, measure_code)


@router.post("/measures/{measure_code}/retire")
def retire(visit: Page, form: Form, measure_code: str) -> Response:
    """Retire a measure, or take it up again."""
    back = form.get("do") == "back"

    def do(session: Session) -> str:
        row = library.retire(session, visit.home, measure_code, visit.me(), visit.at, back=back)
        return f"{row.code} is {'taken up again' if back else 'retired. All of it stays'}."

    return _do(visit, measure_code, do, lambda errors, status: _one(visit, measure_code, errors, status))


@router.get("/measures/{measure_code}/figures")
def proposing(visit: Page, measure_code: str) -> Response:
    """Show the form of a year's baseline and target."""
    return _figures(visit, measure_code)


@router.post("/measures/{measure_code}/figures")
def propose(visit: Page, form: Form, measure_code: str) -> Response:
    """Propose a year's baseline and target."""

    def do(session: Session) -> str:
        row = library_targets.set_figures(session, visit.home, measure_code, visit.me(), visit.at, form)
        return f"The figures for {year_name(row.year or 0)} are proposed. Finance and the Head of Service sign them here."

    return _do(
        visit, measure_code, do, lambda errors, status: _figures(visit, measure_code, errors, form, status)
    )


@router.post("/measures/{measure_code}/agree")
def agree(visit: Page, form: Form, measure_code: str) -> Response:
    """Sign a year's figures for Finance or for the Head of Service."""
    number, side = form.get("number", ""), form.get("side", "")

    def do(session: Session) -> str:
        asked = int(number) if number.isascii() and number.isdecimal() and len(number) < 9 else 0
        both = library_targets.agree(session, visit.home, measure_code, asked, side, visit.me(), visit.at)
        return (
            "Both have signed: the figures are agreed."
            if both
            else "You have signed. The other side is still to sign."
        )

    return _do(visit, measure_code, do, lambda errors, status: _one(visit, measure_code, errors, status))


@router.get("/measures/{measure_code}/readings")
def recording(visit: Page, measure_code: str) -> Response:
    """Show the form of a month's reading."""
    return _reading(visit, measure_code)


@router.post("/measures/{measure_code}/readings")
def record(visit: Page, form: Form, measure_code: str) -> Response:
    """Record a month's reading, or correct one."""

    def do(session: Session) -> str:
        read = library_readings.record(session, visit.home, measure_code, visit.me(), visit.at, form)
        what = "corrected" if read.was is not None else "recorded"
        return f"{month_name(read.period)} is {what}: {read.said}."

    return _do(
        visit, measure_code, do, lambda errors, status: _reading(visit, measure_code, errors, form, status)
    )


@router.get("/measures/{measure_code}/peers")
def peers(visit: Page, measure_code: str) -> Response:
    """Show other councils' values as a form."""
    return _peers(visit, measure_code)


@router.post("/measures/{measure_code}/peers")
def save_peers(visit: Page, form: Form, measure_code: str) -> Response:
    """Save other councils' values."""

    def do(session: Session) -> str:
        values = {name: form.get(f"value_{number}", "") for name, number in named_peers(form).items()}
        library.save_peers(
            session,
            visit.home,
            measure_code,
            visit.me(),
            visit.at,
            peers=values,
            source=form.get("source", ""),
        )
        return "The other councils’ figures are saved."

    def again(errors: Mapping[str, str], status: int) -> Response:
        boxes = {box_of(name, form): said for name, said in errors.items()}
        return _peers(visit, measure_code, boxes, form, status)

    return _do(visit, measure_code, do, again)


# ------------------------------------------------------------------ what they share


def _do(
    visit: Visit,
    code: str,
    do: Callable[[Session], str],
    again: Callable[[Mapping[str, str], int], Response],
) -> Response:
    """Do something and go to the measure's page, or show the form again with what was refused."""
    try:
        with visit.write() as session:
            done = do(session)
    except REFUSED as error:
        return again(refusal(error), error.status)
    return visit.go(f"/measures/{code.upper()}", done)


def _save(visit: Visit, form: Typed, code: str) -> Response:
    try:
        with visit.write() as session:
            row = library.save(session, visit.home, visit.me(), visit.at, code=code, form=form)
            saved = row.code or ""
    except REFUSED as error:
        return _form(visit, code or None, refusal(error), form, error.status)
    return visit.go(f"/measures/{saved}", f"{saved} is saved.")


def _may(visit: Visit, row: Measure) -> dict[str, bool]:
    names = {"edit": "library.edit", "record": "library.record"}
    return {
        key: reaches(visit.home, visit.me(), permission, row.department or "")
        for key, permission in names.items()
    }


def _context(visit: Visit, session: Session, code: str) -> dict[str, Any]:
    whole = library_view.one(session, visit.home, code, visit.me(), visit.at)
    measure = whole.shown.measure
    return {
        "whole": whole,
        "row": Row(whole.shown),
        "may": _may(visit, measure),
        "has_parts": has_parts(measure.kind, measure.unit),
    }


def _one(visit: Visit, code: str, errors: Mapping[str, str] | None = None, status: int = 200) -> Response:
    actor = visit.me()
    with visit.read() as session:
        context = _context(visit, session, code)
        shown = context["whole"].shown
        context |= {
            "signing": {
                each.target.number: library_targets.may_sign(visit.home, actor, shown.measure, each.signed)
                for each in shown.figures
                if each.is_newest
            },
            "side_names": SIDE_NAMES,
            "sources": SOURCES,
            "sees_batches": visit.may("figures.import"),
            "restricted": context["whole"].through is not None,
        }
    return visit.page("library/measure.html", context, status=status, errors=errors)


def _form(
    visit: Visit,
    code: str | None,
    errors: Mapping[str, str] | None = None,
    typed: Typed | None = None,
    status: int = 200,
) -> Response:
    actor = visit.me()
    with visit.read() as session:
        context: dict[str, Any] = {"row": None, "fixed": False}
        if code is not None:
            context = _context(visit, session, code)
            shown = context["whole"].shown
            context["fixed"] = bool(shown.figures or context["whole"].entries)
        context["departments"] = [
            (each.code, each.name)
            for each in projects.departments(session)
            if reaches(visit.home, actor, "library.edit", each.code)
        ]
    return visit.page("library/form.html", context, status=status, errors=errors, typed=typed)


def _figures(
    visit: Visit,
    code: str,
    errors: Mapping[str, str] | None = None,
    typed: Typed | None = None,
    status: int = 200,
) -> Response:
    with visit.read() as session:
        context = _context(visit, session, code)
    this = visit.home.calendar.financial_year(visit.today)
    context["years"] = [(year_name(year), year_name(year)) for year in range(this - 1, this + 3)]
    context["this_year"] = year_name(this)
    return visit.page("library/figures.html", context, status=status, errors=errors, typed=typed)


def _reading(
    visit: Visit,
    code: str,
    errors: Mapping[str, str] | None = None,
    typed: Typed | None = None,
    status: int = 200,
) -> Response:
    with visit.read() as session:
        context = _context(visit, session, code)
    known = {each.period: each for each in context["whole"].shown.readings}
    months = [visit.home.calendar.month_before(visit.today)]
    while len(months) < 13:
        months.append(month_before(months[-1]))
    chosen = visit.request.query_params.get("month", "")
    context |= {
        "months": [
            (month, f"{month_name(month)}{_known(context['row'], known.get(month))}") for month in months
        ],
        "chosen": chosen if chosen in months else next((m for m in months if m not in known), months[0]),
    }
    return visit.page("library/reading.html", context, status=status, errors=errors, typed=typed)


def _known(row: Row, reading: Any) -> str:
    return f" (now {row.bare(reading.value)})" if reading is not None else ""


def _peers(
    visit: Visit,
    code: str,
    errors: Mapping[str, str] | None = None,
    typed: Typed | None = None,
    status: int = 200,
) -> Response:
    with visit.read() as session:
        context = _context(visit, session, code)
    filled = len(context["whole"].shown.peers)
    if typed is not None:
        used = (n for n in range(1, MOST_PEERS + 1) if typed.get(f"name_{n}") or typed.get(f"value_{n}"))
        filled = max(used, default=0)
    context["boxes"] = min(MOST_PEERS, max(LEAST_PEERS, filled + SPARE_PEERS))
    return visit.page("library/peers.html", context, status=status, errors=errors, typed=typed)
