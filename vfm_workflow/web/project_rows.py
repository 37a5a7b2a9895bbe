"""The rows of the list of projects, ready to be printed: 200 of them must cost a page next to nothing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from jinja2 import Template
from markupsafe import Markup
from sqlmodel import Session

from vfm_workflow.domain.calendar import Calendar, month_name, short_day
from vfm_workflow.domain.lifecycle import Lifecycle
from vfm_workflow.domain.milestones import slippage
from vfm_workflow.domain.rag import recalled
from vfm_workflow.journeys import portfolio
from vfm_workflow.journeys.home import Home
from vfm_workflow.store import judged
from vfm_workflow.store.listing import Row
from vfm_workflow.store.pages_projects import Deciding
from vfm_workflow.web.stage_bar import position

RATINGS = {"red": "Red", "amber": "Amber", "green": "Green", None: "Not rated"}


class Shown(NamedTuple):
    """A project as a row of the list: the names that `portfolio/row.html` uses."""

    reference: str
    title: str
    under: str
    stage: str
    rag: str
    rating: str
    """The rating in a word."""
    milestone: str
    when: str
    late: str
    """Why the milestone's date is not simply its date: overdue or slipped; empty where it is."""
    waits: str
    waited: str
    """Since when, of how many days, or until when."""
    overdue: bool
    why: tuple[str, ...] = ()
    """What the newest return says of a rating that is not green: what it was before, and each rule's sentence."""


KEPT = 4096
"""Rows kept ready: a list that many look at is written once, and a row is written again when anything in it changes."""


def written(
    home: Home,
    template: Template,
    lifecycles: Mapping[str, Lifecycle],
    departments: Mapping[str, str],
    rows: Iterable[Row],
    deciding: Mapping[int, Sequence[Deciding]],
    today: dt.date,
    why: Mapping[int, tuple[str, ...]],
) -> Markup:
    """Return the rows as HTML. Each is kept under everything that it says, so that it is never out of date."""
    kept: dict[Any, str] = home.kept.setdefault("rows", {})
    if len(kept) > KEPT:
        kept.clear()
    pieces = []
    for row in rows:
        asked = tuple(deciding.get(row.id, ()))
        reasons = why.get(row.id, ())
        mark = (row, asked, today, departments.get(row.department), reasons)
        html = kept.get(mark)
        if html is None:
            shown = in_words(home, lifecycles[row.lifecycle], departments, row, asked, today)
            html = kept[mark] = template.render(shown._replace(why=reasons)._asdict())
        pieces.append(html)
    return Markup("\n".join(pieces))  # noqa: S704  (each was escaped by its template)


def reasons(session: Session, rows: Sequence[Row]) -> dict[int, tuple[str, ...]]:
    """Return project id → why its rating is not green, by one statement for all of them; nothing asked where all are."""
    wanted = [row.id for row in rows if row.rag in ("amber", "red")]
    found = {}
    for row in judged.newest(session, wanted) if wanted else ():
        before = (f"It was {row.rag_before} in the return before.",) if row.rag_before else ()
        said = [one for one in (recalled(kept) for kept in row.why) if one.colour != "green"]
        found[row.project_id] = (
            f"Return for {month_name(row.period)}.",
            *before,
            *(one.sentence for one in said if one.status != "outlook"),
        )
    return found


def in_words(
    home: Home,
    lifecycle: Lifecycle,
    departments: Mapping[str, str],
    row: Row,
    deciding: Sequence[Deciding],
    today: dt.date,
) -> Shown:
    """Return a row in words."""
    spec = lifecycle.stages.get(row.stage)
    ended = spec is not None and spec.kind == "ended"
    when, late = ("", "") if ended else _when(row, home.calendar, today)
    waits = portfolio.waits_for(home, lifecycle, row, deciding, today)
    return Shown(
        row.reference,
        row.title,
        f"{row.reference} · {departments.get(row.department, row.department)} · {row.manager}",
        stage_words(lifecycle, row.stage, row.held_from),
        row.rag or "none",
        RATINGS[row.rag],
        row.milestone or "",
        when,
        late,
        waits.who,
        waits.note,
        waits.overdue,
    )


def stage_words(lifecycle: Lifecycle, stage: str, held_from: str | None) -> str:
    """Return such as `5 of 7: Implementation`, or the stage's title alone where it is off the way."""
    spec = lifecycle.stages.get(stage)
    title = spec.title if spec is not None else stage
    here = position(lifecycle, stage)
    if here is None and held_from is not None:
        place = position(lifecycle, held_from)
        was = lifecycle.stages[held_from].title if held_from in lifecycle.stages else held_from
        return (
            f"{title}, from {place + 1} of {len(lifecycle.main_line)}: {was}" if place is not None else title
        )
    return f"{here + 1} of {len(lifecycle.main_line)}: {title}" if here is not None else title


def _when(row: Row, calendar: Calendar, today: dt.date) -> tuple[str, str]:
    if row.forecast is None:
        return "", ""
    slip = slippage(row.baseline, row.forecast, None, today, calendar)
    days = f"{slip.calendar_days:,} day{'' if slip.calendar_days == 1 else 's'}"
    if slip.overdue:
        return short_day(row.forecast), f"Overdue, slipped {days}" if slip.slipped else "Overdue"
    return short_day(row.forecast), f"Slipped {days}" if slip.slipped else ""
