"""A council that has a quarter to report: one project with three verified returns."""

from __future__ import annotations

import datetime as dt

from tests.figures_support import moment, submit
from tests.people import Council
from vfm_workflow.journeys import returns

ISSUED = moment(2026, 7, 14)
QUARTER = "2026-Q1"


def verified(council: Council, reference: str, period: str, saved: str) -> None:
    """Submit a month's return, with so many pounds delivered, and have it verified."""
    submit(council, reference, period, saved=saved)
    with council.app.write() as session:
        head = council.actor(session, "head")
        returns.verify(session, council.home, reference, period, head, council.at)


def reported(council: Council) -> str:
    """Take a project to implementation, have its returns for April to June 2026 verified, and stand at 14 July 2026."""
    reference = council.create()
    council.outline_ready(reference, milestone=dt.date(2026, 11, 30))
    council.do(reference, "submit_outline")
    council.approve(reference)
    council.recommendations_ready(reference)
    council.do(reference, "submit_recommendations")
    council.approve(reference)
    for month, amount in ((4, "7,000"), (5, "7,000"), (6, "7,000.50")):
        council.at = moment(2026, month + 1, 7)
        verified(council, reference, f"2026-{month:02d}", amount)
    council.at = ISSUED
    return reference
