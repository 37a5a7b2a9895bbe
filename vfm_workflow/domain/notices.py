"""The catalogue of mails (`notifications/notices.yaml`): its schema, its checks, what a template may use.

The document says who gets which mail, when and why. What an at_once notice may show is fixed by the journey
that sends it; what a digest notice may show is fixed by its `when.what`. Both stand in CONTEXT.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Literal, get_args

from pydantic import Field

from vfm_workflow.documents import Document, Strict, suggestion, validate
from vfm_workflow.errors import ConfigError, Problem

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
    "event",
]
WHATS: tuple[What, ...] = get_args(What)

STAGE_OWNER = "stage_owner"
"""Stands under `to:` for the role that owns the stage the project is in."""

FILES = ("subject.txt", "body.txt", "body.html")
"""What each notice's folder holds."""

Timing = Literal["working_days", "then_every", "over_working_days"]
TIMING: Mapping[What, tuple[frozenset[Timing], frozenset[Timing]]] = {
    "return_not_submitted": (frozenset({"working_days"}), frozenset({"then_every"})),
    "return_not_verified": (frozenset({"working_days"}), frozenset({"then_every"})),
    "quarter_not_verified": (frozenset({"working_days"}), frozenset({"then_every"})),
    "milestone_ahead": (frozenset({"working_days"}), frozenset()),
    "milestone_slipped": (frozenset({"over_working_days"}), frozenset()),
    "decision_open": (frozenset({"working_days"}), frozenset({"then_every"})),
    "condition_open": (frozenset({"then_every"}), frozenset()),
    "consultation_open": (frozenset({"working_days"}), frozenset({"then_every"})),
    "idea_open": (frozenset({"working_days"}), frozenset({"then_every"})),
    "challenge_open": (frozenset({"working_days"}), frozenset({"then_every"})),
    "stage_over_limit": (frozenset({"working_days"}), frozenset({"then_every"})),
    "event": (frozenset(), frozenset()),
}
"""For each `what`: the keys that must say when, and those that may."""


class When(Strict):
    """When a digest notice is due, in working days of the council."""

    what: What
    working_days: int | None = Field(default=None, ge=-60, le=250)
    """Working days after the due day; negative is before it."""
    then_every: int | None = Field(default=None, ge=1, le=250)
    """Said again after so many working days while it is still so."""
    over_working_days: int | None = Field(default=None, ge=0, le=2000)
    """Said once a slip is longer than so many working days."""

    def said(self) -> frozenset[Timing]:
        """Return the timing keys that the document gives."""
        names: tuple[Timing, ...] = get_args(Timing)
        return frozenset(name for name in names if getattr(self, name) is not None)


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


class Catalogue(Strict):
    """The whole of `notices.yaml`."""

    sections: tuple[Section, ...] = Field(min_length=1)
    notices: dict[str, Notice] = Field(min_length=1)

    def digests(self) -> Iterator[tuple[Section, str, Notice]]:
        """Yield (section, key, notice) for every digest notice, in the order in which a digest shows them."""
        for section in self.sections:
            for key, notice in self.notices.items():
                if notice.deliver == "digest" and notice.section == section.key:
                    yield section, key, notice


COMMON = frozenset({"person", "why", "council"})
"""What every template of an at_once notice may use."""

FRAGMENT = frozenset({"items", "total", "council"})
"""What every template of a digest notice may use: `items` are those shown, `total` counts all there are."""

_DECISION = COMMON | {"project", "decision"}
_ASKED = _DECISION | {"summary", "link", "asked_by"}
_CONSULTED = COMMON | {"project", "consultation"}
_ITEM = frozenset({"project", "link"})
_RETURN = _ITEM | {"period", "due", "late_working_days", "manager"}

AT_ONCE: Mapping[str, frozenset[str]] = {
    "decision_asked": _ASKED,
    "decision_reminded": _ASKED | {"working_days_left"},
    "decision_superseded": _ASKED | {"changes"},
    "decision_passed": _ASKED | {"reason"},
    "decision_code": _DECISION | {"code", "minutes"},
    "decision_receipt": _DECISION
    | {"choice", "reason", "conditions", "decided_at", "assurance", "dispute_link"},
    "decision_vote_cast": _DECISION | {"voter", "choice", "reason", "conditions", "decided_at", "tally"},
    "decision_made": _DECISION | {"outcome", "tally", "votes", "conditions", "next_stage"},
    "decision_withdrawn": _DECISION | {"reason"},
    "decision_without_board": _DECISION | {"roles"},
    "decision_disputed": _DECISION | {"voter", "disputed_at", "link"},
    "consultation_asked": _CONSULTED | {"summary", "link", "asked_by"},
    "consultation_reminded": _CONSULTED | {"summary", "link", "asked_by", "working_days_left"},
    "consultation_receipt": _CONSULTED | {"answer", "answered_at", "assurance"},
    "idea_asked": COMMON | {"idea", "link"},
    "idea_replied": COMMON | {"idea", "reply", "by", "page"},
    "sign_in_link": COMMON | {"link", "minutes"},
    "address_changed": COMMON | {"old_address", "new_address", "changed_at", "changed_by"},
    "sign_in_shared": COMMON | {"link"},
    "mail_undelivered": COMMON | {"project", "subject", "to", "reader", "said", "hard", "link"},
    "deputy_named": COMMON | {"away", "deputy", "from_day", "until_day", "by", "link"},
    "deputy_ended": COMMON | {"away", "deputy", "reason", "link"},
}
"""Every notice that the program sends at once, with the names its templates may use."""

_MOVED = _ITEM | {"event", "from_stage", "to_stage", "by", "on", "reason"}

CONTEXT: Mapping[str, frozenset[str]] = {
    **AT_ONCE,
    "return_not_submitted": _RETURN,
    "return_not_verified": _RETURN | {"submitted_on"},
    "quarter_not_verified": frozenset(
        {"link", "quarter", "due", "late_working_days", "scope", "missing", "unverified", "expected"}
    ),
    "milestone_ahead": _ITEM | {"milestone", "forecast", "baseline", "days_left"},
    "milestone_slipped": _ITEM
    | {"milestone", "baseline", "forecast", "slip_calendar_days", "slip_working_days", "overdue"},
    "decision_open": _ITEM | {"decision", "deadline", "waiting_for", "votes", "needed"},
    "condition_open": _ITEM | {"condition", "set_on", "set_by"},
    "consultation_open": _ITEM | {"consultee", "asked", "asked_on", "deadline", "late_working_days"},
    "idea_open": frozenset({"link", "idea", "by", "on", "waiting_working_days"}),
    "challenge_open": _ITEM | {"challenge", "by", "on", "waiting_working_days"},
    "stage_over_limit": _ITEM | {"stage", "since", "limit_working_days", "over_working_days"},
    "stage_changed": _MOVED,
    "return_sent_back": _ITEM | {"period", "by", "reason"},
    "return_chased": _ITEM | {"period", "by", "on"},
    "consultation_answered": _ITEM | {"consultee", "by", "on", "answer"},
    "remark_made": _ITEM | {"kind", "by", "on", "text"},
    "challenge_replied": _ITEM | {"challenge", "by", "on", "reply"},
}
"""Names a template may use: of an at_once notice by key, of an item of a digest notice by `context_key`."""

EVENTS = ("return_sent_back", "return_chased", "consultation_answered", "remark_made", "challenge_replied")
"""Digest notices that a journey leaves, each with facts of its own."""


def context_key(key: str, notice: Notice) -> str:
    """Return the key of CONTEXT for a notice.

    That is its own for at_once notices and its `when.what` for digest notices. Events differ: those that a journey
    leaves (EVENTS) have their own facts; every other one is a move of the lifecycle, whatever the notice is called.
    """
    if notice.deliver == "at_once" or notice.when is None:
        return key
    if notice.when.what == "event":
        return key if key in EVENTS else "stage_changed"
    return notice.when.what


def load(document: Document, known_roles: Collection[str]) -> Catalogue:
    """Return the checked catalogue. Raises ConfigError with every problem, each with its line."""
    catalogue = validate(Catalogue, document)
    if problems := _problems(catalogue, document, known_roles):
        raise ConfigError(problems)
    return catalogue


def check(document: Document, known_roles: Collection[str]) -> list[Problem]:
    """Return every problem of the catalogue, none where it can be used."""
    try:
        load(document, known_roles)
    except ConfigError as error:
        return list(error.problems)
    return []


def _problems(catalogue: Catalogue, document: Document, known_roles: Collection[str]) -> list[Problem]:
    found = list(_sections(catalogue, document))
    for key, notice in catalogue.notices.items():
        if notice.deliver == "at_once":
            found.extend(_at_once(key, notice, document))
        else:
            found.extend(_digest(key, notice, document, [section.key for section in catalogue.sections]))
        found.extend(_roles(key, notice, document, {*known_roles, STAGE_OWNER}))
    for key in AT_ONCE:
        if key not in catalogue.notices:
            what = f"the program sends the notice `{key}`, but it is not here."
            remedy = "Add it; `vfm init` writes a fresh copy to take it from."
            found.append(document.problem(("notices",), what, remedy))
    return found


def _sections(catalogue: Catalogue, document: Document) -> Iterator[Problem]:
    seen: set[str] = set()
    for number, section in enumerate(catalogue.sections):
        if section.key in seen:
            what = f"section `{section.key}` is there twice."
            yield document.problem(("sections", number), what, "Remove one.")
        seen.add(section.key)


def _at_once(key: str, notice: Notice, document: Document) -> Iterator[Problem]:
    at = ("notices", key)
    if key not in AT_ONCE:
        what = f"`{key}` is `deliver: at_once`, but nothing sends a notice of that name."
        yield document.problem(at, what, f"{suggestion(key, sorted(AT_ONCE))} Or say `deliver: digest`.")
    for name in ("section", "when", "to"):
        if getattr(notice, name):
            what = f"`{key}` is sent at once and has `{name}`, which is for digests."
            yield document.problem((*at, name), what, "Remove it, or say `deliver: digest`.")


def _digest(key: str, notice: Notice, document: Document, sections: Sequence[str]) -> Iterator[Problem]:
    at = ("notices", key)
    if key in AT_ONCE:
        what = f"`{key}` must leave at once; it cannot wait for a digest."
        yield document.problem((*at, "deliver"), what, "Say `deliver: at_once`.")
        return
    for name in ("section", "when", "to"):
        if not getattr(notice, name):
            yield document.problem(at, f"`{key}` is a digest notice without `{name}`.", f"Add `{name}:`.")
    if notice.section and notice.section not in sections:
        what = f"section `{notice.section}` does not exist."
        yield document.problem((*at, "section"), what, suggestion(notice.section, sections))
    if notice.when:
        yield from _timing(key, notice.when, document)


def _timing(key: str, when: When, document: Document) -> Iterator[Problem]:
    at = ("notices", key, "when")
    required, optional = TIMING[when.what]
    for name in sorted(required - when.said()):
        remedy = f"Add `{name}:` with a number of working days."
        yield document.problem(at, f"`{when.what}` needs `{name}`.", remedy)
    for name in sorted(when.said() - required - optional):
        takes = ", ".join(sorted(required | optional)) or "no timing at all"
        yield document.problem((*at, name), f"`{when.what}` does not take `{name}`.", f"It takes {takes}.")
    if when.what == "milestone_ahead" and (when.working_days or 0) > 0:
        what = "a milestone ahead cannot be announced after its day."
        yield document.problem((*at, "working_days"), what, "Write a negative number, such as -5.")
    if when.then_every and when.working_days is not None and when.working_days < 0:
        what = "a warning given ahead is said once."
        remedy = "Remove `then_every`, or make `working_days` 0 or more."
        yield document.problem((*at, "then_every"), what, remedy)


def _roles(key: str, notice: Notice, document: Document, accepted: Collection[str]) -> Iterator[Problem]:
    for number, role in enumerate(notice.to):
        if role not in accepted:
            what = f"role `{role}` does not exist."
            yield document.problem(("notices", key, "to", number), what, suggestion(role, sorted(accepted)))
