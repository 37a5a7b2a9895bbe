"""What was changed of somebody, in words: one sentence for each kind of row."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from vfm_workflow.domain.calendar import short_day
from vfm_workflow.journeys.home import Home
from vfm_workflow.mail.filters import listed
from vfm_workflow.store.people import Change

Detail = Mapping[str, Any]


def said(change: Change, home: Home) -> tuple[str, str]:
    """Return the title and the text of a row. An unknown one, of another version of the program, has its own name."""
    if change.what == "moved":
        return "Changed", _moved(change.detail, home)
    try:
        return SENTENCES[change.what](change.detail)
    except KeyError:
        return change.what.replace("_", " ").capitalize(), ""


def _moved(detail: Detail, home: Home) -> str:
    names = {"name": "Post", "role": "Role", "department": "Department"}

    def shown(key: str, value: str) -> str:
        return home.role_title(value) if key == "role" else value or "none"

    parts = [(names[key], key, detail[key]) for key in names if key in detail]
    return ". ".join(
        f"{title}: from {shown(key, old)} to {shown(key, new)}" for title, key, (old, new) in parts
    )


def _left(detail: Detail) -> tuple[str, str]:
    return "Left", f"{detail['successor']} took over." if detail["successor"] else ""


def _things(detail: Detail) -> str:
    things: Sequence[str] = [*detail["projects"], *detail["departments"], *detail.get("consultations", ())]
    return f"{listed(things)}." if things else "nothing was open."


def _stint(detail: Detail) -> str:
    return f"{detail['deputy']} for {detail['person']}"


def _day(text: str) -> str:
    return short_day(dt.date.fromisoformat(text))


SENTENCES: Mapping[str, Callable[[Detail], tuple[str, str]]] = {
    "joined": lambda d: ("Added", f"With the address {d['address']}."),
    "left": _left,
    "came_back": lambda _: ("Came back", "In the post and role from before."),
    "handed_over": lambda d: (f"Handed over to {d['to']}", _things(d)),
    "took_over": lambda d: (f"Took over from {d['from']}", _things(d)),
    "address": lambda d: ("Work address changed", f"From {d['from']} to {d['to']}."),
    "head": lambda d: (f"Made head of {d['department']}", ""),
    "no_longer_head": lambda d: (f"No longer head of {d['department']}", ""),
    "shared": lambda d: ("Marked as a shared mailbox", f"Read by {listed(d['readers'])}."),
    "no_longer_shared": lambda _: ("One person's again", "No shared mailbox any more."),
    "deputy_set": lambda d: ("Deputy named", f"{_stint(d)}, from {_day(d['from'])} to {_day(d['until'])}."),
    "deputy_ended": lambda d: ("Deputy ended", f"{_stint(d)}: {d['why']}."),
    "identity_bound": lambda _: (
        "First sign-in with the council account",
        "No other account opens it from now on.",
    ),
    "identity_forgotten": lambda _: ("Council account forgotten", "The next sign-in binds it anew."),
    "sessions_ended": lambda _: ("Signed out everywhere", ""),
    "tokens_ended": lambda d: ("Tokens for calendars and programs ended", f"{d['count']} of them."),
}
"""What → its title and its text, from the row's detail."""
