"""The calendar entry of a milestone as mail programs take it: iCalendar (RFC 5545) sent by iTIP (RFC 5546)."""

from __future__ import annotations

import datetime as dt
from typing import Literal

from vfm_workflow.mail.message import CalendarPart, Mailbox

PRODUCT = "-//vfm-workflow//Value for Money projects//EN"


def entry(
    method: Literal["REQUEST", "CANCEL"],
    *,
    uid: str,
    sequence: int,
    day: dt.date,
    summary: str,
    description: str,
    url: str,
    organiser: Mailbox,
    attendee: Mailbox,
    at: dt.datetime,
) -> CalendarPart:
    """Return the entry of a whole day. The same `uid` with a higher `sequence` changes or ends an earlier one.

    Nobody is asked to answer: whoever gets it is entered as coming. The day stays free for other things.
    """
    from icalendar import (
        Calendar,
        Event,
        vCalAddress,
        vText,
    )  # it costs every start of the program, and few need it

    calendar, event = Calendar(), Event()
    for name, value in (
        ("prodid", PRODUCT),
        ("version", "2.0"),
        ("calscale", "GREGORIAN"),
        ("method", method),
    ):
        calendar.add(name, value)
    for role, box in (("organizer", organiser), ("attendee", attendee)):
        address = vCalAddress(f"mailto:{box.address}")
        address.params["CN"] = vText(" ".join(box.name.split()).replace('"', "'"))
        if role == "attendee":
            address.params.update({"PARTSTAT": "ACCEPTED", "RSVP": "FALSE", "ROLE": "REQ-PARTICIPANT"})
        event.add(role, address, encode=False)
    event.add("uid", uid)
    event.add("sequence", sequence)
    event.add("dtstamp", at)
    event.add("dtstart", day)
    event.add("dtend", day + dt.timedelta(days=1))
    event.add("summary", summary)
    event.add("description", description)
    event.add("url", url)
    event.add("status", "CANCELLED" if method == "CANCEL" else "CONFIRMED")
    event.add("transp", "TRANSPARENT")
    calendar.add_component(event)
    return CalendarPart(method, calendar.to_ical().decode())
