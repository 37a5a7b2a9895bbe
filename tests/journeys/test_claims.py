"""The way of a saving: delivered, evidenced, verified by somebody else, banked, placed; and each way it is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.claims_support import (
    JOURNAL,
    act,
    banked,
    check,
    correct,
    delivering,
    give,
    line,
    on_line,
    put,
    quarter,
    the_register,
)
from tests.figures_support import events, ids, moment, saving
from tests.people import Council
from tests.store.test_history import broken
from vfm_workflow.domain.roles import Actor
from vfm_workflow.errors import BadInput, NotAllowed, NotFound
from vfm_workflow.journeys import banking, claims, digesting, savings, tasks
from vfm_workflow.store import figures, outbox, projects
from vfm_workflow.store.tables import Measure, Reading, SavingLine


@pytest.fixture
def project(council: Council) -> str:
    return delivering(council)


def test_a_saving_goes_the_whole_way_and_its_history_is_sound(council: Council, project: str) -> None:
    assert quarter(council, project).state == "delivered"
    row = put(council, project)
    assert quarter(council, project).state == "evidenced"
    assert row.id is not None
    act(council, claims.verify, project, row.id)
    assert quarter(council, project).state == "verified"
    act(council, banking.bank, project, row.id, form=JOURNAL)
    assert quarter(council, project).state == "banked"
    form = {"amount_budget_gap": "20,000", "amount_reserves": "100", "note": "As CMT said"}
    act(council, banking.place, project, row.id, form=form)
    found = the_register(council)
    assert found.counted.placed == found.counted.banked == 2_010_000
    assert found.placed == {"budget_gap": 2_000_000, "reserves": 10_000}
    wanted = ["saving_claimed", "saving_verified", "saving_banked", "saving_placed"]
    assert [event for event in events(council, project) if event.startswith("saving_")] == wanted
    assert broken(council) == []


# ------------------------------------------------------------------ claiming


def test_no_more_is_claimed_than_verified_returns_say_less_what_was_claimed_before(
    council: Council, project: str
) -> None:
    with pytest.raises(BadInput, match="at most £20,100 can be claimed"):
        put(council, project, "20,100.01")
    banked(council, project, "20,000")
    with pytest.raises(BadInput, match="of which £20,000 is claimed: at most £100 can be claimed"):
        put(council, project, "100.01")
    assert put(council, project, "100").amount == 10_000


def test_a_month_whose_return_is_not_verified_cannot_be_claimed(council: Council, project: str) -> None:
    give(council, project, "2026-07", verified=False, missed="88", saved="6,700")
    with pytest.raises(BadInput, match="have £0"):
        put(council, project, "1", quarter="2026-Q2")
    check(council, project, "2026-07")
    assert put(council, project, "6,700", quarter="2026-Q2").amount == 670_000


@pytest.mark.parametrize(
    ("form", "field", "said"),
    [
        ({"evidence": " "}, "evidence", "Say where the saving can be seen"),
        ({"amount": ""}, "amount", "Give the amount"),
        ({"amount": "0"}, "amount", "more than £0"),
        ({"amount": "-5"}, "amount", "more than £0"),
        ({"amount": "26k"}, "amount", "must be an amount in pounds"),
        ({"quarter": "2026-Q9"}, "quarter", "chosen from the list"),
        ({"quarter": "2026-Q3"}, "quarter", "has not begun yet"),
        ({"quarter": ""}, "quarter", "Choose the quarter"),
    ],
)
def test_what_is_wrong_with_a_claim_is_said_at_its_field(
    council: Council, project: str, form: dict[str, str], field: str, said: str
) -> None:
    with pytest.raises(BadInput) as refused:
        put(council, project, **{"amount": "100", **form})
    assert said in refused.value.fields[field]


def test_one_claim_of_a_quarter_is_open_at_a_time(council: Council, project: str) -> None:
    put(council, project, "100")
    with pytest.raises(NotAllowed, match="is with Finance already"):
        put(council, project, "100")


def test_only_who_manages_the_project_or_heads_its_service_puts_a_saving_before_finance(
    council: Council, project: str
) -> None:
    for key in ("finance", "other", "planning", "chief"):
        with pytest.raises(NotAllowed):
            put(council, project, by=key)
    assert put(council, project, by="head").amount == 2_010_000


def test_what_cmt_has_not_agreed_is_not_claimed(council: Council, project: str) -> None:
    new = saving(council, project, title="Later thought")
    with council.app.write() as session:
        who = council.actor(session, "manager")
        with pytest.raises(NotAllowed, match="CMT has not agreed “Later thought” yet"):
            claims.put(session, council.home, project, new.id or 0, who, council.at, form={})


# ------------------------------------------------------------------ quality


def test_a_saving_whose_cross_check_fell_is_not_claimed_and_the_register_says_so(council: Council) -> None:
    reference = delivering(council, missed="97")
    with pytest.raises(NotAllowed, match=r"quality fell.*97 per 100,000 in June 2026, worse than the 92"):
        put(council, reference)
    (row,) = the_register(council).rows
    assert row.quarters[0].state == "fell"
    assert row.amounts.evidenced == 0


def test_within_the_measures_tolerance_quality_has_kept(council: Council) -> None:
    reference = delivering(council, missed="97")
    with council.app.write() as session:
        measure = session.get(Measure, ids(council, reference)[0][1])
        assert measure is not None
        measure.tolerance = 5
    assert put(council, reference).amount == 2_010_000


def test_quality_that_fell_after_the_claim_stops_verifying_and_banking(
    council: Council, project: str
) -> None:
    row = put(council, project)
    worsen(council, project)
    with pytest.raises(NotAllowed, match="quality fell"):
        act(council, claims.verify, project, row.id or 0)


def test_quality_that_fell_after_verifying_stops_banking(council: Council, project: str) -> None:
    row = put(council, project)
    act(council, claims.verify, project, row.id or 0)
    worsen(council, project)
    with pytest.raises(NotAllowed, match="quality fell"):
        act(council, banking.bank, project, row.id or 0, form=JOURNAL)


def worsen(council: Council, reference: str) -> None:
    """Correct June's reading for the worse."""
    with council.app.write() as session:
        measure = ids(council, reference)[0][1]
        by = council.actor(session, "manager").id
        session.add(Reading(measure_id=measure, period="2026-06", number=2, value=120, at=council.at, by=by))


def test_where_nobody_knows_whether_quality_kept_finance_says_why_it_accepts_it(
    council: Council, project: str
) -> None:
    with council.app.write() as session:
        row = session.get(SavingLine, line(council, project))
        assert row is not None
        row.cross_check = None
    claim = put(council, project)
    with pytest.raises(BadInput, match="Say why you accept it") as refused:
        act(council, claims.verify, project, claim.id or 0)
    assert "No measure is named" in refused.value.fields["why"]
    found = act(council, claims.verify, project, claim.id or 0, "finance", "Ward survey of June")
    assert (found.quality, found.quality_why) == ("unknown", "Ward survey of June")


# ------------------------------------------------------------------ verifying


def test_nobody_verifies_what_they_evidenced_nor_a_deputy_for_them(council: Council, project: str) -> None:
    claim = put(council, project, by="head")
    with council.app.write() as session:
        finance = council.actor(session, "finance")
        head = council.actor(session, "head")
        for who, said in (
            (replace(head, role="finance_officer"), "You evidenced|manage or sponsor"),
            (replace(finance, stands_for=(head,)), "stand in for|manage or sponsor"),
        ):
            assert isinstance(who, Actor)
            with pytest.raises(NotAllowed, match=said):
                claims.verify(
                    session, council.home, project, line(council, project), claim.id or 0, who, council.at
                )


def test_who_evidenced_a_saving_verifies_it_on_no_project_that_was_theirs_either(
    council: Council, project: str
) -> None:
    """The project has another manager by now, so the claim alone says who evidenced it."""
    claim = put(council, project)
    with council.app.write() as session:
        theirs = projects.by_reference(session, project)
        manager, finance = council.actor(session, "manager"), council.actor(session, "finance")
        theirs.manager_id = council.actor(session, "other").id
        session.flush()
        for who, said in (
            (replace(manager, role="finance_officer"), "You evidenced this saving"),
            (replace(finance, stands_for=(manager,)), "Whom you stand in for evidenced this saving"),
        ):
            with pytest.raises(NotAllowed, match=said):
                claims.verify(
                    session, council.home, project, line(council, project), claim.id or 0, who, council.at
                )


def test_who_verifies_is_finance_and_nobody_else(council: Council, project: str) -> None:
    claim = put(council, project)
    for key in ("manager", "head", "chief", "auditor"):
        with pytest.raises(NotAllowed):
            act(council, claims.verify, project, claim.id or 0, key)
    with pytest.raises(NotFound):
        act(council, claims.verify, project, claim.id or 0, "admin")


def test_a_claim_is_refused_with_a_reason_and_may_be_made_again(council: Council, project: str) -> None:
    claim = put(council, project)
    with pytest.raises(BadInput, match="Say why it is refused"):
        act(council, claims.refuse, project, claim.id or 0, "finance", " ")
    act(council, claims.refuse, project, claim.id or 0, "finance", "The ledger has less")
    assert quarter(council, project).state == "refused"
    with council.app.read() as session:
        facts = [fact for fact in outbox.pending_facts(session) if fact.job == "saving_refused"]
        assert {fact.person_id for fact in facts} == {council.actor(session, "manager").id}
    with pytest.raises(NotAllowed, match="refused already"):
        act(council, claims.verify, project, claim.id or 0)
    assert put(council, project, "19,000").state == "evidenced"


def test_what_is_verified_may_still_be_refused_until_it_is_banked(council: Council, project: str) -> None:
    claim = put(council, project)
    act(council, claims.verify, project, claim.id or 0)
    act(council, claims.refuse, project, claim.id or 0, "finance", "Paid twice")
    other = banked(council, project)
    with pytest.raises(NotAllowed, match="banked already"):
        act(council, claims.refuse, project, other.id or 0, "finance", "Too late")


# ------------------------------------------------------------------ banking


def test_only_what_is_verified_and_cashable_is_banked_with_budget_and_journal(
    council: Council, project: str
) -> None:
    claim = put(council, project)
    with pytest.raises(NotAllowed, match="Only what is verified"):
        act(council, banking.bank, project, claim.id or 0, form=JOURNAL)
    act(council, claims.verify, project, claim.id or 0)
    with pytest.raises(BadInput) as refused:
        act(council, banking.bank, project, claim.id or 0, form={})
    assert set(refused.value.fields) == {"budget_code", "journal"}
    found = act(council, banking.bank, project, claim.id or 0, form=JOURNAL)
    assert (found.budget_code, found.journal) == ("SS-4210", "JNL-1")


def test_what_is_not_cashable_ends_when_it_is_verified(council: Council, project: str) -> None:
    with council.app.write() as session:
        row = session.get(SavingLine, line(council, project))
        assert row is not None
        row.cashable = False
    claim = put(council, project)
    act(council, claims.verify, project, claim.id or 0)
    with pytest.raises(NotAllowed, match="nothing to bank"):
        act(council, banking.bank, project, claim.id or 0, form=JOURNAL)
    with council.app.read() as session:
        found = tasks.waiting(session, council.home, council.actor(session, "finance"), council.at)
    assert not [task for task in found if task.kind == "saving"]


def test_the_parts_that_go_somewhere_are_never_more_than_was_banked(council: Council, project: str) -> None:
    claim = banked(council, project)
    with pytest.raises(BadInput, match="is more than the £20,100"):
        act(
            council,
            banking.place,
            project,
            claim.id or 0,
            form={"amount_budget_gap": "20,000", "amount_reserves": "100.01"},
        )
    act(council, banking.place, project, claim.id or 0, form={"amount_budget_gap": "20,000"})
    with pytest.raises(BadInput, match="is more than the £100"):
        act(council, banking.place, project, claim.id or 0, form={"amount_reserves": "101"})
    with pytest.raises(BadInput, match="at least one destination"):
        act(council, banking.place, project, claim.id or 0, form={})


def test_money_is_ring_fenced_until_a_day_or_until_it_is_lifted(council: Council, project: str) -> None:
    form = {"fence_amount": "5,000", "fence_budget": "ss-4210", "until": "31/3/2027", "fence_why": "Depot"}
    row = on_line(council, banking.fence, project, form=form)
    assert the_register(council).counted.fenced == 500_000
    with pytest.raises(BadInput, match="is ring-fenced"):
        on_line(council, banking.fence, project, form={**form, "fence_amount": "290,000"})
    council.later(days=400)
    assert the_register(council, year=2026).counted.fenced == 0
    council.later(days=-300)
    with council.app.write() as session:
        who = council.actor(session, "finance")
        banking.lift(
            session, council.home, project, line(council, project), row.id, who, council.at, "Depot is built"
        )
    assert the_register(council).counted.fenced == 0
    assert events(council, project)[-2:] == ["saving_fenced", "saving_fence_lifted"]


# ------------------------------------------------------------------ corrections


def test_a_correction_after_the_claim_is_named_in_the_register_and_in_finances_list(
    council: Council, project: str
) -> None:
    banked(council, project)
    correct(council, project, "2026-06", 600_000)
    ((row, said),) = the_register(council).warnings
    assert row.line.reference == project
    assert "the returns now say £19,400" in said
    assert "£700 too much" in said
    with council.app.read() as session:
        found = tasks.waiting(session, council.home, council.actor(session, "finance"), council.at)
    assert [task.why for task in found if task.kind == "correction"] == [said]


def test_a_correction_before_verifying_stops_it(council: Council, project: str) -> None:
    claim = put(council, project)
    correct(council, project, "2026-06", 600_000)
    with pytest.raises(NotAllowed, match=r"now have £19,400.*£20,100 is claimed"):
        act(council, claims.verify, project, claim.id or 0)


# ------------------------------------------------------------------ what waits


def test_finance_has_a_list_of_what_is_to_be_verified_banked_and_placed(
    council: Council, project: str
) -> None:
    def waits() -> list[str]:
        with council.app.read() as session:
            found = tasks.waiting(session, council.home, council.actor(session, "finance"), council.at)
        return [task.title for task in found if task.kind == "saving"]

    claim = put(council, project)
    assert waits() == ["Verify a saving"]
    act(council, claims.verify, project, claim.id or 0)
    assert waits() == ["Bank a saving"]
    act(council, banking.bank, project, claim.id or 0, form=JOURNAL)
    assert waits() == ["Say where a saving went"]
    act(council, banking.place, project, claim.id or 0, form={"amount_budget_gap": "20,100"})
    assert waits() == []


def test_finance_hears_of_what_waits_in_the_next_digest_once(council: Council, project: str) -> None:
    put(council, project)
    council.at = moment(2026, 7, 9)

    def told() -> list[str]:
        with council.app.write() as session:
            posted = digesting.write(session, council.home, council.at)
        return [mail.to for mail in posted if "saving" in mail.subject.lower()]

    assert told() == ["finance@wrenfold.example"]
    council.later(days=1)
    assert told() == []


def test_a_manager_is_told_what_was_verified_and_not_claimed(council: Council, project: str) -> None:
    def waits() -> list[str]:
        with council.app.read() as session:
            found = tasks.waiting(session, council.home, council.actor(session, "manager"), council.at)
        return [task.why for task in found if task.kind == "claim"]

    assert waits() == ["Verified returns have £20,100 of “Fewer rounds” for Q1 2026/27 that is not claimed."]
    put(council, project)
    assert waits() == []


# ------------------------------------------------------------------ counted once


def test_a_line_that_is_counted_in_another_is_not_claimed(council: Council, project: str) -> None:
    other = delivering(council, title="Shared rounds")
    with council.app.write() as session:
        row = session.get(SavingLine, line(council, project))
        assert row is not None
        row.counted_in = line(council, other)
    with pytest.raises(NotAllowed, match="is counted in “Fewer rounds” of VFM-0002"):
        put(council, project)


def test_a_line_that_was_claimed_stays_counted_where_it_is(council: Council, project: str) -> None:
    other = delivering(council, title="Shared rounds")
    put(council, project)
    form = agreed_form(council, project, counted_in=line(council, other))
    with pytest.raises(BadInput, match="is with Finance or banked, so it is counted here"):
        saving(council, project, line_id=line(council, project), **form)
    form = agreed_form(council, other, counted_in=line(council, project))
    assert saving(council, other, line_id=line(council, other), **form).counted_in == line(council, project)


def agreed_form(council: Council, reference: str, counted_in: int) -> dict[str, str]:
    """Return the form of a line as it stands, counted in another."""
    line_id = line(council, reference)
    with council.app.read() as session:
        row = session.get(SavingLine, line_id)
        assert row is not None
        years = {
            f"{part}_{year.year}": str(getattr(year, part) // 100)
            for year in figures.years(session, line_id)
            for part in savings.AMOUNTS
        }
        fixed = {"title": row.title, "cashable": "yes", "ongoing": "yes", "budget_code": row.budget_code}
        blank = {f"{part}_2027": "" for part in ("low", "high")}
        return {**blank, **fixed, "cross_check": str(row.cross_check), "counted_in": str(counted_in), **years}


def test_the_registers_totals_count_each_saving_once(council: Council) -> None:
    first, second = delivering(council), delivering(council, title="Shared rounds")
    assert the_register(council).counted.delivered == 4_020_000
    with council.app.write() as session:
        row = session.get(SavingLine, line(council, first))
        assert row is not None
        row.counted_in = line(council, second)
    found = the_register(council)
    assert (found.total.delivered, found.elsewhere.delivered, found.counted.delivered) == (
        4_020_000,
        2_010_000,
        2_010_000,
    )
    assert found.counted.gross == 8_000_000
