"""A saving is counted once, and the register's figures are the sums of their entries (design §4.7, §4.9).

Reckoned beside the program: from claims, entries and destinations row by row, and who managed a project from its history.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlmodel import Session

from vfm_workflow.journeys import register
from vfm_workflow.simulation.errors import Broken
from vfm_workflow.simulation.life import Life
from vfm_workflow.store import watching_savings as store
from vfm_workflow.store.watching import detail_of
from vfm_workflow.store.watching_savings import Claim

CLAIMED = "saving_claimed"
OF_FINANCE = ("saving_verified", "saving_refused", "saving_banked", "saving_placed")
SPOKEN_FOR = ("evidenced", "verified", "banked")


@dataclass
class Counted:
    """What was done to claims since it was looked at them last."""

    life: Life
    checked: Counter[str]
    _lines: set[int] = field(default_factory=set)
    _claimed: set[int] = field(default_factory=set)

    def moved(self, row: Mapping[str, Any], owners: Collection[int]) -> None:
        """Take in a new row of history; `owners` managed or sponsored the project then. Raises Broken."""
        event = row["event"]
        if event != CLAIMED and event not in OF_FINANCE:
            return
        detail = detail_of(row)
        self._lines.add(detail["line"])
        if event == CLAIMED:
            self._claimed.add(detail["id"])
        elif row["actor_id"] in owners:
            raise Broken(
                f"{row['actor']} acted for Finance on claim {detail['id']} of a project of their own"
            )

    def day(self, session: Session) -> None:
        """Look at the claims of every line of which one was touched. Raises Broken."""
        if not self._lines:
            return
        found = store.claims(session, self._lines)
        for claim in found:
            self._one(claim)
        self._within(session, found)
        self._lines.clear()
        self._claimed.clear()

    def _one(self, claim: Claim) -> None:
        if claim.counted_in is not None:
            raise Broken(f"claim {claim.id} is on a line that is counted in line {claim.counted_in}")
        if claim.verified_by == claim.evidenced_by:
            raise Broken(f"claim {claim.id} was verified by who evidenced it")
        if claim.placed > (claim.amount if claim.state == "banked" else 0):
            raise Broken(f"of claim {claim.id}, which is {claim.state}, {claim.placed} pence went somewhere")
        self.checked["claims"] += 1

    def _within(self, session: Session, found: Sequence[Claim]) -> None:
        """What was claimed today is no more than verified returns say, all claims of the line and quarter together.

        A return that was handed in today may have said otherwise when it was claimed.
        """
        calendar = self.life.calendar
        today = calendar.moment(self.life.today, dt.time())
        touched = store.returns_touched(session, {claim.project_id for claim in found}, today)
        confirmed: Counter[tuple[int, str]] = Counter()
        for each in store.delivered(session, self._lines):
            if each.confirmed:
                confirmed[each.line_id, each.period] += each.amount
        for claim in found:
            months = calendar.quarter_months(claim.quarter)
            if claim.id not in self._claimed or any((claim.project_id, m) in touched for m in months):
                continue
            together = sum(
                each.amount
                for each in found
                if (each.line_id, each.quarter) == (claim.line_id, claim.quarter) and each.state in SPOKEN_FOR
            )
            there = sum(confirmed[claim.line_id, month] for month in months)
            if together > there:
                raise Broken(
                    f"{together} pence are claimed of line {claim.line_id} for {claim.quarter}, and {there} were delivered"
                )
            self.checked["claims within what was delivered"] += 1

    def whole(self, session: Session, first: dt.date) -> None:
        """Compare the register of every financial year since `first` with the rows it is made of. Raises Broken."""
        calendar = self.life.calendar
        claimed: defaultdict[tuple[int, str], Counter[str]] = defaultdict(Counter)
        for claim in store.claims(session):
            sums = claimed[claim.line_id, claim.quarter]
            reached = SPOKEN_FOR.index(claim.state) + 1 if claim.state in SPOKEN_FOR else 0
            sums.update(dict.fromkeys(SPOKEN_FOR[:reached], claim.amount))
            sums["placed"] += claim.placed
        delivered: Counter[tuple[int, str]] = Counter()
        for each in store.delivered(session):
            month = dt.date.fromisoformat(f"{each.period}-01")
            delivered[each.line_id, calendar.quarter(month)] += each.amount
        for year in range(calendar.financial_year(first), calendar.financial_year(self.life.today) + 1):
            shown = register.of(session, self.life.home, self.life.now, register.Asked(year))
            self._year(year, shown, claimed, delivered)

    def _year(
        self,
        year: int,
        shown: register.Register,
        claimed: Mapping[tuple[int, str], Mapping[str, int]],
        delivered: Mapping[tuple[int, str], int],
    ) -> None:
        nothing: Mapping[str, int] = Counter()
        lines = {row.line.id for row in shown.rows}
        for (line, quarter), sums in claimed.items():
            if quarter in shown.quarters and line not in lines and sums["evidenced"]:
                raise Broken(f"line {line} has claims of {quarter}, and is not in the register of {year}")
        for row in shown.rows:
            mine = [claimed.get((row.line.id, quarter), nothing) for quarter in shown.quarters]
            said = row.amounts
            told = (said.delivered, said.evidenced, said.verified, said.banked, said.placed)
            added = (
                sum(delivered[row.line.id, quarter] for quarter in shown.quarters),
                *(sum(each[name] for each in mine) for name in (*SPOKEN_FOR, "placed")),
            )
            if told != added:
                raise Broken(
                    f"line {row.line.id} is {told} in the register of {year}, and its entries add up to {added}"
                )
            self.checked["lines of the register reckoned"] += 1
        for name in ("delivered", "evidenced", "verified", "banked", "placed"):
            once = sum(getattr(row.amounts, name) for row in shown.rows if row.line.counted_in is None)
            if getattr(shown.counted, name) != once:
                raise Broken(
                    f"the register of {year} counts {getattr(shown.counted, name)} pence as {name}, and not {once}"
                )
