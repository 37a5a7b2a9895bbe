"""Money in whole pence, read from and written for people."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation

_POUNDS = re.compile(r"^-?£?-?(\d{1,3}(,\d{3})+|\d+)(\.\d{1,2})?$", re.ASCII)
_THOUSAND, _MILLION = 100_000, 100_000_000
"""In pence."""
LIMIT_PENCE = 10**13
"""A hundred billion pounds: more than any council spends, so a slip of the keyboard is caught."""


def parse_pounds(text: str) -> int:
    """Return whole pence for what somebody typed, such as `26,000` or `£1,250.50`.

    Raises ValueError with a sentence for the person, for anything that is not pounds (`26k`, `2.5%`, `€5`).
    """
    typed = text.strip().replace(" ", "")
    if not _POUNDS.match(typed):
        raise ValueError("must be an amount in pounds, like 26000 or 1,250.50")
    try:
        value = Decimal(typed.replace("£", "").replace(",", ""))
    except InvalidOperation as error:
        raise ValueError("must be an amount in pounds, like 26000 or 1,250.50") from error
    pence = int(value * 100)
    if abs(pence) > LIMIT_PENCE:
        raise ValueError("is too large to be an amount in pounds")
    return pence


def pounds(pence: int) -> str:
    """Return `£26,000` or `£26,000.50` for whole pence."""
    sign, value = ("-" if pence < 0 else ""), abs(pence)
    whole, rest = divmod(value, 100)
    return f"{sign}£{whole:,}.{rest:02d}" if rest else f"{sign}£{whole:,}"


def short_pounds(pence: int, beside: int = 0) -> str:
    """Return whole pence rounded half up for a sentence or a picture: `£1.15m`, `£627k`, `£9,500`.

    It is written in the unit of the largest of the amounts `beside` it, so that both are read alike: £627,000 beside
    £1.78m is `£0.63m`. Whoever shows it says that it is rounded, and where the exact amount stands.
    """
    step, places, unit = _short(pence, beside)
    steps = (2 * abs(pence) + step) // (2 * step)
    sign = "-" if pence < 0 else ""
    return f"{sign}£{figure(steps, places)}{unit}" if steps else "£0"


def is_rounded(pence: int, beside: int = 0) -> bool:
    """Return whether `short_pounds` says less than there is."""
    return pence % _short(pence, beside)[0] != 0


def _short(pence: int, beside: int) -> tuple[int, int, str]:
    """Return the step an amount is rounded to, the decimal places it then has, and its unit."""
    largest = max(abs(pence), abs(beside))
    if largest >= _MILLION - _THOUSAND // 2:
        return _MILLION // 100, 2, "m"
    if largest >= 10 * _THOUSAND - 50:
        return _THOUSAND, 0, "k"
    return 100, 0, ""


def parse_figure(text: str, places: int) -> int:
    """Return a measure's value in its smallest step (10^-places of its unit): `71.5` with 2 places is 7150.

    Raises ValueError with a sentence for the person where it is no number or has more places than the measure.
    """
    typed = text.strip().replace(",", "").removeprefix("£")
    if not re.match(r"^-?\d+(\.\d+)?$", typed, re.ASCII):
        raise ValueError(f"must be a number, like {figure(1234, places)}, without its unit")
    value = Decimal(typed).scaleb(places)
    if value != value.to_integral_value():
        if not places:
            raise ValueError("must be a whole number")
        raise ValueError(f"must have at most {places} decimal place{'' if places == 1 else 's'}")
    if abs(value) > LIMIT_PENCE:
        raise ValueError("is too large")
    return int(value)


def figure(value: int, places: int) -> str:
    """Return a measure's value for people: 7150 with 2 places is `71.50`."""
    return f"{Decimal(value).scaleb(-places):,.{places}f}"
