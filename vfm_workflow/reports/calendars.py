"""A person's dates as a calendar that programs subscribe to: iCalendar (RFC 5545), its refresh said by RFC 7986."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

PRODUCT = "-//vfm-workflow//Value for Money projects//EN"
REFRESH = dt.timedelta(hours=6)


@dataclass(frozen=True, slots=True)
class Entry:
    """One whole day of a calendar. The same `uid` is the same entry, whatever day it moves to."""

    uid: str
    day: dt.date
    summary: str
    description: str
    url: str
    category: str


def calendar(name: str, entries: Iterable[Entry], at: dt.datetime) -> bytes:
    """Return the calendar. Its days stay free for other things, and nobody is reminded twice: there are no alarms."""
    from icalendar import Calendar, Event, vDuration  # it costs every start of the program, and few need it

    found = Calendar()
    for key, value in (
        ("prodid", PRODUCT),
        ("version", "2.0"),
        ("calscale", "GREGORIAN"),
        ("method", "PUBLISH"),
        ("name", name),
        ("x-wr-calname", name),
    ):
        found.add(key, value)
    refresh = vDuration(REFRESH)
    refresh.params["VALUE"] = "DURATION"
    found.add("refresh-interval", refresh)
    found.add("x-published-ttl", "PT6H")
    for entry in entries:
        event = Event()
        event.add("uid", entry.uid)
        event.add("dtstamp", at)
        event.add("dtstart", entry.day)
        event.add("dtend", entry.day + dt.timedelta(days=1))
        event.add("summary", entry.summary)
        event.add("description", entry.description)
        event.add("url", entry.url)
        event.add("categories", [entry.category])
        event.add("transp", "TRANSPARENT")
        event.add("class", "PRIVATE")
        found.add_component(event)
    data: bytes = found.to_ical()
    return data
