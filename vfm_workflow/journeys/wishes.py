"""What somebody wants of their mail: how often, at what hour, what not before a day; as far as the catalogue lets them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session

from vfm_workflow.domain.notices import STAGE_OWNER, Notice
from vfm_workflow.domain.roles import Actor
from vfm_workflow.errors import BadInput, NotFound
from vfm_workflow.journeys import digesting
from vfm_workflow.journeys.due import Owed
from vfm_workflow.journeys.home import Home
from vfm_workflow.journeys.now import Now
from vfm_workflow.store import projects
from vfm_workflow.store import wishes as store
from vfm_workflow.store.wishes import Hours

WORKING_WEEK = "12345"
STEP_MINUTES = 30
LATER = (1, 5, 10, 20)
"""Working days by which a thing may be put off, as far as calendar.yaml lets them."""
NAMES = ("title", "milestone", "condition", "consultee", "stage", "period", "quarter", "idea", "challenge")
"""Where an item says what it is about, besides its project."""
GONE = "This is not yours to put off, or it is settled already: nothing is left to remind you of."


@dataclass(frozen=True, slots=True)
class Kind:
    """A notice that may come to somebody: what it is, why, what they may choose, and what they chose."""

    key: str
    title: str
    why: str
    choices: Sequence[str]
    chosen: str
    at_once: bool


@dataclass(frozen=True, slots=True)
class PutOff:
    """A fact that somebody has put off, or may: what it is about, where it is, and until when."""

    notice: str
    subject: str
    title: str
    about: str
    link: str
    until: dt.date | None = None


def kinds(session: Session, home: Home, person_id: int) -> list[Kind]:
    """Return every notice that may come to a person by what they are, in the order of a digest."""
    roles = {projects.person(session, person_id).role} | store.ties(session, person_id)
    chosen = store.choices(session, person_id)
    found = []
    for key, notice in _in_order(home):
        if (why := _why(notice, roles)) is not None:
            choices = notice.choices()
            otherwise = "daily" if notice.deliver == "digest" or "project_manager" in roles else "off"
            mine = chosen.get((person_id, key), otherwise)
            mine = mine if mine in choices else otherwise
            found.append(Kind(key, notice.title, why, choices, mine, notice.deliver == "at_once"))
    return found


def _in_order(home: Home) -> Iterator[tuple[str, Notice]]:
    yield from ((key, notice) for _, key, notice in home.catalogue.digests)
    yield from (
        (key, notice) for key, notice in home.catalogue.notices.items() if notice.deliver == "at_once"
    )


def _why(notice: Notice, roles: Collection[str]) -> str | None:
    """Return why a notice may come to somebody with these roles, None where it does not."""
    if notice.deliver == "at_once":
        theirs = not {"project_manager", "head_of_service"}.isdisjoint(roles)
        return notice.why if theirs and len(notice.choices()) > 1 else None
    for _, to, why in notice.chain:
        if set(to) & set(roles) or (STAGE_OWNER in to and roles):
            return why
    return None


def choose(session: Session, home: Home, by: Actor, wanted: Mapping[str, str], at: dt.datetime) -> int:
    """Note what `by` wants of each notice; return how many changed. Raises BadInput for what is not theirs to choose."""
    mine = {kind.key: kind for kind in kinds(session, home, by.id)}
    wrong = {
        f"choice_{key}": "Choose one of those that are offered"
        for key, choice in wanted.items()
        if key not in mine or choice not in mine[key].choices
    }
    if wrong:
        raise BadInput(wrong)
    changed = [key for key, choice in wanted.items() if choice != mine[key].chosen]
    for key in changed:
        store.choose(session, by.id, key, wanted[key], at)
    return len(changed)


def times(home: Home) -> list[str]:
    """Return the hours that a digest may be wanted at: the council's own, and each half hour until decision hours end."""
    rules = home.calendar.rules
    last, first = _minutes(rules.decision_mail.to), _minutes(rules.digest_at)
    later = range(first - first % STEP_MINUTES + STEP_MINUTES, last, STEP_MINUTES)
    return [rules.digest_at, *(f"{minutes // 60:02d}:{minutes % 60:02d}" for minutes in later)]


def _minutes(time: str) -> int:
    hours, minutes = time.split(":")
    return int(hours) * 60 + int(minutes)


def hours(session: Session, home: Home, by: Actor) -> Hours:
    """Return when `by` gets a digest: as they said, or as the council does."""
    return store.hours_of(session, by.id) or Hours(home.calendar.rules.digest_at, WORKING_WEEK)


def set_hours(
    session: Session, home: Home, by: Actor, digest_at: str, weekdays: Sequence[str], at: dt.datetime
) -> None:
    """Note when `by` wants a digest. Raises BadInput for an hour before the council's, or no day at all."""
    wrong = {}
    if digest_at not in times(home):
        wrong["digest_at"] = f"Choose an hour from {home.calendar.rules.digest_at} on"
    days = "".join(sorted(set(weekdays)))
    if not days or set(days) - set(WORKING_WEEK) or any(len(day) != 1 for day in weekdays):
        wrong["weekdays"] = "Choose at least one day of the working week"
    if wrong:
        raise BadInput(wrong)
    standard = (digest_at, days) == (home.calendar.rules.digest_at, WORKING_WEEK)
    store.set_hours(session, by.id, None if standard else Hours(digest_at, days), at)


def days_later(home: Home, today: dt.date) -> list[tuple[int, dt.date]]:
    """Return (working days, day) by which a thing may be put off."""
    most = home.calendar.rules.most_snooze_working_days
    counts = [count for count in LATER if count <= most] or [most]
    return [(count, home.calendar.add_working_days(today, count)) for count in counts]


def fact(session: Session, home: Home, by: Actor, notice: str, subject: str, at: dt.datetime) -> PutOff:
    """Return a fact that `by` may put off. Raises NotFound where it is not theirs, is settled, or must be heard."""
    found = _current(Now(session, home, at), by.id, {notice}).get((notice, subject))
    if found is None:
        raise NotFound(GONE)
    return _put_off(home, notice, subject, found.item, None)


def _current(now: Now, person_id: int, keys: Collection[str]) -> dict[tuple[str, str], Owed]:
    """Return (notice, subject) → what is owed to a person at the first step of those notices that may be put off."""
    catalogue = now.home.catalogue.notices
    found = {}
    for key in keys:
        if key in catalogue and catalogue[key].snooze:
            for owed, to, step, _ in digesting.owed_to(now, catalogue[key]):
                if to == person_id and not step:
                    found[key, owed.subject] = owed
    return found


def _put_off(home: Home, notice: str, subject: str, item: Mapping[str, Any], until: dt.date | None) -> PutOff:
    project, words = item.get("project"), [str(item[name]) for name in NAMES if item.get(name)]
    about = ": ".join([*([project["title"]] if project else []), *words[:1]])
    title = home.catalogue.notices[notice].title
    return PutOff(notice, subject, title, about or title, str(item.get("link", "")), until)


def put_off(
    session: Session, home: Home, by: Actor, notice: str, subject: str, working_days: str, at: dt.datetime
) -> dt.date:
    """Put a fact off; return the day on which it is said again if it is still so. Raises BadInput or NotFound."""
    fact(session, home, by, notice, subject, at)
    offered = {str(count): day for count, day in days_later(home, home.calendar.today(at))}
    if working_days not in offered:
        raise BadInput({"days": "Choose when to be reminded"})
    store.snooze(session, by.id, notice, subject, offered[working_days], at)
    return offered[working_days]


def end(session: Session, home: Home, by: Actor, notice: str, subject: str, at: dt.datetime) -> None:
    """Let a fact that was put off be said in the next digest. Raises NotFound where it was not."""
    today = home.calendar.today(at)
    if not any(
        (row.notice, row.subject) == (notice, subject) for row in store.snoozed(session, by.id, today)
    ):
        raise NotFound("You have not put this off, or its day has come.")
    store.snooze(session, by.id, notice, subject, today, at)


def putting_off(session: Session, home: Home, by: Actor, at: dt.datetime) -> list[PutOff]:
    """Return what `by` has put off, the next to come first."""
    now = Now(session, home, at)
    rows = store.snoozed(session, by.id, now.today)
    current = _current(now, by.id, {row.notice for row in rows})
    found = []
    for row in rows:
        if row.notice in home.catalogue.notices:
            owed = current.get((row.notice, row.subject))
            item = owed.item if owed is not None else {}
            found.append(_put_off(home, row.notice, row.subject, item, row.until_day))
    return found


def stop(session: Session, home: Home, person_id: int, at: dt.datetime) -> None:
    """Switch off every digest notice that a person may, whether or not it has come to them yet (RFC 8058)."""
    for _, key, notice in home.catalogue.digests:
        if "off" in notice.choices():
            store.choose(session, person_id, key, "off", at)
