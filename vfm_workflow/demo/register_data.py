"""The demo council's register as `council/register.yaml` says it: claims on their way, destinations, shares."""

from __future__ import annotations

import datetime as dt

from pydantic import Field

from vfm_workflow.documents import Strict


class _OfLine(Strict):
    project: int
    line: int = Field(ge=1, le=9)
    """The project's first line is 1."""


class DeliveredEntry(_OfLine):
    """What Finance says a line delivered in a month for which its project owes no return."""

    month: str
    pounds: int
    on: dt.date
    seen: str


class BankedEntry(Strict):
    on: dt.date
    journal: str


class WentEntry(Strict):
    to: str
    on: dt.date
    pounds: int | None = None
    """None for all that is left."""
    note: str = ""


class RefusedEntry(Strict):
    on: dt.date
    why: str


class ClaimEntry(_OfLine):
    quarter: str
    put: dt.date
    pounds: int | None = None
    """None for all that verified returns have."""
    evidence: str
    verified: dt.date | None = None
    accepted: str = ""
    """Why Finance accepts it where nobody knows whether quality kept."""
    refused: RefusedEntry | None = None
    banked: BankedEntry | None = None
    went: tuple[WentEntry, ...] = ()


class FenceEntry(_OfLine):
    on: dt.date
    pounds: int
    budget: str
    until: dt.date | None = None
    why: str


class ShareEntry(_OfLine):
    by: str
    on: dt.date
    thousands: tuple[int, ...] = Field(min_length=5, max_length=5)


class RegisterFile(Strict):
    delivered: tuple[DeliveredEntry, ...] = ()
    claims: tuple[ClaimEntry, ...] = ()
    fences: tuple[FenceEntry, ...] = ()
    shares: tuple[ShareEntry, ...] = ()
