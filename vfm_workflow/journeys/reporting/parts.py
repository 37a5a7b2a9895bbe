"""What every report has alike: a committee paper's frame, and small helpers for its tables."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlmodel import Session

from vfm_workflow.domain.calendar import short_day, year_name
from vfm_workflow.domain.claims import Amounts
from vfm_workflow.domain.money import figure
from vfm_workflow.domain.report_texts import filled
from vfm_workflow.domain.roles import Actor
from vfm_workflow.journeys.home import Home
from vfm_workflow.reports.model import Block, Bullets, Cell, Column, Report, Section, Text

SOURCE = "Source: the council's register of Value for Money projects. "

WAY = tuple(
    Column(title, "money", sums=True)
    for title in ("Expected", "Delivered", "Evidenced", "Verified", "Banked")
)
"""The columns of how far a saving has come; `way` has what stands in them."""


@dataclass(frozen=True)
class Asked:
    """What a report is made from: the council, what it is of, and the moment."""

    session: Session
    home: Home
    key: str
    at: dt.datetime
    by: Actor | None = None
    """Who reads it, where what it shows depends on that; None for the operator, and for what is issued."""

    @property
    def today(self) -> dt.date:
        return self.home.calendar.today(self.at)


def paper(
    asked: Asked,
    kind: str,
    period: str,
    year: int,
    *,
    position: Sequence[Section],
    financial: Iterable[Block],
    appendices: Sequence[Section] = (),
    standing: str = "",
    facts: Sequence[tuple[str, str]] = (),
) -> Report:
    """Return a report in the form of a committee paper: purpose, recommendations, background, the position, the financial,
    legal and equality implications, and appendices. Its fixed words come from config/reports.yaml."""
    texts = asked.home.reports.of(kind)
    made = short_day(asked.today)
    values = {"council": asked.home.council_name, "period": period, "year": year_name(year), "made": made}

    def said(text: str) -> str:
        return filled(text, values)

    items = tuple(said(text) for text in texts.recommendations)
    advised: tuple[Block, ...] = (Bullets(items, numbered=True),) if items else (Text("None."),)
    sections = (
        Section("purpose", "Purpose", (Text(said(texts.purpose)),)),
        Section("recommendations", "Recommendations", advised),
        Section("background", "Background", (Text(said(texts.background)),)),
        *position,
        Section("financial", "Financial implications", tuple(financial)),
        Section("legal", "Legal implications", (Text(said(texts.legal)),)),
        Section("equality", "Equality and customer implications", (Text(said(texts.equality)),)),
        *appendices,
    )
    return Report(
        kind=kind,
        key=asked.key,
        title=said(texts.title),
        council=asked.home.council_name,
        made_on=asked.today.isoformat(),
        standing=standing or f"As it stands on {made}",
        facts=(("To", said(texts.to)), ("From", said(texts.from_)), ("Date", made), *facts),
        sections=sections,
    )


def way(amounts: Amounts) -> tuple[int, ...]:
    """Return how far a saving has come, in whole pence, in the order of `WAY`."""
    return amounts.gross, amounts.delivered, amounts.evidenced, amounts.verified, amounts.banked


def in_steps(value: int | None, places: int) -> Cell:
    """Return a measure's value in steps of 10^-places as a cell; an empty one where it is not known."""
    return Cell(value, figure(value, places) if value is not None else "", places)


def many(count: int, one: str, more: str = "") -> str:
    """Return a count with its word, such as `1 project` or `3 projects`."""
    return f"{count:,} {one if count == 1 else more or one + 's'}"
