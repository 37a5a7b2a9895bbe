"""What had to be said, reckoned beside the program, and compared with the mails that were written.

It asks no schedule of the program what is due: it goes by what the tables said yesterday evening and say this evening, and
by the calendar. What was so on both evenings was so when the clock ticked between them. A mail that was written is a mail
that came: `watch` looks at that.
"""

from __future__ import annotations

import binascii
import datetime as dt
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlmodel import Session

from vfm_workflow.domain.calendar import Calendar, month_end, short_day
from vfm_workflow.simulation.errors import Broken
from vfm_workflow.simulation.life import Life
from vfm_workflow.simulation.owed_finance import ROLE, WAITS, FinanceOwed
from vfm_workflow.store import watching as store
from vfm_workflow.store import watching_savings as savings
from vfm_workflow.store import wishes
from vfm_workflow.store.watching import Late, Mail, Standing, Waits
from vfm_workflow.store.watching_savings import AtFinance

SLIPPED, DUE, OVERDUE = "milestone_slipped", "return_due", "return_overdue"
CHASED_MONTHS, EVERY = 6, 5
"""How many months back a return is chased, and every how many working days once it is overdue."""
LOST_DAYS = 10
_HTML = b"Content-Type: text/html"
_ASKS = re.compile(rb"/[dci]/[A-Za-z0-9_-]{43}")
_LOG = re.compile(rb"/mail/(\d+)\b")
_RETURN = re.compile(r"/projects/([A-Z]+-\d+)/returns/(\d{4}-\d\d)$")
_PROJECT = re.compile(r"/projects/([A-Z]+-\d+)/milestones$")


@dataclass(frozen=True)
class Evening:
    """What was so at the end of a day."""

    day: dt.date
    late: Mapping[int, tuple[Late, int]]
    """Milestone → how it is late, and who manages the project."""
    missing: Mapping[tuple[str, str], int]
    """(reference, month) of a return that is expected and not in → who manages the project."""
    seats: Mapping[int, Waits]
    lost: Mapping[int, int | None]
    """A mail that asked for an answer and did not arrive → whose it was."""
    people: Mapping[int, str]
    claims: Mapping[int, AtFinance]
    """Claim → how it waits for Finance."""
    hours: Mapping[int, wishes.Hours]
    """When each person wants their digest, of those who chose an hour or days of their own."""


@dataclass
class Owed:
    """What was said so far, and what was so yesterday evening."""

    life: Life
    checked: Counter[str]
    before: Evening | None = None
    _moves: dict[int, list[tuple[str, str]]] = field(default_factory=dict)
    """Project → (ISO moment, stage entered), oldest first."""
    _slips: set[tuple[int, str, str, str]] = field(default_factory=set)
    """(person, reference, milestone, day it is forecast for) of each slip that was told."""
    _slip_lines: Counter[tuple[int, str, str, str]] = field(default_factory=Counter)
    """(person, reference, milestone, what was said of it) → how often."""
    _repeated: set[tuple[int, str, str, str]] = field(default_factory=set)
    """Those said more than once: so many milestones of one name there must be, as a form sent twice makes them."""
    _returns: Counter[tuple[int, str, str, str, int]] = field(default_factory=Counter)
    """(person, notice, reference, month, round) → how often it was told."""
    _more: set[tuple[int, str, dt.date]] = field(default_factory=set)
    """(person, notice, day) of each digest that did not name everything."""
    _undelivered: Counter[tuple[int, int]] = field(default_factory=Counter)
    """(administrator, mail) → how often they were told that it did not arrive."""
    _asking: set[int] = field(default_factory=set)
    """Mails with a link by which they are answered."""
    _message_ids: set[str] = field(default_factory=set)
    _letters: Counter[str] = field(default_factory=Counter)
    """Address → how often it was told that an address was changed."""
    _changes: int = 0
    _finance: FinanceOwed = field(init=False)

    def __post_init__(self) -> None:
        self._finance = FinanceOwed(self.calendar)

    @property
    def calendar(self) -> Calendar:
        return self.life.calendar

    # ---------------------------------------------------------------- what is written

    def moved(self, row: Mapping[str, Any]) -> None:
        """Take in a new row of history."""
        moves = self._moves.setdefault(row["project_id"], [])
        if not moves or moves[-1][1] != row["to_stage"]:
            moves.append((row["at"], row["to_stage"]))

    def written(self, mail: Mail) -> None:
        """Take in a new mail of the outbox."""
        self._message_ids.add(mail.message_id)
        text = binascii.a2b_qp(mail.data.partition(_HTML)[0])
        if _ASKS.search(text):
            self._asking.add(mail.id)
        if mail.notice == "address_changed":
            self._letters[mail.to] += 1
        elif mail.notice == "mail_undelivered" and (about := _LOG.search(text)) is not None:
            self._undelivered[mail.person_id or 0, int(about[1])] += 1
        elif mail.notice == "digest":
            self._digest(mail.person_id or 0, self.calendar.today(mail.created_at), text.decode())

    def _digest(self, person: int, day: dt.date, text: str) -> None:
        titles = {self.life.home.catalogue.notices[key].title: key for key in (SLIPPED, DUE, OVERDUE, WAITS)}
        others = {notice.title for notice in self.life.home.catalogue.notices.values()}
        for notice, item in _items(text, titles, others):
            if not item:
                self._more.add((person, notice, day))
            elif notice == SLIPPED:
                self._slip(person, item)
            elif notice == WAITS:
                self._finance.told(person, day, item)
            elif (found := _own_return(item)) is not None:
                self._returns[person, notice, found[1], found[2], self._round(found[2], day)] += 1

    def _slip(self, person: int, item: Sequence[str]) -> None:
        found = next((match for line in item if (match := _PROJECT.search(line)) is not None), None)
        if found is None or "passed and not done" in item[1]:
            return
        milestone = item[0].rpartition(": ")[2]
        day = item[1].partition(", now ")[2].partition(" · ")[0]
        self._slips.add((person, found[1], milestone, day))
        line = (person, found[1], milestone, item[1])
        self._slip_lines[line] += 1
        if self._slip_lines[line] > 1:
            self._repeated.add(line)

    def _round(self, month: str, day: dt.date) -> int:
        late = self.calendar.working_days_between(self.calendar.return_due(month), day)
        return (late - 1) // EVERY if late > 0 else -1

    # ---------------------------------------------------------------- what had to be

    def day(self, session: Session, standings: Sequence[Standing], ticked: Sequence[dt.datetime]) -> None:
        """Compare what was so since yesterday evening with what was said until now. `ticked` is when the clock did.

        Raises Broken.
        """
        now, before = self._evening(session, standings), self.before
        self.before = now
        self._told_of_addresses(session)
        self._said_once(session, standings)
        today = self.life.today
        if before is None or not ticked or not self.calendar.is_working_day(today):
            return
        local = [self.calendar.local(at) for at in ticked]
        times = [f"{at:%H:%M}" for at in local if at.date() == today]
        rules = self.calendar.rules
        readers = {
            person
            for person in now.people
            if person in before.people
            and (hours := now.hours.get(person)) == before.hours.get(person)
            and _has_come(hours, today, times, rules.digest_at)
        }
        self._told_of_slips(before, now, standings, readers)
        self._told_of_returns(before, now, readers)
        officers = sorted(person for person in readers if now.people[person] == before.people[person] == ROLE)
        self.checked.update(
            self._finance.day(
                before.claims,
                now.claims,
                officers,
                today,
                lambda person: self._counted_only(person, WAITS, before.day),
            )
        )
        if any(rules.decision_mail.from_ <= time < rules.decision_mail.to for time in times):
            self._reminded(session, before, now, standings)
            self._told_of_lost(before, now)

    def _evening(self, session: Session, standings: Sequence[Standing]) -> Evening:
        projects = {each.id: each for each in standings}
        live = {key for key, each in projects.items() if self._kind(each) == "live"}
        late = {
            row.id: (row, projects[row.project_id].manager_id)
            for row in store.late_milestones(session)
            if row.project_id in live and row.forecast >= self.life.today
        }
        since = self.life.now - dt.timedelta(days=LOST_DAYS)
        lost = store.undelivered(session, since)
        return Evening(
            self.life.today,
            late,
            self._missing(session, standings),
            {each.slot_id: each for each in store.waiting_seats(session)},
            {key: who for key, who in lost.items() if key in self._asking},
            store.active_people(session),
            savings.at_finance(session),
            wishes.hours(session),
        )

    def _missing(self, session: Session, standings: Sequence[Standing]) -> dict[tuple[str, str], int]:
        month, months = self.life.today, list[str]()
        for _ in range(CHASED_MONTHS):
            months.append(self.calendar.month_before(month))
            month = month_end(months[-1]).replace(day=1)
        given = store.returns_given(session, months[-1])
        ends = {name: self._end_of(name) for name in months}
        found = {}
        for each in standings:
            if self._kind(each) == "ended":
                continue
            for name in months:  # the newest first: once a later one is in, an older one is chased no more
                if (each.id, name) in given:
                    break
                if self._monitored(each, ends[name]):
                    found[each.reference, name] = each.manager_id
        return found

    def _kind(self, standing: Standing) -> str:
        return str(self.life.lifecycles[standing.lifecycle].stages[standing.stage].kind)

    def _end_of(self, month: str) -> str:
        end = self.calendar.moment(month_end(month) + dt.timedelta(days=1), dt.time())
        return end.isoformat(timespec="milliseconds")

    def _monitored(self, standing: Standing, end: str) -> bool:
        """Return whether a project stood in a stage that gives returns at a moment, written as its history writes moments."""
        stage = next(
            (name for at, name in reversed(self._moves.get(standing.id, [])) if at <= end),
            None,
        )
        return stage is not None and bool(self.life.lifecycles[standing.lifecycle].stages[stage].monitored)

    def _told_of_slips(
        self, before: Evening, now: Evening, standings: Sequence[Standing], readers: Collection[int]
    ) -> None:
        names = {each.id: each.reference for each in standings}
        for key, (late, manager) in now.late.items():
            if before.late.get(key) != (late, manager) or manager not in readers:
                continue
            said = (manager, names[late.project_id], late.title, short_day(late.forecast))
            if said not in self._slips:
                if not self._counted_only(manager, SLIPPED, before.day):
                    raise Broken(
                        f"nobody told person {manager} that “{late.title}” of {said[1]} slipped to {said[3]}"
                    )
                self._slips.add(
                    said
                )  # among those that the digest only counted: it is not said again tomorrow
            self.checked["owed: a slip told to its manager"] += 1

    def _counted_only(self, person: int, notice: str, since: dt.date) -> bool:
        """Return whether a digest since an evening did not name everything. One may be written later on that evening."""
        return any((person, notice, day) in self._more for day in (since, self.life.today))

    def _said_once(self, session: Session, standings: Sequence[Standing]) -> None:
        if not self._repeated:
            return
        names = {each.id: each.reference for each in standings}
        there = Counter((names[project], title) for project, title in store.milestone_titles(session))
        for line in sorted(self._repeated):
            person, reference, milestone, said = line
            if self._slip_lines[line] > there[reference, milestone]:
                raise Broken(
                    f"person {person} was told twice that “{milestone}” of {reference} slipped: {said}"
                )
        self._repeated.clear()

    def _told_of_returns(self, before: Evening, now: Evening, readers: Collection[int]) -> None:
        today = self.life.today
        for (reference, month), manager in now.missing.items():
            if before.missing.get((reference, month)) != manager or manager not in readers:
                continue
            late = self.calendar.working_days_between(self.calendar.return_due(month), today)
            if late < 0:
                continue
            notice = OVERDUE if late else DUE
            told = (manager, notice, reference, month, self._round(month, today))
            if not self._returns[told] and self._counted_only(manager, notice, before.day):
                self._returns[told] = 1  # among those that the digest only counted
            times = self._returns[told]
            if times != 1:
                what = "is due today" if notice == DUE else f"is {late} working days late"
                raise Broken(
                    f"person {manager} was told {times} times that the return of {reference} for {month} {what}"
                )
            self.checked[f"owed: a return {'overdue' if late else 'due'} told to its manager"] += 1

    def _reminded(
        self, session: Session, before: Evening, now: Evening, standings: Sequence[Standing]
    ) -> None:
        projects, today = {each.id: each for each in standings}, self.life.today
        links = store.links_since(session, self.calendar.moment(today, dt.time()))
        for slot, seat in now.seats.items():
            rule = self.life.lifecycles[projects[seat.project_id].lifecycle].decisions[seat.decision]
            last, opened = self.calendar.today(seat.deadline), self.calendar.today(seat.opened_at)
            days = [self.calendar.add_working_days(last, -n) for n in rule.remind_working_days_before]
            if before.seats.get(slot) != seat or today not in days or today <= opened:
                continue
            if not links.get(slot, set()) & self._message_ids:
                raise Broken(
                    f"person {seat.person_id} was not reminded on {today} of the decision "
                    f"{projects[seat.project_id].reference} waits for"
                )
            self.checked["owed: a decision reminded of"] += 1

    def _told_of_lost(self, before: Evening, now: Evening) -> None:
        roles = [key for key, role in self.life.home.roles.items() if "mail.retry" in role.may]
        for mail, reader in now.lost.items():
            for person, role in now.people.items():
                if (
                    mail not in before.lost
                    or role not in roles
                    or person not in before.people
                    or person == reader
                ):
                    continue
                if self._undelivered[person, mail] != 1:
                    times = self._undelivered[person, mail]
                    raise Broken(f"person {person} was told {times} times that mail {mail} did not arrive")
                self.checked["owed: an undelivered mail told to an administrator"] += 1

    def _told_of_addresses(self, session: Session) -> None:
        for row, person, old, new in store.addresses_changed(session, self._changes):
            self._changes = row
            if (self._letters[old], self._letters[new]) not in ((1, 1), (2, 1)):
                raise Broken(
                    f"person {person} has another address, and {old} and {new} were not both told once"
                )
            self.checked["owed: a change of address told to both"] += 1


def _own_return(item: Sequence[str]) -> re.Match[str] | None:
    """Return which return an item of one's own is about. One that came up the chain to somebody names the manager."""
    if item[1].count(" · ") > 2:
        return None
    return next((found for line in item if (found := _RETURN.search(line))), None)


def _has_come(hours: wishes.Hours | None, today: dt.date, times: Sequence[str], council: str) -> bool:
    """Return whether a tick of today could write somebody's digest: at their own hour, on one of their days."""
    if hours is None:
        return any(time >= council for time in times)
    return str(today.isoweekday()) in hours.weekdays and any(
        time >= max(hours.digest_at, council) for time in times
    )


def _items(text: str, titles: Mapping[str, str], others: Collection[str]) -> Iterator[tuple[str, list[str]]]:
    """Yield (notice, lines) of each item of some notices in a digest; no lines where it says that there are more."""
    notice, item = "", list[str]()
    for line in [*text.replace("\r\n", "\n").split("\n"), "- "]:
        ends = line in others or line.startswith(("- ", "See all your tasks"))
        if ends and item:
            yield notice, item
            item = []
        if line in others or line.startswith("See all your tasks"):
            notice = titles.get(line, "")
        elif not notice:
            continue
        elif line.startswith("- "):
            item = [line.removeprefix("- ")]
        elif line.startswith("And ") and " more like " in line:
            yield notice, []
        elif item and line.strip():
            item.append(line.strip())
