"""The register outlives a project's end: reviews, what it goes on delivering, partners' parts, and what Members see of it."""

from __future__ import annotations

import datetime as dt

import pytest

from tests.claims_support import (
    act,
    banked,
    close,
    delivering,
    give,
    on_line,
    partner_of,
    put,
    quarter,
    the_register,
)
from tests.figures_support import events, moment
from tests.people import Council
from tests.statements import heard
from tests.store.test_history import broken
from vfm_workflow.domain.roles import may
from vfm_workflow.errors import BadInput, NotAllowed, NotFound
from vfm_workflow.journeys import claims, digesting, register, review_dates, reviews, shares, tasks
from vfm_workflow.store import register as register_store
from vfm_workflow.store import returns as return_store
from vfm_workflow.store import reviews as store
from vfm_workflow.store.tables import BenefitsReview

D = dt.date
FOUND = {"sustained": "partly", "finding": "One crew is back for the winter."}


@pytest.fixture
def closed(council: Council) -> str:
    reference = delivering(council)
    close(council, reference)
    return reference


def review(
    council: Council, reference: str, number: int = 1, by: str = "head", **form: str
) -> BenefitsReview:
    with council.app.write() as session:
        who = council.actor(session, by)
        return reviews.review(
            session, council.home, reference, number, who, council.at, form={**FOUND, **form}
        )


def rows(council: Council, reference: str) -> list[BenefitsReview]:
    with council.app.read() as session:
        return store.of(session, council.project(reference).id or 0)


# ------------------------------------------------------------------ benefits reviews


@pytest.mark.parametrize("kind", ["delivery_model", "authority_wide"])
def test_each_lifecycle_that_ships_has_one_good_end_after_which_reviews_come(
    council: Council, kind: str
) -> None:
    stages = council.home.lifecycle_for(kind).stages
    assert [key for key, stage in stages.items() if review_dates.ended_well(stage)] == ["closed"]


def test_reviews_fall_on_working_days_after_the_end(council: Council, closed: str) -> None:
    assert council.at.date() == D(2026, 7, 8)
    assert [(row.number, row.due_on) for row in rows(council, closed)] == [
        (1, D(2027, 1, 8)), (2, D(2027, 7, 8)), (3, D(2028, 7, 10)),
    ]  # fmt: skip


def test_a_project_that_ends_badly_is_not_reviewed(council: Council) -> None:
    reference = delivering(council)
    council.do(reference, "withdraw", "head", reason="No money")
    assert rows(council, reference) == []


def test_a_review_says_whether_the_savings_are_still_there(council: Council, closed: str) -> None:
    row = review(council, closed)
    assert (row.sustained, row.finding, row.done_on) == ("partly", FOUND["finding"], council.at.date())
    assert events(council, closed)[-1] == "benefits_reviewed"
    with pytest.raises(NotAllowed, match="was done on"):
        review(council, closed)
    assert broken(council) == []


def test_reviews_are_done_in_order_by_who_may_and_with_a_finding(council: Council, closed: str) -> None:
    with pytest.raises(NotAllowed, match="comes first"):
        review(council, closed, 2)
    with pytest.raises(BadInput) as refused:
        review(council, closed, sustained="perhaps", finding="")
    assert set(refused.value.fields) == {"sustained", "finding"}
    for key in ("manager", "planning", "chief", "auditor"):
        with pytest.raises(NotAllowed):
            review(council, closed, by=key)
    with pytest.raises(NotFound):
        review(council, closed, 9)
    assert review(council, closed, by="finance").done_by == council.who("finance").id


def test_a_review_is_announced_before_its_day_and_chased_after_it(council: Council, closed: str) -> None:
    def told(day: D) -> set[str]:
        council.at = moment(day.year, day.month, day.day)
        with council.app.write() as session:
            posted = digesting.write(session, council.home, council.at)
        return {mail.to.partition("@")[0] for mail in posted if "review" in mail.subject.lower()}

    assert told(D(2026, 12, 1)) == set()
    assert told(D(2026, 12, 22)) == {"head", "finance"}
    assert told(D(2026, 12, 23)) == set()
    assert told(D(2027, 1, 11)) == {"head", "finance"}
    review(council, closed)
    assert told(D(2027, 1, 25)) == set()


def test_a_review_that_is_near_or_due_stands_among_the_tasks_of_who_does_it(
    council: Council, closed: str
) -> None:
    def waits(key: str) -> list[bool]:
        with council.app.read() as session:
            found = tasks.waiting(session, council.home, council.actor(session, key), council.at)
        return [task.late for task in found if task.kind == "review"]

    assert waits("head") == []
    council.at = moment(2027, 1, 4)
    assert waits("head") == waits("finance") == [False]
    council.at = moment(2027, 1, 12)
    assert waits("head") == [True]
    assert waits("manager") == waits("planning") == []


# ------------------------------------------------------------------ delivered after the end


def test_finance_says_what_a_closed_project_goes_on_delivering_and_it_is_claimed(
    council: Council, closed: str
) -> None:
    council.at = moment(2026, 10, 8)
    for month in ("2026-07", "2026-08"):
        on_line(
            council, claims.deliver, closed, form={"period": month, "delivered": "7,000", "seen": "Ledger"}
        )
    found = quarter(council, closed, "2026-Q2")
    assert (found.delivered, found.confirmed) == (1_400_000, 1_400_000)
    claim = put(council, closed, "14,000", quarter="2026-Q2")
    with pytest.raises(BadInput, match="no reading in Q2 2026/27"):
        act(council, claims.verify, closed, claim.id or 0)
    act(council, claims.verify, closed, claim.id or 0, "finance", "Survey of September")
    assert quarter(council, closed, "2026-Q2").state == "verified"


def test_a_correction_after_the_end_stands_beside_the_first(council: Council, closed: str) -> None:
    council.at = moment(2026, 8, 8)
    form = {"period": "2026-07", "delivered": "7,000", "seen": "Ledger"}
    on_line(council, claims.deliver, closed, form=form)
    with pytest.raises(BadInput, match="is what is entered"):
        on_line(council, claims.deliver, closed, form=form)
    row = on_line(council, claims.deliver, closed, form={**form, "delivered": "6,500"})
    assert (row.number, row.source, row.delivered) == (2, "finance", 650_000)
    assert quarter(council, closed, "2026-Q2").delivered == 650_000


def test_a_month_that_has_its_own_return_is_not_said_by_finance(council: Council, closed: str) -> None:
    for month in ("2026-06", "2026-07", "2030-01", "soon"):
        with pytest.raises(BadInput) as refused:
            on_line(
                council, claims.deliver, closed, form={"period": month, "delivered": "1", "seen": "Ledger"}
            )
        assert "period" in refused.value.fields, month
    council.at = moment(2026, 8, 8)
    with pytest.raises(NotAllowed):
        on_line(council, claims.deliver, closed, "manager", form={})


# ------------------------------------------------------------------ partners


def test_a_partners_own_part_is_said_and_counted_nowhere(council: Council) -> None:
    reference = delivering(council)
    with pytest.raises(NotAllowed, match="names no partner"):
        on_line(council, shares.save_shares, reference, "manager", form={"share_2026": "5,000"})
    partner_of(council, reference, "Calverholt District Council")
    before = the_register(council).counted
    on_line(
        council, shares.save_shares, reference, "manager", form={"share_2026": "5,000", "share_2027": "9,000"}
    )
    (row,) = the_register(council).rows
    assert row.shares == {"Calverholt District Council": 500_000}
    assert the_register(council).counted == before
    with pytest.raises(BadInput, match="must not be less"):
        on_line(council, shares.save_shares, reference, "manager", form={"share_2026": "-1"})
    on_line(council, shares.save_shares, reference, "manager", form={"share_2026": ""})
    assert the_register(council).rows[0].shares == {}
    assert events(council, reference)[-2:] == ["saving_share", "saving_share"]


def test_who_may_say_a_partners_part(council: Council) -> None:
    roles = council.home.roles
    for key, wanted in (("manager", True), ("finance", True), ("chief", False), ("holder", False)):
        assert may(roles, council.who(key), "savings.share") is wanted, key


# ------------------------------------------------------------------ release


def test_members_see_in_the_register_what_is_released_to_them_and_verified(council: Council) -> None:
    reference = delivering(council)
    banked(council, reference)
    found = the_register(council, "holder")
    assert found.through == "2026-03"
    assert (found.counted.delivered, found.counted.banked, found.counted.cost) == (0, 0, 0)
    assert found.counted.gross == 8_000_000, "as CMT agreed it"
    give(council, reference, "2026-07", missed="88", saved="9,999")
    found = the_register(council, "holder")
    assert found.through == "2026-06"
    assert (found.counted.delivered, found.counted.banked) == (2_010_000, 2_010_000)
    assert the_register(council).counted.delivered == 3_009_900


def test_members_see_nothing_of_a_return_that_is_not_verified_nor_of_what_cmt_has_not_agreed(
    council: Council,
) -> None:
    reference = delivering(council)
    council.outline_ready(council.create("Only begun"))
    with council.app.write() as session:
        row = return_store.find(session, council.project(reference).id or 0, "2026-06")
        assert row is not None
        row.state, row.verified_at, row.verified_by = "submitted", None, None
    council.at = moment(2026, 8, 7)
    found = the_register(council, "holder")
    assert [row.line.reference for row in found.rows] == [reference]
    assert found.counted.delivered == 1_340_000
    assert len(the_register(council).rows) == 2


def test_the_registers_statements_do_not_grow_with_its_lines(council: Council) -> None:
    for title in ("One", "Two", "Three"):
        delivering(council, title=title)
    with council.app.read() as session:
        ids = register_store.chosen(register_store.Wanted())
        assert len(register_store.lines(session, ids)) == 3
    counted = [statements(council, number) for number in (1, 3)]
    assert counted[0] == counted[1] <= 20


def statements(council: Council, most: int) -> int:
    """Return how many statements the register of the first projects takes."""
    asked = register.Asked(2026, project_id=1 if most == 1 else None)
    with heard(council) as seen, council.app.read() as session:
        found = register.of(session, council.home, council.at, asked)
    assert len(found.rows) == most
    return len(seen)
