"""The savings register: every line a person may see, how far it has come in each quarter, and what it all adds up to (§15)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from sqlmodel import Session

from vfm_workflow.domain import claims, quality
from vfm_workflow.domain.calendar import Calendar, month_end
from vfm_workflow.domain.claims import Amounts, Quarter
from vfm_workflow.domain.release import released_through
from vfm_workflow.domain.roles import Actor, Reach, reach
from vfm_workflow.journeys.double_counts import fruitless
from vfm_workflow.journeys.home import Home
from vfm_workflow.store import claims as claim_store
from vfm_workflow.store import register as store
from vfm_workflow.store.register import Agreement, Ids, Line, Wanted, Year

READS = "savings.read"


@dataclass(frozen=True)
class Row:
    """A line of the register in a financial year."""

    line: Line
    amounts: Amounts
    quarters: Sequence[Quarter]
    placed: Mapping[str, int] = field(default_factory=dict)
    """Destination → what of the year's banked amount went there, in whole pence."""
    shares: Mapping[str, int] = field(default_factory=dict)
    """Partner → its own part in the year, in whole pence: said, and counted nowhere here."""
    rebaselined: bool = False
    """CMT has agreed another profile since the first."""

    @property
    def counted(self) -> bool:
        """Whether it counts here, and not in another line (§2.2.7)."""
        return self.line.counted_in is None

    @property
    def warnings(self) -> list[str]:
        """What was corrected after it was claimed, a sentence each."""
        return [said for one in self.quarters if (said := claims.correction(self.line.title, one))]


@dataclass(frozen=True)
class Register:
    """Lines of savings in a financial year, and totals that are the sums of what is shown."""

    year: int
    quarters: Sequence[str]
    rows: Sequence[Row]
    through: str | None = None
    """The last month that is released to whoever looks; None for who sees everything."""
    whole: bool = True
    """Whoever looks sees more than what is released."""

    @property
    def total(self) -> Amounts:
        """The sums of every row shown, counted here or in another line."""
        return Amounts.total(row.amounts for row in self.rows)

    @property
    def elsewhere(self) -> Amounts:
        """Of that, what another line counts."""
        return Amounts.total(row.amounts for row in self.rows if not row.counted)

    @property
    def counted(self) -> Amounts:
        """The sums of the rows that count, each saving once."""
        return Amounts.total(row.amounts for row in self.rows if row.counted)

    @property
    def placed(self) -> dict[str, int]:
        """Destination → what of the banked amounts went there, in whole pence."""
        found: dict[str, int] = {}
        for row in self.rows:
            for key, amount in row.placed.items():
                found[key] = found.get(key, 0) + amount
        return found

    @property
    def warnings(self) -> list[tuple[Row, str]]:
        """What was corrected after it was claimed. Who sees what is released sees what counts, not how it came."""
        return [] if not self.whole else [(row, said) for row in self.rows for said in row.warnings]


@dataclass(frozen=True, slots=True)
class Asked:
    """What of the register is asked for."""

    year: int
    department: str = ""
    cashable: bool | None = None
    state: str = ""
    project_id: int | None = None
    line_id: int | None = None


def register(session: Session, home: Home, actor: Actor, at: dt.datetime, asked: Asked) -> Register:
    """Return the register as `actor` may see it: Members what is released to them, everybody else all of their projects."""
    found = reach(home.roles, actor, READS)
    return of(session, home, at, asked, found)


def of(session: Session, home: Home, at: dt.datetime, asked: Asked, seen: Reach | None = None) -> Register:
    """Return the register; without a `seen`, all of it."""
    calendar, today = home.calendar, home.calendar.today(at)
    quarters = [f"{asked.year}-Q{number}" for number in range(1, 5)]
    whole = seen is None or seen.scope != "released"
    through = (
        None if whole or seen is None else released_through(calendar, home.roles, seen.actor, today) or ""
    )
    wanted = Wanted(
        seen,
        asked.department,
        asked.cashable,
        asked.project_id,
        asked.line_id,
        fruitless(session, home) if asked.line_id is None else (),
    )
    read = _Read(session, home, store.chosen(wanted), quarters, through, today)
    rows = [row for line in read.lines if (row := read.row(line, asked.year)) is not None]
    if asked.state:
        rows = [row for row in rows if row.counted and any(one.state == asked.state for one in row.quarters)]
    return Register(asked.year, quarters, rows, through or None, whole)


def way(session: Session, home: Home, line_id: int, at: dt.datetime) -> list[Quarter]:
    """Return how a line stands in each quarter since the first in which anything was delivered, newest first.

    The last is the quarter under way. Whole, whoever may look: who may is asked before.
    """
    calendar, today = home.calendar, home.calendar.today(at)
    months = sorted(row.period for row in claim_store.entries(session, line_id) if row.amount)
    last = calendar.quarter(today)
    quarter = calendar.quarter(dt.date.fromisoformat(f"{months[0]}-01")) if months else last
    found = [min(quarter, last)]
    while found[-1] < last:
        found.append(
            calendar.quarter(month_end(calendar.quarter_months(found[-1])[2]) + dt.timedelta(days=1))
        )
    ids = store.chosen(Wanted(line_id=line_id))
    lines = store.lines(session, ids)
    figures = quarters_of(session, calendar, ids, lines, found)
    return [figures[line_id, quarter] for quarter in reversed(found)]


def quarter_of(session: Session, home: Home, line_id: int, quarter: str) -> Quarter:
    """Return how one line stands in a quarter, as whoever checks it needs to know. Raises ValueError for no quarter."""
    ids = store.chosen(Wanted(line_id=line_id))
    (line,) = store.lines(session, ids)
    return quarters_of(session, home.calendar, ids, [line], [quarter])[line.id, quarter]


def quarters_of(
    session: Session,
    calendar: Calendar,
    ids: Ids,
    lines: Sequence[Line],
    quarters: Sequence[str],
    through: str | None = None,
) -> dict[tuple[int, str], Quarter]:
    """Return (line, quarter) → its figures, by four statements for all of them.

    With a `through`, only what is verified counts, of the quarters whose last month is at most that.
    """
    months = {quarter: calendar.quarter_months(quarter) for quarter in quarters}
    shown = {
        quarter: span if through is None or span[2] <= through else () for quarter, span in months.items()
    }
    every = sorted({month for span in shown.values() for month in span})
    delivered = store.delivered(session, ids, every)
    readings = store.readings(session, ids, every)
    claimed = store.claimed(session, ids, [quarter for quarter, span in shown.items() if span])
    hidden = store.unverified(session, ids, every) if through is not None else set()
    found = {}
    for line in lines:
        for quarter, span in shown.items():
            entries = [row for month in span if (row := delivered.get(line.id, {}).get(month)) is not None]
            confirmed = sum(row.amount for row in entries if row.confirmed)
            open_months = tuple(month for month in span if (line.project_id, month) not in hidden)
            found[line.id, quarter] = Quarter(
                quarter,
                sum(row.amount for row in entries) if through is None else confirmed,
                confirmed,
                claimed.get((line.id, quarter), {}),
                quality.judge(line.check, _readings(line, readings), quarter, open_months),
            )
    return found


def _readings(line: Line, readings: Mapping[int, Mapping[str, int]]) -> Mapping[str, int]:
    """Return the check's readings: the library's, where it takes them over, under its own."""
    own = readings.get(line.check_id, {}) if line.check_id is not None else {}
    return {**readings.get(line.library_id or 0, {}), **own}


class _Read:
    """What the rows are made of, each part by one statement for all lines."""

    def __init__(
        self,
        session: Session,
        home: Home,
        ids: Ids,
        quarters: Sequence[str],
        through: str | None,
        today: dt.date,
    ) -> None:
        self.quarters, self.through = quarters, through
        self.lines = store.lines(session, ids)
        self.profiles = store.profiles(session, ids)
        self.agreed = store.agreements(session, ids)
        self.figures = quarters_of(session, home.calendar, ids, self.lines, quarters, through)
        shown = [q for q in quarters if through is None or home.calendar.quarter_months(q)[2] <= through]
        self.placed = store.placed(session, ids, shown)
        months = [month for quarter in quarters for month in home.calendar.quarter_months(quarter)]
        self.shares = store.shares(session, ids)
        # neither a forecast nor a ring-fence belongs to a quarter, so no quarter's release shows them
        self.forecasts = store.forecasts(session, ids, months) if through is None else {}
        self.fenced = store.fenced(session, ids, today) if through is None else {}

    def row(self, line: Line, year: int) -> Row | None:
        """Return a line's row; None for a Member where CMT has agreed nothing of it."""
        agreed = self.agreed.get(line.id, [])
        if self.through is not None and not agreed:
            return None
        quarters = [self.figures[line.id, quarter] for quarter in self.quarters]
        profile = self._profile(line, year, agreed)
        first = agreed[0].years.get(year, (0, 0, 0))[1] if agreed else profile.expected
        placed = self.placed.get(line.id, {})
        amounts = Amounts(
            gross=profile.expected,
            cost=profile.cost,
            first=first,
            forecast=self.forecasts.get(line.id, profile.expected),
            delivered=_sum(quarters, lambda one: one.delivered),
            evidenced=_sum(quarters, lambda one: one.evidenced),
            verified=_sum(quarters, lambda one: one.verified),
            banked=_sum(quarters, lambda one: one.banked),
            placed=sum(placed.values()),
            fenced=self.fenced.get(line.id, 0),
        )
        shares = {
            partner: years[year] for partner, years in self.shares.get(line.id, {}).items() if year in years
        }
        return Row(line, amounts, quarters, placed, shares, len(agreed) > 1)

    def _profile(self, line: Line, year: int, agreed: Sequence[Agreement]) -> Year:
        """Return what a year's profile is: to Members as CMT agreed it last, without the cost that was never put to it."""
        if self.through is None:
            return self.profiles.get(line.id, {}).get(year, Year(0, 0, 0, 0))
        return Year(*agreed[-1].years.get(year, (0, 0, 0)), 0)


def _sum(quarters: Sequence[Quarter], amount: Callable[[Quarter], int]) -> int:
    return sum(amount(one) for one in quarters)


def corrected(session: Session, home: Home, at: dt.datetime) -> list[tuple[Line, Quarter]]:
    """Return the quarters, of this financial year and the last, of which more is claimed than the returns now say."""
    this = home.calendar.financial_year(home.calendar.today(at))
    quarters = [f"{year}-Q{number}" for year in (this - 1, this) for number in range(1, 5)]
    months = [month for quarter in quarters for month in home.calendar.quarter_months(quarter)]
    ids = store.reentered(months)
    lines = store.lines(session, ids)
    if not lines:
        return []
    found = quarters_of(session, home.calendar, ids, lines, quarters)
    return [(line, one) for line in lines for q in quarters if (one := found[line.id, q]).over]


def to_claim_in(
    session: Session, home: Home, project_ids: Collection[int], quarter: str
) -> list[tuple[Line, Quarter]]:
    """Return the lines of some projects of which something was delivered in a quarter, is confirmed, and may be claimed."""
    ids = store.agreed_in(project_ids)
    lines = store.lines(session, ids)
    if not lines:
        return []
    found = quarters_of(session, home.calendar, ids, lines, [quarter])
    claimable = [(line, found[line.id, quarter]) for line in lines]
    return [(line, one) for line, one in claimable if one.left > 0 and one.state in ("delivered", "refused")]
