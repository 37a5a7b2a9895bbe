"""Reading a report: who may, which version, and from when (§6.2, invariant 8)."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterator

from sqlmodel import Session

from vfm_workflow.domain import release
from vfm_workflow.domain.calendar import quarter_name, short_day, year_name
from vfm_workflow.domain.roles import Actor, may
from vfm_workflow.errors import NotAllowed
from vfm_workflow.journeys.home import Home
from vfm_workflow.journeys.reporting.kinds import KINDS, Kind, Offered, kind_of
from vfm_workflow.journeys.reporting.parts import Asked
from vfm_workflow.reports.model import Report, from_json, public
from vfm_workflow.store import issued as store
from vfm_workflow.store.tables import IssuedReport


def read(
    session: Session,
    home: Home,
    kind: str,
    key: str,
    by: Actor | None,
    at: dt.datetime,
    *,
    exempt: bool = False,
) -> Report:
    """Return a report as `by` may read it at a moment, in its public version unless `exempt` is asked for.

    One that was issued is as it was issued, its addenda after it; one that was not is a draft, for officers alone.
    `by` is None at the command line: the operator reads all. Raises NotFound, NotAllowed or BadInput.
    """
    found = kind_of(kind)
    key = _plain(found, key)
    if by is not None:
        _refuse_stranger(session, home, found, key, by, at, exempt)
    asked = Asked(session, home, key, at, by)
    rows = store.of(session, kind, key) if found.issued else []
    if rows:
        return _as_issued(rows, exempt)
    report = found.make(asked)
    return report if exempt else public(report)


def _plain(kind: Kind, key: str) -> str:
    """Return a key as it is kept: `2026-27` of an address is the financial year 2026/27."""
    return key.strip().replace("-", "/", 1) if kind.per == "year" else key.strip()


def plain_key(kind: str, key: str) -> str:
    """Return a key of an address as it is kept. Raises NotFound for no kind of report."""
    return _plain(kind_of(kind), key)


def follows_a_clock(home: Home, by: Actor) -> bool:
    """Return whether somebody reads what is released to them, and nothing before."""
    return by.role in home.roles and home.roles[by.role].may.get("reports.read") == "released"


def _refuse_stranger(
    session: Session, home: Home, kind: Kind, key: str, by: Actor, at: dt.datetime, exempt: bool
) -> None:
    """Raise NotAllowed where a report, or its exempt version, is not for `by`, or not yet."""
    if kind.own is not None:
        kind.own(Asked(session, home, key, at, by), by, exempt)
        return
    if not may(home.roles, by, "reports.read"):
        raise NotAllowed("You may not read this report.")
    if follows_a_clock(home, by):
        if not kind.issued:
            raise NotAllowed(
                "This report is for officers. What is released to you is on the page of reports."
            )
        _refuse_unreleased(session, home, kind, key, by, at)
    if exempt and not may_read_exempt(home, by):
        raise NotAllowed("The exempt version is for those who may read exempt text of every project.")


def may_read_exempt(home: Home, by: Actor) -> bool:
    """Return whether somebody may read the exempt version of a report on the whole council."""
    return by.role in home.roles and home.roles[by.role].may.get("exempt.read") == "all"


def _refuse_unreleased(
    session: Session, home: Home, kind: Kind, key: str, by: Actor, at: dt.datetime
) -> None:
    if not store.of(session, kind.name, key):
        raise NotAllowed(f"{kind.title} {key} is not issued yet.")
    on = released_on(home, kind, key, by)
    if on is None or on > home.calendar.today(at):
        when = f": it is released to you on {short_day(on)}" if on is not None else ""
        raise NotAllowed(f"{kind.title} {key} is not released to you yet{when}.")


def released_on(home: Home, kind: Kind, key: str, by: Actor) -> dt.date | None:
    """Return the day on which an issued report is released to who follows a clock; None for who follows none."""
    clock = home.roles[by.role].release if by.role in home.roles else None
    if clock is None:
        return None
    return release.released_on(home.calendar, clock, last_quarter(kind, key))


def last_quarter(kind: Kind, key: str) -> str:
    """Return the last quarter whose figures a report holds."""
    return f"{key[:4]}-Q4" if kind.per == "year" else key


def _as_issued(rows: list[IssuedReport], exempt: bool) -> Report:
    report, *addenda = (from_json(row.exempt if exempt else row.public) for row in rows)
    more = tuple(section for addendum in addenda for section in addendum.sections)
    said = f"; {len(addenda)} addend{'um' if len(addenda) == 1 else 'a'}" if addenda else ""
    hidden = report.hidden + sum(addendum.hidden for addendum in addenda)
    return dataclasses.replace(
        report, sections=report.sections + more, standing=f"{report.standing}{said}", hidden=hidden
    )


def listed(session: Session, home: Home, by: Actor, at: dt.datetime) -> list[Offered]:
    """Return every report on the council that `by` may read at a moment: those that are issued, the newest first of each
    kind, and for officers the draft that is due next and those made as things stand."""
    issued = store.issued(session)
    found = list[Offered]()
    for kind in KINDS.values():
        if kind.issued:
            found += _issued(home, kind, issued, by, at)
        elif kind.own is None and not follows_a_clock(home, by) and may(home.roles, by, "reports.read"):
            asked = Asked(session, home, "", at, by)
            found += [Offered(kind, key, title, "As it stands") for key, title in kind.open(asked)]
    return found


def _issued(
    home: Home, kind: Kind, issued: dict[tuple[str, str], dt.datetime], by: Actor, at: dt.datetime
) -> Iterator[Offered]:
    today = home.calendar.today(at)
    if not may(home.roles, by, "reports.read"):
        return
    member = follows_a_clock(home, by)
    mine = {key: moment for (name, key), moment in issued.items() if name == kind.name}
    newest = newest_period(home, kind, today)
    if not member and newest not in mine:
        yield Offered(kind, newest, name_of(kind, newest), "Draft, not issued")
    for key, moment in sorted(mine.items(), reverse=True):
        on = home.calendar.today(moment)
        if member:
            released = released_on(home, kind, key, by)
            if released is None or released > today:
                continue
            on = max(on, released)
        word = "Released" if member else "Issued"
        yield Offered(kind, key, name_of(kind, key), f"{word} {short_day(on)}", on)


def newest_period(home: Home, kind: Kind, today: dt.date) -> str:
    """Return the key of the newest period of an issued kind that has ended."""
    if kind.per == "quarter":
        return home.calendar.quarter_before(today)
    return year_name(home.calendar.financial_year(today) - 1)


def name_of(kind: Kind, key: str) -> str:
    """Return what a period is called, such as `Q2 2026/27`."""
    return quarter_name(key) if kind.per == "quarter" else key
