"""A council's years in minutes: its days are lived through one after another, and looked at."""

from __future__ import annotations

import datetime as dt
import hashlib
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vfm_workflow import settings as settings_module
from vfm_workflow.simulation import addresses, aside, filing, finance, remarking, reporting, staffing, wishing
from vfm_workflow.simulation.aside import Aside, Inline, Look
from vfm_workflow.simulation.chance import Chance
from vfm_workflow.simulation.clockwork import Clockwork
from vfm_workflow.simulation.errors import Broken, Violated
from vfm_workflow.simulation.life import Life
from vfm_workflow.simulation.mailboxes import Mailboxes
from vfm_workflow.simulation.managing import Managing
from vfm_workflow.simulation.relay import Relay
from vfm_workflow.simulation.sizes import Sizes
from vfm_workflow.simulation.watch import Watch
from vfm_workflow.store import canonical, listing, watching, wishes
from vfm_workflow.store.engine import Database
from vfm_workflow.wiring import App, load_home

FIRST = dt.date(2026, 4, 1)
"""The first day of a financial year."""
MORNING, NOON, EVENING = "08:30", "12:45", "17:30"
"""When the clock ticks and mail leaves on a quiet day."""
DRAINED_AFTER_DAYS = 8
EXTRA_TICK, WEEKEND, TICKS_AT_NOON = 0.05, 0.05, 0.25
"""Shares of days with a tick at an odd moment, of days off on which the clock ticks all the same, and of days with one at
noon too, where somebody wants a later digest: on the others theirs is folded into the next."""
MOST_SAID = 500
Progress = Callable[[dt.date, int, int], None]
"""Called with the day, and how many of how many days are lived through."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a council."""

    years: float
    seed: int
    faults: bool
    looked_up: bool
    """The mail server could be asked what became of a mail."""
    first: dt.date
    last: dt.date
    people: int
    projects: Mapping[str, int]
    """How many were proposed, and how many stand in each kind of end, or are under way."""
    done: Mapping[str, int]
    refused: Mapping[str, int]
    mail: Mapping[str, int]
    injected: Mapping[str, int]
    """The faults, by what they were."""
    checked: Mapping[str, int]
    digest: str
    """Of everything recorded: equal for equal years, seeds, sizes and programs."""
    seconds: float

    @property
    def faults_injected(self) -> int:
        return sum(self.injected.values())


def simulate(
    years: float,
    seed: int,
    *,
    faults: bool = False,
    sizes: Sizes | None = None,
    keep: Path | None = None,
    progress: Progress = lambda _day, _done, _of: None,
) -> Outcome:
    """Let a council live for so many years; return what became of it.

    Its database is in a temporary folder, or in `keep`, which must be empty or new. Raises Violated where something that
    must never break did.
    """
    started = time.monotonic()  # for the summary alone: nothing in the council depends on it
    place: AbstractContextManager[Any] = nullcontext(keep) if keep else tempfile.TemporaryDirectory()
    with place as folder:
        data = Path(str(folder))
        data.mkdir(parents=True, exist_ok=True)
        council = _Council(seed, faults, sizes or Sizes(), data, _command(years, seed, faults, sizes))
        try:
            outcome = council.live(years, progress)
        finally:
            council.watch.close()
            council.life.app.close()
    return Outcome(years=years, seconds=round(time.monotonic() - started, 1), **outcome)


def _command(years: float, seed: int, faults: bool, sizes: Sizes | None) -> str:
    said = [f"vfm simulate --years {years:g} --seed {seed}", *(["--faults"] if faults else [])]
    for name, value in (sizes.model_dump() if sizes else {}).items():
        if value != Sizes.model_fields[name].default:
            said.append(f"--{name} {value}")
    return " ".join(said)


class _Council:
    """One run."""

    def __init__(self, seed: int, faults: bool, sizes: Sizes, data: Path, again: str) -> None:
        self.seed, self.faults, self.again = seed, faults, again
        chance = Chance(seed)
        loaded = settings_module.load({}, data=str(data))  # nothing of this machine's own settings
        home = load_home(loaded, chance.token)
        database = Database(loaded.database_url, durable=False)
        database.upgrade()
        with database.write() as session:
            watching.prepare(session)
        app = App(loaded, home, database, "simulation")
        start = home.calendar.moment(home.calendar.next_working_day(FIRST), "08:00")
        asks = not faults or chance.happens(0.5)
        relay = Relay(chance, lambda: self.life.now, asks=asks)
        self.life = Life(app, relay, chance, sizes, faults, start)
        self.clock = Clockwork(self.life)
        self.boxes = Mailboxes(self.life, self.clock)
        self.managing = Managing(self.life)
        self.watch: Aside | Inline = Inline(Watch(self.life))

    def live(self, years: float, progress: Progress) -> dict[str, Any]:
        """Live through the years; return what `Outcome` wants to know. Raises Violated."""
        life, first = self.life, self.life.today
        days = round(years * 365.25)
        try:
            staffing.settle_in(life)
            if aside.can_stand_aside():
                self.watch = Aside(self.watch.watch)
            for number in range(days):
                day = first + dt.timedelta(days=number)
                progress(day, number, days)
                self._day(day)
            last = life.today
            self._drain(last)
            checked = self.watch.end()
        except Broken as broken:
            raise Violated(str(broken), broken.day or life.today, self.again) from broken
        except Exception as error:
            what = f"the program broke: {type(error).__name__}: {str(error)[:MOST_SAID]}"
            raise Violated(what, life.today, self.again) from error
        return self._outcome(first, last, checked)

    def _day(self, day: dt.date) -> None:
        life, calendar = self.life, self.life.calendar
        life.live_until(calendar.moment(day, "07:00"))
        if not calendar.is_working_day(day):
            if life.faults and life.chance.happens(WEEKEND):
                self._beat()
            return
        life.live_until(calendar.moment(day, MORNING))
        self.clock.morning()
        self._beat()
        self._plan(day)
        life.plan(calendar.moment(day, NOON), self._at_noon)
        if life.faults and life.chance.happens(EXTRA_TICK):
            life.plan(calendar.moment(day, MORNING) + life.chance.minutes(1, 12 * 60), self._beat)
        life.live_until(calendar.moment(day, EVENING))
        self._beat(tick=False)
        following = calendar.add_working_days(day, 1)
        looks: list[Look] = ["day"]
        if following.month != day.month:
            looks.append("month")
        if calendar.financial_year(following) != calendar.financial_year(day):
            looks.append("whole")
        self._look(looks)
        if following.isocalendar().week != day.isocalendar().week:
            self.clock.tidy()

    def _look(self, looks: Sequence[Look]) -> None:
        """Let the watch look at this evening."""
        self.watch.look(looks, self.clock.posted, self.clock.ticked)
        self.clock.posted.clear()
        self.clock.ticked.clear()

    def _at_noon(self) -> None:
        """Mail leaves; and on some days the clock ticks, for whoever wants their digest later than in the morning."""
        hours = self.life.look(wishes.hours)
        late = any(each.digest_at > MORNING for each in hours.values())
        self._beat(tick=late and self.life.chance.happens(TICKS_AT_NOON))

    def _beat(self, *, tick: bool = True) -> None:
        self.clock.beat(tick=tick)
        self.boxes.read()

    def _plan(self, day: dt.date) -> None:
        """Plan what people do today."""
        life = self.life
        rows, _ = life.look(lambda session: listing.page(session, limit=None))
        staffing.day(life)
        addresses.day(life)
        wishing.day(life)
        self.managing.day(rows)
        remarking.day(life, self.managing, rows)
        filing.day(life, self.managing, rows)
        reporting.day(life)
        finance.day(life, self.managing)
        if life.calendar.add_working_days(day, -1).month != day.month:
            who = {
                row.reference: (manager.address, self.managing.head(row))
                for row in rows
                if (manager := self.managing.manager(row)) is not None
            }
            ended = life.calendar.month_before(day)
            reporting.month(life, ended, rows, who)
            quarter = life.calendar.quarter_before(day)
            if life.calendar.quarter_months(quarter)[2] == ended:
                finance.quarter(life, self.managing, rows, quarter)

    def _drain(self, day: dt.date) -> None:
        """Nobody does anything any more, and nothing fails: whatever is owed must leave now."""
        life = self.life
        self.clock.calm()
        for number in range(1, DRAINED_AFTER_DAYS * 24):
            life.now = max(life.now, life.calendar.moment(day, EVENING) + dt.timedelta(hours=number))
            self.clock.beat(tick=False)
        self._look(["day", "end"])

    def _outcome(self, first: dt.date, last: dt.date, checked: Mapping[str, int]) -> dict[str, Any]:
        life = self.life
        whole = hashlib.sha256()
        with life.app.read() as session:
            for line in canonical.everything(session):
                whole.update(line.encode() + b"\n")
            states = watching.mail_states(session)
        rows, total = life.look(lambda session: listing.page(session, limit=None))
        stages = {"proposed": total}
        for row in rows:
            ended = self.managing.ended(row)
            name = row.stage if ended else "under way"
            stages[name] = stages.get(name, 0) + 1
        mail = {"written": len(states)}
        for state in states.values():
            mail[state] = mail.get(state, 0) + 1
        mail["taken twice"] = sum(count - 1 for count in life.relay.copies.values())
        return {
            "seed": self.seed,
            "faults": self.faults,
            "looked_up": life.relay.asks,
            "first": first,
            "last": last,
            "people": len(life.staff),
            "projects": stages,
            "done": dict(sorted(life.tally.items())),
            "injected": dict(
                sorted(
                    {**life.injected, **{f"mail server: {k}": v for k, v in life.relay.did.items()}}.items()
                )
            ),
            "refused": dict(sorted(life.refusals.items())),
            "mail": mail,
            "checked": dict(checked),
            "digest": whole.hexdigest(),
        }
