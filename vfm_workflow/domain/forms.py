"""What people type into a form's boxes: dates, hours, days and figures, read or refused with a sentence.

Each parser raises ValueError whose text completes “<the box's name> …”, so that a page can put the name before it.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import NamedTuple

from vfm_workflow.domain.calendar import month_end
from vfm_workflow.domain.money import figure, parse_figure

FIRST_YEAR, LAST_YEAR = 2000, 2099
MOST_HOURS = 100_000
MOST_DAYS = 1_000
MOST_COUNT = 10**12
LONGEST_NUMBER = 30

MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
    "december",
)  # fmt: skip
LIKE_A_DATE = "must be a date, like 6 November 2026 or 6/11/2026"

_ISO = re.compile(r"^(\d{4})-(\d{1,2})-(\d{1,2})$", re.ASCII)
_WRITTEN = re.compile(r"^(\d{1,2})(?:st|nd|rd|th)?\s+([a-z]+)\.?,?\s+(\d+)$", re.ASCII | re.IGNORECASE)
_DAY, _YEAR = re.compile(r"^\d{1,2}$", re.ASCII), re.compile(r"^\d{1,4}$", re.ASCII)
_NUMBER = re.compile(r"^-?(\d{1,3}(,\d{3})+|\d+)(\.\d+)?$", re.ASCII)
_WHOLE = re.compile(r"^(\d{1,3}(,\d{3})+|\d+)$", re.ASCII)


class DateParts(NamedTuple):
    """A date as a form's three boxes hold it, typed or ready to be typed over."""

    day: str
    month: str
    year: str


def parse_date(text: str) -> dt.date:
    """Return the date somebody typed: `2026-11-06`, `6/11/2026` or `6 November 2026`, the day first but in ISO form.

    Raises ValueError with a sentence for anything else, and for a date that does not exist.
    """
    typed = text.strip()
    if iso := _ISO.match(typed):
        year, month, day = iso.groups()
        return parse_date_parts(day, month, year)
    if written := _WRITTEN.match(typed):
        return parse_date_parts(*written.groups())
    for sign in "/.-":
        if typed.count(sign) == 2:
            return parse_date_parts(*typed.split(sign))
    raise ValueError(LIKE_A_DATE)


def parse_date_parts(day: str, month: str, year: str) -> dt.date:
    """Return the date of three boxes; the month may be a number or a name.

    Raises ValueError saying which box is empty, or why there is no such date.
    """
    parts = {"day": day.strip(), "month": month.strip(), "year": year.strip()}
    empty = [f"a {name}" for name, value in parts.items() if not value]
    if empty:
        raise ValueError(f"must include {' and '.join(filter(None, (', '.join(empty[:-1]), empty[-1])))}")
    number = _month(parts["month"])
    if number is None or not _DAY.match(parts["day"]) or not _YEAR.match(parts["year"]):
        raise ValueError(LIKE_A_DATE)
    if len(parts["year"]) != 4:
        raise ValueError("must have a year of four digits, like 2026")
    return _real(int(parts["day"]), number, int(parts["year"]))


def _month(text: str) -> int | None:
    if _DAY.match(text):
        return int(text)
    name = text.lower().rstrip(".")
    return next((n for n, full in enumerate(MONTHS, 1) if len(name) >= 3 and full.startswith(name)), None)


def _real(day: int, month: int, year: int) -> dt.date:
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise ValueError(f"must have a year from {FIRST_YEAR} to {LAST_YEAR}")
    if not 1 <= month <= 12:
        raise ValueError(
            f"must be a real date: there is no month {month}. Write the day first, like 6/11/2026"
        )
    last = month_end(f"{year:04d}-{month:02d}")
    if not 1 <= day <= last.day:
        raise ValueError(f"must be a real date: {last:%B %Y} has {last.day} days")
    return dt.date(year, month, day)


def join_date(day: str, month: str, year: str) -> str:
    """Return what three boxes hold as one text that `parse_date` and `date_parts` read; nothing for three empty ones."""
    parts = [part.strip().replace("/", " ") for part in (day, month, year)]
    return "/".join(parts) if any(parts) else ""


def date_parts(text: str | dt.date | None) -> DateParts:
    """Return a date, or a text as it was typed, in three boxes, so that an error page keeps what was typed."""
    if text is None or text == "":
        return DateParts("", "", "")
    if isinstance(text, dt.date):
        return DateParts(str(text.day), str(text.month), str(text.year))
    try:
        return date_parts(parse_date(text))
    except ValueError:
        parts = text.split("/")
        return DateParts(*parts) if len(parts) == 3 else DateParts(text, "", "")


def parse_hours(text: str) -> int:
    """Return whole staff hours. Raises ValueError for anything else, such as `2 weeks` or `-5`."""
    return _whole(text, "hours", 120, MOST_HOURS)


def parse_days(text: str) -> int:
    """Return whole staff days. Raises ValueError for anything else."""
    return _whole(text, "days", 8, MOST_DAYS)


def parse_count(text: str) -> int:
    """Return a whole number of things to divide by, 1 or more. Raises ValueError."""
    found = _whole(text, "units", 39_600, MOST_COUNT)
    if found < 1:
        raise ValueError("must be 1 or more")
    return found


def parse_places(text: str) -> int:
    """Return a number of decimal places, 0 to 6. Raises ValueError."""
    typed = text.strip()
    if typed not in tuple("0123456"):
        raise ValueError("must be a whole number from 0 to 6")
    return int(typed)


def _whole(text: str, what: str, example: int, most: int) -> int:
    typed = text.strip()
    if not _WHOLE.match(typed):
        raise ValueError(f"must be a whole number of {what}, like {example}")
    if len(typed) > LONGEST_NUMBER or int(typed.replace(",", "")) > most:
        raise ValueError(f"must be {most:,} {what} or fewer")
    return int(typed.replace(",", ""))


def parse_measured(text: str, unit: str, places: int, example: int | None = None) -> int:
    """Return a measure's value, in steps of 10^-places of `unit`, for what somebody typed.

    A sign of another unit is refused, so that `55%` or `£26k` never becomes a count. `example` is a value the message
    may show. Raises ValueError with a sentence that names the unit.
    """
    typed = text.strip().replace(" ", "")
    bare = typed.removeprefix("£") if "£" in unit else typed
    bare = bare.removesuffix("%") if "%" in unit else bare
    if len(bare) > LONGEST_NUMBER or not _NUMBER.match(bare):
        shown = figure(12 * 10**places if example is None else example, places)
        raise ValueError(f"must be a number, like {shown}, without its unit: {unit}")
    return parse_figure(bare, places)
