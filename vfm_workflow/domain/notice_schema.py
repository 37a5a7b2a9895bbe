"""The schema of `notifications/notices.yaml`: what may stand in it, as far as one key alone can tell."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Literal, get_args

from pydantic import Field

from vfm_workflow.documents import Strict

What = Literal[
    "return_not_submitted",
    "return_not_verified",
    "quarter_not_verified",
    "milestone_ahead",
    "milestone_slipped",
    "decision_open",
    "condition_open",
    "consultation_open",
    "idea_open",
    "challenge_open",
    "stage_over_limit",
    "saving_waits",
    "benefits_review_open",
    "quarter_released",
    "every_month",
    "every_quarter",
    "every_year",
    "event",
]
WHATS: tuple[What, ...] = get_args(What)

STAGE_OWNER = "stage_owner"
"""Stands under `to:` for the role that owns the stage the project is in."""

FILES = ("subject.txt", "body.txt", "body.html")
"""What each notice's folder holds."""

RECURRING: frozenset[What] = frozenset({"every_month", "every_quarter", "every_year"})
"""Comes round by the calendar, whatever the projects do."""

DATES = (
    "budget_season_opens",
    "budget_season_closes",
    "financial_year_starts",
    "financial_year_ends",
    "efficiency_statement_due",
)
"""Days of `calendar.yaml` that stand under `date:` by name."""

Timing = Literal[
    "working_days",
    "then_every",
    "over_working_days",
    "day",
    "working_day",
    "month",
    "date",
    "late_working_days",
]
_DUE: tuple[frozenset[Timing], frozenset[Timing]] = (frozenset({"working_days"}), frozenset({"then_every"}))
_ROUND: frozenset[Timing] = frozenset({"working_days", "then_every", "late_working_days"})
TIMING: Mapping[What, tuple[frozenset[Timing], frozenset[Timing]]] = {
    "return_not_submitted": _DUE,
    "return_not_verified": _DUE,
    "quarter_not_verified": _DUE,
    "milestone_ahead": (frozenset({"working_days"}), frozenset()),
    "milestone_slipped": (frozenset({"over_working_days"}), frozenset()),
    "decision_open": _DUE,
    "condition_open": (frozenset({"then_every"}), frozenset()),
    "consultation_open": _DUE,
    "idea_open": _DUE,
    "challenge_open": _DUE,
    "stage_over_limit": _DUE,
    "saving_waits": _DUE,
    "benefits_review_open": _DUE,
    "quarter_released": (frozenset(), frozenset({"late_working_days"})),
    "every_month": (frozenset(), _ROUND | {"day", "working_day"}),
    "every_quarter": (frozenset(), _ROUND | {"day", "working_day", "month"}),
    "every_year": (frozenset({"date"}), _ROUND),
    "event": (frozenset(), frozenset()),
}
"""For each `what`: the keys that must say when, and those that may."""

ESCALATES = frozenset(what for what, timing in TIMING.items() if timing == _DUE)
"""What stays so until somebody does something, so that it may go up a chain of people."""

_WEEK = 6
"""Working days within which each week's first digest is sure to come."""

Choice = Literal["daily", "weekly", "off"]
CHOICES: tuple[Choice, ...] = get_args(Choice)


class When(Strict):
    """When a digest notice is due, in working days of the council."""

    what: What
    working_days: int | None = Field(default=None, ge=-60, le=250)
    """Working days after the due day; negative is before it."""
    then_every: int | None = Field(default=None, ge=1, le=250)
    """Said again after so many working days while it is still so."""
    over_working_days: int | None = Field(default=None, ge=0, le=2000)
    """Said once a slip is longer than so many working days."""
    day: int | None = Field(default=None, ge=1, le=31)
    """The day of the month; in a shorter month its last."""
    working_day: int | None = Field(default=None, ge=-15, le=20)
    """The working day of the month; negative counts from its end."""
    month: int | None = Field(default=None, ge=1, le=3)
    """The month of the quarter."""
    date: str | None = None
    """Month and day, such as `09-01`, or one of DATES."""
    late_working_days: int | None = Field(default=None, ge=0, le=250)
    """Said late at most so many working days; without it, until the next one."""

    def said(self) -> frozenset[Timing]:
        """Return the timing keys that the document gives."""
        names: tuple[Timing, ...] = get_args(Timing)
        return frozenset(name for name in names if getattr(self, name) is not None)

    def lasts_a_week(self) -> bool:
        """Return whether it may be said on more days than one week has, so that a weekly digest cannot miss it."""
        if self.late_working_days is not None and self.late_working_days < _WEEK:
            return False
        if self.working_days is None or self.then_every is not None:
            return True
        if self.what in RECURRING and self.working_days == 0:
            return True
        return self.working_days > 0 or self.working_days <= -_WEEK


class Step(Strict):
    """One step up of a chain: who hears of it too, once it has been so for longer."""

    working_days: int = Field(ge=1, le=250)
    then_every: int | None = Field(default=None, ge=1, le=250)
    to: tuple[str, ...] = Field(min_length=1)
    why: str | None = Field(default=None, min_length=1)
    """Completes “You get this mail because …” for whoever stands here; without it, the notice's own."""


class Says(Strict):
    """What a notice that comes round by the calendar says. `{period}`, `{before}` and `{day}` are filled in."""

    title: str = Field(min_length=1)
    text: str = ""
    page: str = Field(pattern=r"^(/|https://)\S*$")
    """Where it leads: a page here, such as `/projects/new`, or a full https address."""
    start: str = ""
    """The label of “Start here”; without it the notice never leads."""


class Section(Strict):
    """One part of a digest; the catalogue's order is the mail's."""

    key: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    title: str = Field(min_length=1)


class Notice(Strict):
    """One kind of mail, or one kind of entry in the daily digest."""

    title: str = Field(min_length=1)
    deliver: Literal["at_once", "digest"]
    hours: Literal["working", "any"] = "working"
    section: str | None = None
    when: When | None = None
    to: tuple[str, ...] = ()
    why: str = Field(min_length=1)
    """Completes “You get this mail because …”."""
    says: Says | None = None
    escalate: tuple[Step, ...] = ()
    """Who hears of it after `to`, each step later than the one before."""
    choice: Literal["none", "may_be_weekly", "may_switch_off"] = "none"
    """What each person may choose of it."""
    snooze: bool = False
    """Whether somebody may put off one of its facts until a day."""

    @cached_property
    def chain(self) -> tuple[tuple[When, tuple[str, ...], str], ...]:
        """(when, to whom, why) of each step, the notice's own first."""
        if self.when is None:
            return ()
        steps = [
            (
                self.when.model_copy(update={"working_days": s.working_days, "then_every": s.then_every}),
                s.to,
                s.why,
            )
            for s in self.escalate
        ]
        return (self.when, self.to, self.why), *((when, to, why or self.why) for when, to, why in steps)

    def choices(self) -> tuple[Choice, ...]:
        """Return what a person may choose of it, the default first; one alone where they may not."""
        weekly = self.when is not None and self.when.lasts_a_week() and self.choice != "none"
        allowed = {"daily": True, "weekly": weekly, "off": self.choice == "may_switch_off"}
        return tuple(choice for choice in CHOICES if allowed[choice])


class Catalogue(Strict):
    """The whole of `notices.yaml`."""

    sections: tuple[Section, ...] = Field(min_length=1)
    notices: dict[str, Notice] = Field(min_length=1)

    @cached_property
    def digests(self) -> tuple[tuple[Section, str, Notice], ...]:
        """(section, key, notice) of every digest notice, in the order in which a digest shows them."""
        return tuple(
            (section, key, notice)
            for section in self.sections
            for key, notice in self.notices.items()
            if notice.deliver == "digest" and notice.section == section.key
        )
