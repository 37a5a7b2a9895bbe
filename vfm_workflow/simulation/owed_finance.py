"""What Finance had to be told of claims that wait for it, reckoned beside the program (strategy §15)."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from vfm_workflow.domain.calendar import Calendar
from vfm_workflow.simulation.errors import Broken
from vfm_workflow.store.watching_savings import AtFinance

WAITS = "saving_waits"
EVERY = 10
"""After how many working days a claim that waits still is told again."""
ROLE = "finance_officer"
SAID = {"evidenced": "to be verified", "verified": "to be banked", "banked": "to say where it went"}
_CLAIM = re.compile(r"/savings/\d+/claims/(\d+)$")


@dataclass
class FinanceOwed:
    """Which claims Finance was told of, by whom it was and when."""

    calendar: Calendar
    _told: dict[tuple[int, int, str], list[dt.date]] = field(default_factory=dict)
    """(person, claim, state in which it waits) → the days on which they were told."""

    def told(self, person: int, day: dt.date, item: Sequence[str]) -> None:
        """Take in an item of somebody's digest."""
        claim = next((found for line in item if (found := _CLAIM.search(line)) is not None), None)
        state = next((state for state, said in SAID.items() if f" · {said} since " in item[1]), None)
        if claim is not None and state is not None:
            self._told.setdefault((person, int(claim[1]), state), []).append(day)

    def day(
        self,
        before: Mapping[int, AtFinance],
        now: Mapping[int, AtFinance],
        officers: Collection[int],
        today: dt.date,
        counted_only: Callable[[int], bool],
    ) -> Iterator[str]:
        """Yield a line for each claim of which `officers` were told as they had to be; raise Broken for one of which not.

        `before` and `now` are the claims that waited yesterday evening, and that wait this one; `counted_only` says of whom
        a digest since then did not name everything.
        """
        for claim, waits in now.items():
            first = self.calendar.next_working_day(self.calendar.today(waits.since))
            if before.get(claim) != waits or today < first:
                continue
            for person in officers:
                days = self._told.setdefault((person, claim, waits.state), [])
                times = sum(self._round(first, day) == self._round(first, today) for day in days)
                if not times and counted_only(person):
                    days.append(today)  # among those that the digest only counted
                    times = 1
                if times != 1:
                    said = SAID[waits.state]
                    raise Broken(f"person {person} was told {times} times that claim {claim} waits {said}")
                yield "owed: a claim that waits told to Finance"

    def _round(self, first: dt.date, day: dt.date) -> int:
        return self.calendar.working_days_between(first, day) // EVERY
