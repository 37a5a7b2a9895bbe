"""The library of measures: how each is called, which year it is for, and who has agreed it (§4.1–4.3)."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from typing import Literal

from vfm_workflow.domain.calendar import year_name
from vfm_workflow.domain.forms import FIRST_YEAR, LAST_YEAR, MONTHS, parse_date

Side = Literal["finance", "service"]
SIDES: tuple[Side, ...] = ("finance", "service")
"""Whose two sign-offs a year's baseline and target need (§4.3)."""
SIDE_NAMES = {"finance": "Finance", "service": "the Head of Service"}
KINDS = {"unit_cost": "unit cost", "performance": "performance"}
_CODE = re.compile(r"^([A-Z0-9]{1,8})-(\d{2,3})$", re.ASCII)
_ISO_MONTH = re.compile(r"^(\d{4})-(\d{1,2})$", re.ASCII)
_NAMED_MONTH = re.compile(r"^([a-z]+)\.?[ -](\d{4}|\d{2})$", re.ASCII | re.IGNORECASE)
_YEAR = re.compile(r"^(\d{4})(?:\s*[/–-]\s*(\d{2}|\d{4}))?$", re.ASCII)


def parse_code(text: str, department: str) -> str:
    """Return a measure's code such as `SS-01`. Raises ValueError where it is not one of the department."""
    found = _CODE.match(text.strip().upper())
    if found is None or found[1] != department:
        raise ValueError(f"must be the department and a number, like {department}-01")
    return found[0]


def next_code(department: str, known: Iterable[str]) -> str:
    """Return the code after the highest of a department's: `SS-03` after `SS-01` and `SS-02`."""
    numbers = [int(found[2]) for code in known if (found := _CODE.match(code)) and found[1] == department]
    return f"{department}-{max(numbers, default=0) + 1:02d}"


def parse_month(text: str) -> str:
    """Return the month somebody typed, or a spreadsheet made of what they typed, as `2026-10`.

    Accepts `2026-10`, `October 2026`, `Oct-26` and the first of the month as a date. Raises ValueError.
    """
    typed = text.strip()
    if found := _ISO_MONTH.match(typed):
        return _month(int(found[1]), int(found[2]))
    if found := _NAMED_MONTH.match(typed):
        name = found[1].lower()
        number = next((n for n, full in enumerate(MONTHS, 1) if len(name) >= 3 and full.startswith(name)), 0)
        return _month(int(found[2]) + (2000 if len(found[2]) == 2 else 0), number)
    try:
        day = parse_date(typed)
    except ValueError:
        day = None
    if day is None or day.day != 1:
        raise ValueError("must be a month, like 2026-10")
    return _month(day.year, day.month)


def _month(year: int, month: int) -> str:
    if not FIRST_YEAR <= year <= LAST_YEAR or not 1 <= month <= 12:
        raise ValueError("must be a month, like 2026-10")
    return f"{year:04d}-{month:02d}"


def parse_year(text: str) -> int:
    """Return the year in which a financial year begins: 2026 for `2026/27`. Raises ValueError."""
    found = _YEAR.match(text.strip())
    year = int(found[1]) if found else 0
    if found is None or not FIRST_YEAR <= year <= LAST_YEAR:
        raise ValueError("must be a financial year, like 2026/27")
    if found[2] is not None and int(found[2][-2:]) != (year + 1) % 100:
        raise ValueError(f"must be two years that follow each other, like {year_name(year)}")
    return year


def is_agreed(sides: Collection[str]) -> bool:
    """Return whether both have signed."""
    return set(sides) >= set(SIDES)


def lacking(sides: Collection[str]) -> list[str]:
    """Return whose sign-off is still missing, by name."""
    return [SIDE_NAMES[side] for side in SIDES if side not in sides]


def missing_kinds(kinds: Iterable[str]) -> list[str]:
    """Return which of cost and performance a department does not measure: value for money is both (§1, §3.8)."""
    known = set(kinds)
    return [name for kind, name in KINDS.items() if kind not in known]
