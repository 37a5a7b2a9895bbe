"""What templates use to show dates, times, money and numbers as the council writes them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from markupsafe import Markup, escape

from vfm_workflow.domain.calendar import day_name, short_day


def pounds(pence: int) -> str:
    """Return whole pence as `£26,000`, or `£26,000.50` where there are odd pence.

    Raises TypeError for anything but whole pence: pounds in a float would be a hundred times too small.
    """
    if isinstance(pence, bool) or not isinstance(pence, int):
        raise TypeError(f"money is whole pence, not {pence!r}")
    whole, odd = divmod(abs(pence), 100)
    return f"{'−' if pence < 0 else ''}£{whole:,}{f'.{odd:02d}' if odd else ''}"


def plural(count: int, one: str, many: str = "") -> str:
    """Return the count with its noun: `1 return`, `1,200 returns`; `many` where an s is not enough."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def listed(words: Iterable[object], last: str = "and") -> str:
    """Return the words as English lists them: `Legal, Finance and ICT`."""
    found = [str(word) for word in words]
    if len(found) < 2:
        return "".join(found)
    return f"{', '.join(found[:-1])} {last} {found[-1]}"


def broken(text: object) -> Markup:
    """Return text for HTML, escaped, with its line breaks kept."""
    return Markup("<br>").join(escape(line) for line in str(text).splitlines())


def sentence(text: str) -> str:
    """Return the text with a capital at its start and a full stop at its end."""
    text = text.strip()
    return f"{text[:1].upper()}{text[1:]}{'' if text.endswith(('.', '!', '?')) or not text else '.'}"


def clock(time: dt.time) -> str:
    """Return `5pm`, `10:15am`, `midday` or `midnight`."""
    if time.minute == 0 and time.hour in (0, 12):
        return "midday" if time.hour else "midnight"
    minutes = f":{time.minute:02d}" if time.minute else ""
    return f"{time.hour % 12 or 12}{minutes}{'am' if time.hour < 12 else 'pm'}"


def filters(time_zone: str) -> Mapping[str, Callable[..., Any]]:
    """Return every filter by the name templates use, with moments shown in `time_zone`."""
    zone = ZoneInfo(time_zone)

    def local(at: object) -> dt.datetime:
        if not isinstance(at, dt.datetime) or at.tzinfo is None:
            raise TypeError(f"a moment needs a date, a time and a zone, not {at!r}")
        return at.astimezone(zone)

    def day_of(value: object) -> dt.date:
        if isinstance(value, dt.datetime):
            return local(value).date()
        if not isinstance(value, dt.date):
            raise TypeError(f"a date is needed, not {value!r}")
        return value

    def time(at: dt.datetime) -> str:
        return clock(local(at).time())

    return {
        "date": lambda value: day_name(day_of(value)),
        "short_date": lambda value: short_day(day_of(value)),
        "time": time,
        "moment": lambda at: f"{time(at)} on {day_name(day_of(at))}",
        "pounds": pounds,
        "plural": plural,
        "listed": listed,
        "sentence": sentence,
        "broken": broken,
    }
