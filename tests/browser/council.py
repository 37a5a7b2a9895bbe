"""A council with a project in every state a page can show, for looking at pages in a real browser."""

from __future__ import annotations

import datetime as dt

from tests.library_support import figures, record, stocked
from tests.people import Council, address
from vfm_workflow.journeys import consult, dates, ideas, returns, writing

NOW = dt.datetime(2026, 11, 17, 10, 15, tzinfo=dt.UTC)
"""A Tuesday in the budget season; October's return was due on 6 November."""


def furnish(council: Council) -> None:
    """Fill a council that has people in it with eight projects, and leave its clock at NOW."""
    _implementing(council)
    _deciding(council)
    _drafting(council)
    _initial(council)
    _ended(council)
    _measured(council)
    council.at = NOW
    with council.app.write() as session:
        home, at = council.home, council.at
        ideas.propose(
            session, home, council.actor(session, "holder"), at, "Share the depot with our neighbours"
        )
        manager = council.actor(session, "manager")
        consult.ask(session, home, "VFM-0004", "legal", manager, at, person=address("legal"))


def _measured(council: Council) -> None:
    """Street Scene has a library: two measures that are agreed, one with new figures that wait, a month corrected."""
    stocked(council)
    council.at = NOW - dt.timedelta(days=1)
    for month, cost in (("2026-08", "2742197"), ("2026-09", "2733372")):
        record(council, "SS-01", month, numerator=cost, denominator="39584")
    record(council, "SS-01", "2026-09", "69.10", reason="A later bill")
    record(council, "SS-02", "2026-09", "80", by="performance")
    figures(council, "SS-02", "92", "55")


def _implementing(council: Council) -> None:
    """VFM-0001 is under way: a milestone done, one late, one ahead; returns in, a condition open."""
    council.at = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)
    reference = council.create("Waste collection: new rounds for fewer miles")
    council.outline_ready(reference, milestone=dt.date(2026, 6, 30))
    with council.app.write() as session:
        manager = council.actor(session, "manager")
        for title, day in (
            ("Routing software live in both depots", dt.date(2026, 9, 25)),
            ("New rounds start in all wards", dt.date(2027, 2, 1)),
        ):
            dates.add_milestone(session, council.home, reference, title, day, manager, council.at)
    council.do(reference, "submit_outline")
    council.later(days=4)
    council.decide(reference, "chief", "approve", reason="The figures are convincing.")
    council.decide(reference, "place", "approve")
    council.decide(
        reference,
        "resources",
        "approve_with_conditions",
        conditions="Consult ward members before rounds are published",
    )
    _return(council, reference, 3)
    council.at = dt.datetime(2026, 5, 5, 9, tzinfo=dt.UTC)
    council.recommendations_ready(reference)
    council.do(reference, "submit_recommendations")
    council.later(days=2)
    council.approve(reference)
    _return(council, reference, 4)
    _return(council, reference, 5)
    _milestones(council, reference)
    for month in (6, 7, 8, 9):
        _return(council, reference, month)


def _milestones(council: Council, reference: str) -> None:
    first, second, _ = council.milestones(reference)
    council.at = dt.datetime(2026, 7, 3, 9, tzinfo=dt.UTC)
    with council.app.write() as session:
        manager = council.actor(session, "manager")
        day = dt.date(2026, 6, 26)
        dates.finish_milestone(session, council.home, reference, first.id or 0, day, manager, council.at)
        dates.change_milestone(
            session, council.home, reference, second.id or 0, manager, council.at, forecast=dt.date(2026, 10, 30),
            why="The supplier is five weeks late",
        )  # fmt: skip


def _return(council: Council, reference: str, month: int) -> None:
    """Hand in the return for a month of 2026, and verify it but for September's."""
    period = f"2026-{month:02d}"
    council.at = dt.datetime(2026, month + 1, 7, 9, tzinfo=dt.UTC)
    with council.app.write() as session:
        manager = council.actor(session, "manager")
        form = returns.form(session, council.home, reference, period, council.at)
        typed = {
            f"measure_{box.measure.id}": "64.00" if box.measure.places else "70" for box in form.measures
        }
        typed |= {f"saving_{box.saving.id}": "9000" for box in form.savings}
        typed |= {box.expected_field: str(box.year_profile // 100) for box in form.savings}
        typed |= {box.field: box.milestone.forecast.isoformat() for box in form.milestones}
        typed |= {
            "narrative": "Rounds redrawn for the north depot.",
            "action": "The supplier works weekends.",
            "action_owner": "Waste Project Manager",
            "action_by": "2027-01-29",
            "spend": "0",
            "spend_forecast": str((form.allowed or 0) // 100),
        }
        returns.submit(session, council.home, reference, period, manager, council.at, typed)
    if month < 9:
        with council.app.write() as session:
            head = council.actor(session, "head")
            returns.verify(session, council.home, reference, period, head, council.at)


def _deciding(council: Council) -> None:
    """VFM-0002 has its second version before CMT, with one vote cast."""
    council.at = dt.datetime(2026, 11, 11, 9, tzinfo=dt.UTC)
    reference = council.create(
        "Temporary accommodation: nightly paid to leased", manager="other", department="PE"
    )
    council.outline_ready(reference, milestone=dt.date(2027, 3, 31))
    council.do(reference, "submit_outline", "other")
    with council.app.write() as session:
        other = council.actor(session, "other")
        text = "Costs have doubled in two years, and 41 families wait for more than six weeks. " * 3
        writing.save_section(session, council.home, reference, "outline", "why", text, other, council.at)
    council.do(reference, "replace_outline", "other")
    council.later(days=1)
    council.decide(reference, "chief", "approve")


def _drafting(council: Council) -> None:
    """VFM-0003 has just begun; VFM-0004 is ready to be submitted; VFM-0005 is on hold."""
    council.at = dt.datetime(2026, 10, 12, 9, tzinfo=dt.UTC)
    council.create("Parking permits online", kind="procurement")
    council.outline_ready(council.create("Print and post in one place"), milestone=dt.date(2026, 11, 13))
    council.create("Leisure centres: energy contract")
    council.do("VFM-0005", "hold", "head", reason="The landlord’s answer is awaited")


def _initial(council: Council) -> None:
    """VFM-0006 is in its initial stage, over its time."""
    council.at = dt.datetime(2026, 3, 3, 9, tzinfo=dt.UTC)
    reference = council.create("Planning validation at the first try", manager="other", department="PE")
    council.outline_ready(reference, milestone=dt.date(2027, 1, 15))
    council.do(reference, "submit_outline", "other")
    council.approve(reference)


def _ended(council: Council) -> None:
    """VFM-0007 was rejected, VFM-0008 withdrawn."""
    council.at = dt.datetime(2026, 5, 4, 9, tzinfo=dt.UTC)
    reference = council.create("Museum: shorter hours")
    council.outline_ready(reference)
    council.do(reference, "submit_outline")
    for key in ("chief", "place", "resources"):
        council.decide(reference, key, "reject", reason="A cut in service is not a gain")
    council.create("Fleet telematics")
    council.do("VFM-0008", "withdraw", "head", reason="Taken up in another project")
