"""The library as its pages show it: by department, with what is agreed for a year and what is missing (§4.2–4.3)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlmodel import Session

from vfm_workflow.domain.library import SIDES, is_agreed, lacking, missing_kinds
from vfm_workflow.domain.release import released_through
from vfm_workflow.domain.roles import Actor, may
from vfm_workflow.journeys.home import Home
from vfm_workflow.journeys.library import key, measure_of
from vfm_workflow.journeys.library_targets import may_sign
from vfm_workflow.store import library as store
from vfm_workflow.store import projects
from vfm_workflow.store.library import Change, Counted, Entry, Signed, Taking, Target
from vfm_workflow.store.tables import Measure, PeerValue

EVERYTHING = "9999-12"


@dataclass(frozen=True, slots=True)
class Figures:
    """A year's baseline and target as proposed once, with the sign-offs it has."""

    target: Target
    signed: Mapping[str, Signed]
    is_newest: bool
    """Nothing newer was proposed for the year."""

    @property
    def is_agreed(self) -> bool:
        return is_agreed(self.signed)

    @property
    def lacking(self) -> list[str]:
        """Whose sign-off is missing."""
        return lacking(self.signed)


@dataclass(frozen=True)
class Shown:
    """A measure with its figures, its readings and other councils'."""

    measure: Measure
    year: int
    """The financial year it is."""
    figures: Sequence[Figures]
    """Every proposal, the newest year first, and in it the newest first."""
    readings: Sequence[Counted]
    """As they count, oldest month first."""
    peers: Sequence[PeerValue] = ()

    @property
    def code(self) -> str:
        return self.measure.code or ""

    @property
    def newest(self) -> Counted | None:
        return self.readings[-1] if self.readings else None

    @property
    def agreed(self) -> Figures | None:
        """What both have signed for this year: the newest such; older ones are replaced."""
        return next((f for f in self.figures if f.target.year == self.year and f.is_agreed), None)

    @property
    def proposed(self) -> Figures | None:
        """What is proposed for this year and not agreed yet."""
        newest = next((f for f in self.figures if f.target.year == self.year and f.is_newest), None)
        return newest if newest is not None and not newest.is_agreed else None

    @property
    def waits(self) -> list[Figures]:
        """What is proposed for any year and not agreed yet."""
        return [f for f in self.figures if f.is_newest and not f.is_agreed]

    @property
    def aim(self) -> Figures | None:
        """The figures it is held against: those agreed for this year, else those proposed."""
        return self.agreed or self.proposed

    @property
    def state(self) -> str:
        """`retired`, `agreed`, `changing` (agreed, and new figures wait), `waiting` for a signature, or `none`."""
        if self.measure.retired_on is not None:
            return "retired"
        if self.agreed is not None:
            return "changing" if self.proposed is not None else "agreed"
        return "waiting" if self.proposed is not None else "none"

    def lines(self) -> list[tuple[Figures, str]]:
        """Return each proposal with what it is: `counts`, `waiting` or `replaced`."""
        found, seen = [], set[int]()
        for each in self.figures:
            if each.is_agreed and each.target.year not in seen:
                seen.add(each.target.year)
                found.append((each, "counts"))
            else:
                found.append((each, "waiting" if each.is_newest else "replaced"))
        return found


@dataclass(frozen=True)
class DepartmentView:
    """A department with its measures that are not retired, and what it lacks."""

    code: str
    name: str
    measures: Sequence[Shown]
    retired: Sequence[Shown]

    def of(self, kind: str) -> list[Shown]:
        return [each for each in self.measures if each.measure.kind == kind]

    @property
    def agreed(self) -> list[Shown]:
        return [each for each in self.measures if each.agreed is not None]

    @property
    def missing(self) -> list[str]:
        """Which of cost and performance it does not measure."""
        return missing_kinds(each.measure.kind for each in self.measures)

    @property
    def missing_agreed(self) -> list[str]:
        """Which of the two it measures, and has not agreed for this year."""
        lacks = missing_kinds(each.measure.kind for each in self.agreed)
        return [kind for kind in lacks if kind not in self.missing]

    @property
    def is_covered(self) -> bool:
        """Whether a cost and a performance measure are agreed for this year (§4.3)."""
        return not self.missing and not self.missing_agreed


@dataclass(frozen=True)
class Library:
    """The whole library for one reader."""

    year: int
    through: str | None
    """The last month they see; None for every month."""
    departments: Sequence[DepartmentView]

    @property
    def covered(self) -> list[DepartmentView]:
        return [each for each in self.departments if each.is_covered]


def restricted(home: Home, actor: Actor, at: dt.datetime) -> str | None:
    """Return the last month somebody sees whose role sees what is released alone; None for everybody else."""
    spec = home.roles.get(actor.role)
    if spec is None or spec.may.get("reports.read") != "released":
        return None
    return released_through(home.calendar, home.roles, actor, home.calendar.today(at)) or "0000-00"


def library(session: Session, home: Home, actor: Actor, at: dt.datetime) -> Library:
    """Return every department with its measures. Who sees what is released alone gets that, and figures once agreed."""
    through = restricted(home, actor, at)
    shown = _shown(session, home, store.measures(session), at, through)
    departments = [
        DepartmentView(
            row.code,
            row.name,
            [s for s in shown if s.measure.department == row.code and s.measure.retired_on is None],
            [s for s in shown if s.measure.department == row.code and s.measure.retired_on is not None],
        )
        for row in projects.departments(session)
    ]
    return Library(home.calendar.financial_year(home.calendar.today(at)), through, departments)


def _shown(
    session: Session, home: Home, rows: Sequence[Measure], at: dt.datetime, through: str | None
) -> list[Shown]:
    ids = [key(row) for row in rows]
    year = home.calendar.financial_year(home.calendar.today(at))
    targets, signed = store.targets(session, ids), store.agreements(session, ids)
    readings = store.readings(session, ids, until=through or EVERYTHING)
    peers = store.peers(session, ids)
    return [
        Shown(
            row,
            year,
            [
                each
                for each in _figures(targets.get(key(row), []), signed)
                if through is None or each.is_agreed
            ],
            list(readings.get(key(row), {}).values()),
            peers.get(key(row), []),
        )
        for row in rows
    ]


def _figures(
    targets: Sequence[Target], signed: Mapping[tuple[int, int], Mapping[str, Signed]]
) -> list[Figures]:
    newest = {target.year: target.number for target in targets}
    found = [
        Figures(
            target, signed.get((target.measure_id, target.number), {}), newest[target.year] == target.number
        )
        for target in targets
    ]
    return sorted(found, key=lambda each: (each.target.year, each.target.number), reverse=True)


@dataclass(frozen=True)
class Whole:
    """One measure with everything that was ever said of it."""

    shown: Shown
    department: str
    """The department's name."""
    through: str | None
    entries: Sequence[Entry]
    """Every reading, corrections and what they replaced, newest month first."""
    changes: Sequence[Change] = field(default=())
    taken_by: Sequence[Taking] = field(default=())


def one(session: Session, home: Home, code: str, actor: Actor, at: dt.datetime) -> Whole:
    """Return one measure of the library. Raises NotFound."""
    row = measure_of(session, code)
    through = restricted(home, actor, at)
    (shown,) = _shown(session, home, [row], at, through)
    entries = store.entries(session, key(row), through or EVERYTHING)
    name = projects.department(session, row.department or "").name
    if through is not None:
        newest = {entry.period: entry for entry in reversed(entries)}
        return Whole(shown, name, through, [each for each in entries if newest[each.period] is each])
    return Whole(
        shown, name, None, entries, store.changes(session, key(row)), store.taken_by(session, key(row))
    )


def to_sign(session: Session, home: Home, actor: Actor, at: dt.datetime) -> list[tuple[Shown, Figures]]:
    """Return the figures that wait for somebody's signature, with their measure, in order of its code."""
    if not any(may(home.roles, actor, f"library.agree_{side}") for side in SIDES):
        return []
    rows = [row for row in store.measures(session) if row.retired_on is None]
    return [
        (shown, figures)
        for shown in _shown(session, home, rows, at, None)
        for figures in shown.waits
        if may_sign(home, actor, shown.measure, figures.signed)
    ]
