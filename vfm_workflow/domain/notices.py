"""The catalogue of mails (`notifications/notices.yaml`): read, and checked for what cannot work.

The document says who gets which mail, when and why. What an at_once notice may show is fixed by the journey
that sends it; what a digest notice may show is fixed by its `when.what`. Both stand in `notice_context`.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection, Iterator, Sequence

from vfm_workflow.documents import Document, suggestion, validate
from vfm_workflow.domain.notice_context import AT_ONCE, COMMON, CONTEXT, EVENTS, EVERY_ITEM, FRAGMENT
from vfm_workflow.domain.notice_schema import (
    DATES,
    ESCALATES,
    FILES,
    RECURRING,
    STAGE_OWNER,
    TIMING,
    WHATS,
    Catalogue,
    Notice,
    Says,
    Section,
    Step,
    What,
    When,
)
from vfm_workflow.errors import ConfigError, Problem

__all__ = [
    "AT_ONCE", "COMMON", "CONTEXT", "DATES", "ESCALATES", "EVENTS", "EVERY_ITEM", "FILES", "FRAGMENT", "RECURRING",
    "STAGE_OWNER", "TIMING", "WHATS", "Catalogue", "Notice", "Says", "Section", "Step", "What", "When", "check",
    "context_key", "load",
]  # fmt: skip

OPTIONAL_AT_ONCE = ("milestone_invitation",)
"""What is sent at once and may all the same be left to the person: on for a project manager, else off."""

FILLED = ("period", "before", "day")
"""What may stand in braces in what a notice `says`."""
FILLED_IN = re.compile(r"\{(period|before|day)\}")


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


def load(
    document: Document, known_roles: Collection[str], released_to: Collection[str] | None = None
) -> Catalogue:
    """Return the checked catalogue. `released_to` are the roles that follow a release clock; None where nobody asks.

    Raises ConfigError with every problem, each with its line.
    """
    catalogue = validate(Catalogue, document)
    if problems := _problems(catalogue, document, known_roles, released_to):
        raise ConfigError(problems)
    return catalogue


def check(
    document: Document, known_roles: Collection[str], released_to: Collection[str] | None = None
) -> list[Problem]:
    """Return every problem of the catalogue, none where it can be used."""
    try:
        load(document, known_roles, released_to)
    except ConfigError as error:
        return list(error.problems)
    return []


def _problems(
    catalogue: Catalogue,
    document: Document,
    known_roles: Collection[str],
    released_to: Collection[str] | None,
) -> list[Problem]:
    found = list(_sections(catalogue, document))
    for key, notice in catalogue.notices.items():
        if notice.deliver == "at_once":
            found.extend(_at_once(key, notice, document))
        else:
            found.extend(_digest(key, notice, document, [section.key for section in catalogue.sections]))
        found.extend(_roles(key, notice, document, {*known_roles, STAGE_OWNER}))
        found.extend(_release(key, notice, document, released_to))
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
    for name in ("section", "when", "to", "says", "escalate", "snooze"):
        if getattr(notice, name):
            what = f"`{key}` is sent at once and has `{name}`, which is for digests."
            yield document.problem((*at, name), what, "Remove it, or say `deliver: digest`.")
    if notice.choice != "none" and key not in OPTIONAL_AT_ONCE:
        what = f"`{key}` is sent at once and cannot be switched off: somebody waits for it, or must be told."
        yield document.problem((*at, "choice"), what, "Remove `choice`.")


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
        yield from _calendar(key, notice.when, document)
        yield from _says(key, notice, notice.when, document)
        yield from _escalation(key, notice, notice.when, document)
        yield from _wishes(key, notice, notice.when, document)


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


def _calendar(key: str, when: When, document: Document) -> Iterator[Problem]:
    """Yield what is wrong with a day of the calendar."""
    at = ("notices", key, "when")
    if when.what in ("every_month", "every_quarter"):
        if (when.day is None) == (when.working_day is None):
            both = "both `day` and `working_day`" if when.day is not None else "no day"
            remedy = "Give one: `day: 15`, or `working_day: 5`; `working_day: -1` is the last."
            yield document.problem(at, f"`{when.what}` has {both}.", remedy)
        if when.working_day == 0:
            what = "there is no working day 0."
            yield document.problem((*at, "working_day"), what, "Count from 1, or from the end with -1.")
    if when.date is not None and when.date not in DATES and not is_date(when.date):
        what = f"`{when.date}` is no day of the year."
        remedy = f'Write month-day in quotes, such as "09-01", or one of: {", ".join(DATES)}.'
        yield document.problem((*at, "date"), what, remedy)
    if when.what in RECURRING and (when.working_days or 0) > 60:
        what = f"`{when.what}` cannot be said so long after its day."
        yield document.problem((*at, "working_days"), what, "Write at most 60, or another day.")


def is_date(text: str) -> bool:
    """Return whether `text` is a month and day, such as `09-01`, of a leap year."""
    try:
        dt.date.fromisoformat(f"2000-{text}")
    except ValueError:
        return False
    return len(text) == 5


def _says(key: str, notice: Notice, when: When, document: Document) -> Iterator[Problem]:
    at = ("notices", key)
    if (notice.says is not None) != (when.what in RECURRING):
        if notice.says is None:
            remedy = "Add `says:` with `title`, `page`, and what else there is to say."
            yield document.problem(
                at, f"`{when.what}` comes round by the calendar and has no `says`.", remedy
            )
        else:
            what = f"`{when.what}` says what it finds, and takes no `says`."
            yield document.problem((*at, "says"), what, "Remove it, or write the words into the templates.")
    for name in ("title", "text", "start", "page") if notice.says is not None else ():
        text = getattr(notice.says, name)
        left = FILLED_IN.sub("", text)
        if (found := re.search(r"\{[^}]*\}?|\}", left)) or (name == "page" and "{" in text):
            shown = found[0] if found else "{"
            takes = (
                "a page takes none" if name == "page" else "it takes " + ", ".join(f"{{{n}}}" for n in FILLED)
            )
            what = f"`{shown}` in `{name}` is filled in with nothing."
            yield document.problem((*at, "says", name), what, f"Remove it: {takes}.")


def _escalation(key: str, notice: Notice, when: When, document: Document) -> Iterator[Problem]:
    if not notice.escalate:
        return
    at = ("notices", key, "escalate")
    if when.what not in ESCALATES:
        what = f"`{when.what}` does not wait for anybody, so it cannot escalate."
        yield document.problem(at, what, f"Remove it; these can: {', '.join(sorted(ESCALATES))}.")
    before = when.working_days or 0
    for number, step in enumerate(notice.escalate):
        if step.working_days <= before:
            what = f"step {number + 1} is not later than the one before it ({before} working days)."
            remedy = f"Write `working_days: {before + 1}` or more, in the order in which people hear."
            yield document.problem((*at, number, "working_days"), what, remedy)
        before = step.working_days


def _wishes(key: str, notice: Notice, when: When, document: Document) -> Iterator[Problem]:
    """Yield where a person is offered what must not be theirs to choose."""
    at = ("notices", key)
    said = {"choice": notice.choice != "none", "snooze": notice.snooze}
    for name in (name for name, given in said.items() if given):
        if when.what == "decision_open":
            what = f"`{key}` is about a decision, and nobody may put it off or switch it off."
            yield document.problem((*at, name), what, f"Remove `{name}`.")
        elif notice.escalate:
            what = f"`{key}` escalates, so whoever it begins with must hear of it."
            yield document.problem((*at, name), what, f"Remove `{name}`, or `escalate`.")
    if notice.snooze and when.what == "event":
        what = f"`{key}` is said once, so there is nothing to put off."
        yield document.problem((*at, "snooze"), what, "Remove it.")
    if notice.choice == "may_be_weekly" and not when.lasts_a_week():
        what = f"`{key}` is said on too few days for a weekly digest, which would miss it."
        yield document.problem((*at, "choice"), what, "Say `may_switch_off` or `none`.")


def _roles(key: str, notice: Notice, document: Document, accepted: Collection[str]) -> Iterator[Problem]:
    """Yield each role that nobody has, and what has no stage to be the owner of."""
    places: list[tuple[tuple[str | int, ...], tuple[str, ...]]] = [(("to",), notice.to)]
    places += [(("escalate", number, "to"), step.to) for number, step in enumerate(notice.escalate)]
    calendar = notice.when is not None and notice.when.what in {*RECURRING, "quarter_released"}
    for place, roles in places:
        for number, role in enumerate(roles):
            at = ("notices", key, *place, number)
            if role not in accepted:
                what = f"role `{role}` does not exist."
                yield document.problem(at, what, suggestion(role, sorted(accepted)))
            elif role == STAGE_OWNER and calendar:
                what = f"`{key}` is about no project, so there is no stage and no owner of it."
                yield document.problem(at, what, "Name the roles themselves.")


def _release(
    key: str, notice: Notice, document: Document, released_to: Collection[str] | None
) -> Iterator[Problem]:
    """Yield each role that follows no release clock and so would never hear of a release."""
    if released_to is None or notice.when is None or notice.when.what != "quarter_released":
        return
    for number, role in enumerate(notice.to):
        if role not in released_to:
            what = f"role `{role}` follows no release clock, so it would never be told."
            remedy = f"Remove it, or give it `release:` in roles.yaml; these have one: {', '.join(sorted(released_to))}."
            yield document.problem(("notices", key, "to", number), what, remedy)
