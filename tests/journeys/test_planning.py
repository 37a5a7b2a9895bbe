"""A plan is drafted freely, and what CMT agreed of it is changed by CMT alone."""

from __future__ import annotations

import pytest
from sqlmodel import Session

from tests.figures_support import element, events, known, measure, saving
from tests.people import Council
from vfm_workflow.domain.facts import MeasureFact
from vfm_workflow.errors import BadInput, NotAllowed, NotFound
from vfm_workflow.journeys import planning
from vfm_workflow.store import figures, history, projects
from vfm_workflow.store.tables import Condition


def test_a_draft_of_an_element_needs_only_its_title(council: Council) -> None:
    reference = council.create()
    row = element(council, reference, title=" Re-route \n the rounds ")
    assert (row.title, row.position, row.hours, row.gain_low) == ("Re-route the rounds", 1, None, None)
    assert events(council, reference) == ["created", "element_added"]


def test_every_bad_field_of_an_element_is_said_at_once_and_nothing_changes(council: Council) -> None:
    reference = council.create()
    row = element(council, reference, title="Re-route", hours="120")
    revision = council.project(reference).revision
    with pytest.raises(BadInput) as refused, council.app.write() as session:
        planning.save_element(
            session,
            council.home,
            reference,
            council.actor(session, "manager"),
            council.at,
            element_id=row.id,
            form={
                "title": "",
                "hours": "three weeks",
                "target": "31 February 2026",
                "gain_low": "26k",
                "gain_high": "2.5%",
            },
        )
    assert refused.value.fields == {
        "title": "Write what this element of the plan is",
        "hours": "The staff hours must be a whole number of hours, like 120",
        "target": "The target date must be a real date: February 2026 has 28 days",
        "gain_low": "The low end of the gains must be an amount in pounds, like 26000 or 1,250.50",
        "gain_high": "The high end of the gains must be an amount in pounds, like 26000 or 1,250.50",
    }
    assert council.project(reference).revision == revision
    with council.app.read() as session:
        assert [e.title for e in known(session, council, reference, "plan").plan] == ["Re-route"]


def test_an_element_is_changed_with_its_old_values_in_the_history(council: Council) -> None:
    reference = council.create()
    row = element(council, reference, title="Re-route", gain_low="40,000", gain_high="£60,000")
    with council.app.write() as session:
        manager = council.actor(session, "manager")
        form = {"title": "Re-route", "target": "6/11/2026", "gain_low": "50000", "gain_high": "60000"}
        planning.save_element(
            session, council.home, reference, manager, council.at, element_id=row.id, form=form
        )
        planning.save_element(
            session, council.home, reference, manager, council.at, element_id=row.id, form=form
        )
        changes = [r for r in history.of(session, 1) if r.event == "element_changed"]
    assert len(changes) == 1  # the second save changed nothing
    assert '"gain_low":[4000000,5000000]' in changes[0].detail
    assert '"target":[null,"2026-11-06"]' in changes[0].detail


def test_gains_run_from_low_to_high(council: Council) -> None:
    with pytest.raises(BadInput, match="must not be less than the low end, £60,000"):
        element(council, council.create(), title="Re-route", gain_low="60000", gain_high="40000")


def test_an_element_is_removed_by_its_own_project_only(council: Council) -> None:
    reference, other = council.create(), council.create("Voids", manager="other", department="PE")
    row = element(council, reference, title="Re-route")
    with pytest.raises(NotFound, match="no such element"), council.app.write() as session:
        planning.remove_element(
            session, council.home, other, row.id or 0, council.actor(session, "other"), council.at
        )
    with council.app.write() as session:
        planning.remove_element(
            session, council.home, reference, row.id or 0, council.actor(session, "manager"), council.at
        )
    assert events(council, reference)[-1] == "element_removed"


@pytest.mark.parametrize("outsider", ["other", "planning", "finance", "auditor", "admin", "chief"])
def test_nobody_else_plans_a_project(council: Council, outsider: str) -> None:
    reference = council.create()
    for attempt in (
        lambda: element(council, reference, outsider, title="X"),
        lambda: measure(council, reference, outsider),
    ):
        with pytest.raises((NotAllowed, NotFound)):
            attempt()
    assert events(council, reference) == ["created"]


def test_a_head_of_service_plans_with_the_manager(council: Council) -> None:
    reference = council.create()
    element(council, reference, "head", title="Depot")
    assert saving(council, reference, "head").position == 1


def test_a_stage_that_takes_no_plan_says_which_it_is(council: Council) -> None:
    reference = council.create()
    council.do(reference, "withdraw", "head", reason="No longer needed")
    with pytest.raises(NotAllowed, match="is in the stage Withdrawn, which does not take changes"):
        element(council, reference, title="Too late")


def test_a_measure_is_kept_in_whole_steps_of_its_unit(council: Council) -> None:
    reference = council.create()
    row = measure(council, reference, baseline="71%", target="78.5")
    with council.app.read() as session:
        rows = figures.targets(session, row.id or 0)
    assert [(t.number, t.baseline, t.target) for t in rows] == [(1, 710, 785)]


def test_every_bad_field_of_a_measure_is_said_at_once(council: Council) -> None:
    reference = council.create()
    with pytest.raises(BadInput) as refused:
        measure(
            council,
            reference,
            name="",
            kind="",
            direction="up",
            places="9",
            unit="bins",
            baseline="£26k",
            target="55%",
        )
    assert set(refused.value.fields) == {"name", "kind", "direction", "places", "baseline", "target"}
    assert refused.value.fields["baseline"].endswith("without its unit: bins")


def test_a_baseline_needs_its_target(council: Council) -> None:
    with pytest.raises(BadInput) as refused:
        measure(council, council.create(), target="")
    assert refused.value.fields == {
        "target": "The baseline and the target are agreed together: give the target too"
    }


def test_a_measure_may_be_drafted_without_figures(council: Council) -> None:
    reference = council.create()
    row = measure(council, reference, baseline="", target="")
    with council.app.read() as session:
        assert figures.targets(session, row.id or 0) == []
    assert known_measure(council, reference).baseline is None


def known_measure(council: Council, reference: str) -> MeasureFact:
    with council.app.read() as session:
        found: MeasureFact = known(session, council, reference, "measures").measures[-1]
        return found


def test_new_draft_figures_stand_beside_the_old(council: Council) -> None:
    reference = council.create()
    row = measure(council, reference)
    measure(council, reference, measure_id=row.id, target="80")
    measure(council, reference, measure_id=row.id, target="80")
    with council.app.read() as session:
        assert [t.target for t in figures.targets(session, row.id or 0)] == [785, 800]
    assert events(council, reference)[-2:] == ["measure_added", "measure_changed"]


def test_decimal_places_stay_once_there_are_figures(council: Council) -> None:
    reference = council.create()
    row = measure(council, reference)
    with pytest.raises(BadInput, match="cannot change once figures are given"):
        measure(council, reference, measure_id=row.id, places="2")


def approved(council: Council) -> str:
    reference = council.create()
    council.outline_ready(reference)
    council.do(reference, "submit_outline")
    council.approve(reference)
    return reference


AGREED = {
    "name": "Missed collections",
    "kind": "performance",
    "unit": "per 100,000",
    "places": "0",
    "direction": "lower",
    "baseline": "92",
    "target": "60",
}


def test_once_cmt_has_agreed_a_target_only_cmt_re_baselines_it(council: Council) -> None:
    reference = approved(council)
    council.later(days=3)
    for change in (
        {"target": "75"},
        {"baseline": "100"},
        {"unit": "per 1,000"},
        {"direction": "higher"},
        {"name": "Bins"},
    ):
        with pytest.raises(
            NotAllowed, match=r"from 92 to 60 per 100,000\. Only a decision of CMT re-baselines it"
        ):
            measure(council, reference, measure_id=2, **{**AGREED, **change})
    assert known_measure(council, reference).target == 60


def test_how_an_agreed_measure_is_reckoned_may_still_be_written_down(council: Council) -> None:
    reference = approved(council)
    row = measure(council, reference, measure_id=2, **{**AGREED, "numerator": "Bins reported missed"})
    assert row.numerator == "Bins reported missed"


def test_a_target_changed_while_cmt_considers_is_not_what_cmt_agreed(council: Council) -> None:
    reference = council.create()
    council.outline_ready(reference)
    council.do(reference, "submit_outline")
    council.later(hours=1)
    measure(
        council, reference, measure_id=2, **{**AGREED, "target": "75"}
    )  # a draft, for a version CMT never saw
    council.later(hours=1)
    council.approve(reference)
    with pytest.raises(NotAllowed, match="from 92 to 60"):
        measure(council, reference, measure_id=2, **{**AGREED, "target": "74"})
    measure(council, reference, measure_id=2, **AGREED)
    assert known_measure(council, reference).target == 60


def test_a_measure_added_after_approval_is_free_until_cmt_sees_it(council: Council) -> None:
    reference = approved(council)
    council.later(days=3)
    row = measure(council, reference)
    council.later(days=1)
    measure(council, reference, measure_id=row.id, target="80")
    council.recommendations_ready(reference)
    council.later(days=1)
    council.do(reference, "submit_recommendations")
    council.approve(reference)
    with pytest.raises(NotAllowed, match="re-baselines"):
        measure(council, reference, measure_id=row.id, target="79")


def remove_measure(council: Council, reference: str, measure_id: int | None) -> None:
    with council.app.write() as session:
        manager = council.actor(session, "manager")
        planning.remove_measure(session, council.home, reference, measure_id or 0, manager, council.at)


def test_a_draft_measure_is_removed(council: Council) -> None:
    reference = council.create()
    remove_measure(council, reference, measure(council, reference, baseline="", target="").id)
    assert events(council, reference)[-1] == "measure_removed"


def test_a_measure_with_figures_stays_once_cmt_has_approved_anything(council: Council) -> None:
    """It was added after the outline was approved: the database keeps its figures, and the page says so."""
    reference = council.create()
    council.outline_ready(reference)
    council.do(reference, "submit_outline")
    council.approve(reference)
    council.later(days=1)
    row = measure(council, reference)
    with pytest.raises(NotAllowed, match="they stay from then on"):
        remove_measure(council, reference, row.id)


def test_a_draft_measure_is_removed_with_its_draft_figures(council: Council) -> None:
    reference = council.create()
    row = measure(council, reference)
    with council.app.write() as session:
        manager = council.actor(session, "manager")
        planning.save_peers(
            session,
            council.home,
            reference,
            row.id or 0,
            manager,
            council.at,
            peers={"Ashby": "70"},
            source="CIPFA",
        )
    remove_measure(council, reference, row.id)
    with council.app.read() as session:
        assert known(session, council, reference, "measures").measures == []


def test_an_agreed_measure_stays(council: Council) -> None:
    reference = approved(council)
    with pytest.raises(NotAllowed, match="CMT agreed “Cost per household”, so it stays"):
        remove_measure(council, reference, 1)


def test_a_measure_that_guards_a_saving_stays(council: Council) -> None:
    reference = council.create()
    row = measure(council, reference)
    saving(council, reference, cross_check=str(row.id))
    with pytest.raises(NotAllowed, match="“Fuel” names “Satisfied residents” as its quality check"):
        remove_measure(council, reference, row.id)


def peers(
    council: Council, reference: str, measure_id: int | None, source: str = "CIPFA 2025", **values: str
) -> list[str]:
    with council.app.write() as session:
        manager = council.actor(session, "manager")
        rows = planning.save_peers(
            session,
            council.home,
            reference,
            measure_id or 0,
            manager,
            council.at,
            peers=values,
            source=source,
        )
        return [f"{row.peer} {row.value}" for row in rows]


def test_other_councils_values_are_kept_with_their_source(council: Council) -> None:
    reference = council.create()
    row = measure(council, reference)
    assert peers(council, reference, row.id, Ashby="70%", Barley="68.2") == ["Ashby 700", "Barley 682"]
    assert peers(council, reference, row.id, Ashby="71", Barley="") == ["Ashby 710"]
    count = len(events(council, reference))
    peers(council, reference, row.id, Ashby="71")
    assert len(events(council, reference)) == count


def test_a_peer_s_value_needs_its_source_and_its_unit(council: Council) -> None:
    reference = council.create()
    row = measure(council, reference)
    with pytest.raises(BadInput) as refused:
        peers(council, reference, row.id, source="", Ashby="£70", Barley="68")
    assert set(refused.value.fields) == {"peer_Ashby", "source"}


def test_a_saving_is_kept_in_whole_pence_over_its_years(council: Council) -> None:
    reference = council.create()
    row = saving(council, reference)
    assert (row.budget_code, row.cashable, row.ongoing) == ("SS-4300", True, True)
    with council.app.read() as session:
        years = [(y.year, y.low, y.expected, y.high, y.cost) for y in figures.years(session, row.id or 0)]
    assert years == [
        (2026, 1_200_000, 1_200_000, 1_200_000, 500_000),
        (2027, 2_000_000, 2_400_000, 3_000_000, 0),
    ]


def test_a_year_is_taken_out_of_a_draft_profile(council: Council) -> None:
    reference = council.create()
    row = saving(council, reference)
    cleared = dict.fromkeys(("low_2027", "expected_2027", "high_2027"), "")
    saving(council, reference, line_id=row.id, **cleared)
    with council.app.read() as session:
        assert [y.year for y in figures.years(session, row.id or 0)] == [2026]


def test_every_bad_field_of_a_saving_is_said_at_once(council: Council) -> None:
    reference, other = council.create(), council.create("Voids", manager="other", department="PE")
    council.outline_ready(other)
    with pytest.raises(BadInput) as refused:
        saving(
            council,
            reference,
            title="",
            cashable="perhaps",
            ongoing="",
            cross_check="1",
            counted_in="99",
            expected_2026="26k",
            low_2027="30000",
            high_2027="1",
            cost_2028="50",
            expected_1850="1",
        )
    assert refused.value.fields == {
        "title": "Write what is saved",
        "cashable": "Choose whether the saving is cashable",
        "ongoing": "Choose whether the saving is ongoing or one-off",
        "cross_check": "The quality check must be one of the project's own measures",
        "counted_in": "Choose a saving of another project to count this one in",
        "expected_1850": "The year must be from 2000 to 2099",
        "expected_2026": "The amount expected in 2026/27 must be an amount in pounds, like 26000 or 1,250.50",
        "low_2027": "The low amount in 2027/28 must not be more than the £24,000 expected",
        "high_2027": "The high amount in 2027/28 must not be less than the £24,000 expected",
        "expected_2028": "Give the amount expected in 2028/29, 0 if none",
    }


def test_a_quality_check_is_a_measure_of_performance(council: Council) -> None:
    reference = council.create()
    row = measure(council, reference, kind="unit_cost", unit="£ per head")
    with pytest.raises(BadInput, match="must be a measure of performance, not of cost"):
        saving(council, reference, cross_check=str(row.id))


def test_once_cmt_has_agreed_a_profile_only_cmt_changes_it(council: Council) -> None:
    reference = approved(council)
    agreed = {
        "title": "Fewer rounds", "budget_code": "SS-4210", "cross_check": "2", "cost_2026": "", "low_2026": "40000",
        "expected_2026": "80000", "high_2026": "160000", "low_2027": "105000", "expected_2027": "210000",
        "high_2027": "420000",
    }  # fmt: skip
    for change in (
        {"expected_2026": "70000"},
        {"expected_2028": "1"},
        {"cashable": "no"},
        {"title": "Rounds"},
    ):
        with pytest.raises(NotAllowed, match="Only a decision of CMT re-baselines it"):
            saving(council, reference, line_id=1, **{**agreed, **change})
    assert saving(council, reference, line_id=1, **{**agreed, "budget_code": "SS-9"}).budget_code == "SS-9"


def test_a_saving_found_after_approval_is_free_until_cmt_sees_it(council: Council) -> None:
    reference = approved(council)
    council.later(days=1)
    row = saving(council, reference)
    saving(council, reference, line_id=row.id, expected_2026="13000")
    with council.app.write() as session:
        manager = council.actor(session, "manager")
        planning.remove_saving(session, council.home, reference, row.id or 0, manager, council.at)
    with (
        council.app.write() as session,
        pytest.raises(NotAllowed, match="CMT agreed “Fewer rounds”, so it stays"),
    ):
        planning.remove_saving(
            session, council.home, reference, 1, council.actor(session, "manager"), council.at
        )


def warnings(council: Council) -> list[planning.DoubleCount]:
    with council.app.read() as session:
        return planning.double_counts(session, council.home)


def test_two_projects_that_save_on_one_budget_in_one_year_are_warned_of(council: Council) -> None:
    mine, theirs = council.create(), council.create("Fleet", manager="other", department="PE")
    saving(council, mine)
    saving(council, theirs, "other", title="Vans", budget_code=" SS-4300 ", expected_2026="0", low_2026="0")
    found = warnings(council)
    assert [(w.warning, w.projects, w.years) for w in found] == [("same_budget", (mine, theirs), (2027,))]
    assert found[0].sentence == (
        f"“Fuel” of {mine} and “Vans” of {theirs} both save on the budget SS-4300 in 2027/28. If it is one saving, say in "
        "which of the two it is counted."
    )


def test_a_line_counted_in_another_is_counted_once_and_listed(council: Council) -> None:
    parent, child = council.create("Procurement"), council.create("Fleet", manager="other", department="PE")
    above = saving(council, parent)
    saving(council, child, "other", title="Vans", counted_in=str(above.id))
    assert [(w.warning, w.projects) for w in warnings(council)] == [("counted_once", (child, parent))]
    with (
        council.app.write() as session,
        pytest.raises(NotAllowed, match="“Vans” of another project is counted in “Fuel”"),
    ):
        planning.remove_saving(
            session, council.home, parent, above.id or 0, council.actor(session, "manager"), council.at
        )


def test_two_lines_cannot_be_counted_in_each_other(council: Council) -> None:
    parent, child = council.create("Procurement"), council.create("Fleet", manager="other", department="PE")
    above = saving(council, parent)
    below = saving(council, child, "other", counted_in=str(above.id))
    with pytest.raises(BadInput, match="neither would be counted"):
        saving(council, parent, line_id=above.id, counted_in=str(below.id))
    with pytest.raises(BadInput, match="Choose a saving of another project"):
        saving(council, parent, line_id=above.id, counted_in=str(above.id))
    with pytest.raises(BadInput, match="The line it is counted in must be chosen from the list"):
        saving(council, parent, line_id=above.id, counted_in="9" * 30)


def test_a_withdrawn_project_counts_nothing_twice(council: Council) -> None:
    mine, theirs = council.create(), council.create("Fleet", manager="other", department="PE")
    saving(council, mine)
    saving(council, theirs, "other")
    council.do(theirs, "withdraw", "planning", reason="Overtaken")
    assert warnings(council) == []


def conditional(council: Council) -> tuple[str, int]:
    """Return a project approved with one condition, and the condition's id."""
    reference = council.create()
    council.outline_ready(reference)
    council.do(reference, "submit_outline")
    council.approve(reference, "place", "resources")
    council.decide(reference, "chief", "approve_with_conditions", conditions="Consult the ward members")
    return reference, 1


def discharge(
    council: Council, session: Session, reference: str, by: str, how: str, condition_id: int = 1
) -> Condition:
    actor = council.actor(session, by)
    return planning.discharge_condition(
        session, council.home, reference, condition_id, actor, council.at, how
    )


def test_a_head_of_service_discharges_a_condition_and_says_how(council: Council) -> None:
    reference, _ = conditional(council)
    with council.app.write() as session:
        assert discharge(council, session, reference, "head", "Met on 3 March").how == "Met on 3 March"
    assert events(council, reference)[-1] == "condition_discharged"
    with (
        council.app.write() as session,
        pytest.raises(NotAllowed, match="discharged by the Head of Street Scene already"),
    ):
        discharge(council, session, reference, "chief", "Again")


def test_a_condition_is_not_discharged_by_the_manager_nor_without_saying_how(council: Council) -> None:
    reference, _ = conditional(council)
    with council.app.write() as session:
        with pytest.raises(NotAllowed, match="Head of Service or a member of CMT may"):
            discharge(council, session, reference, "manager", "Done")
        with pytest.raises(NotAllowed, match="Head of Service or a member of CMT may"):
            discharge(council, session, reference, "planning", "Done")
        with pytest.raises(BadInput, match="Say how the condition was met"):
            discharge(council, session, reference, "head", " \n")
        with pytest.raises(NotFound, match="no such condition"):
            discharge(council, session, reference, "head", "Done", 99)
        with pytest.raises(NotFound, match="no such condition"):
            discharge(council, session, reference, "holder", "Done")


def test_what_the_history_keeps_of_a_plan_holds_together(council: Council) -> None:
    reference, _ = conditional(council)
    council.later(days=1)
    element(council, reference, title="Depot", target="1 May 2026")
    saving(council, reference)
    measure(council, reference)
    with council.app.read() as session:
        assert list(history.verify(session)) == []
        assert projects.by_reference(session, reference).revision == len(history.of(session, 1))
