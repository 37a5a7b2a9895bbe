"""A project reports each month: its manager writes, its Head of Service verifies, rules give the colour."""

from __future__ import annotations

import datetime as dt
import json

import pytest

from tests.figures_support import events, ids, moment, saving, submit, the_return, typed
from tests.people import Council
from vfm_workflow.errors import BadInput, NotAllowed, NotFound, StaleRevision
from vfm_workflow.journeys import dates, returns
from vfm_workflow.journeys import projects as begin
from vfm_workflow.journeys.return_form import ReturnForm
from vfm_workflow.store import history, outbox, projects
from vfm_workflow.store import returns as store


@pytest.fixture
def reference(council: Council) -> str:
    """A project in implementation since 2 March 2026; it is 5 May, and its milestone is agreed for 30 June."""
    reference = council.create()
    council.to_implementation(reference)
    council.at = moment(2026, 5, 5)
    return reference


def months(council: Council, reference: str) -> list[returns.Month]:
    with council.app.read() as session:
        return returns.periods(session, council.home, projects.by_reference(session, reference), council.at)


def show(council: Council, reference: str, period: str) -> ReturnForm:
    with council.app.read() as session:
        return returns.form(session, council.home, reference, period, council.at)


def verify(council: Council, reference: str, period: str, by: str = "head") -> None:
    with council.app.write() as session:
        returns.verify(session, council.home, reference, period, council.actor(session, by), council.at)


def send_back(
    council: Council, reference: str, period: str, by: str = "head", reason: str = "Wrong month"
) -> None:
    with council.app.write() as session:
        returns.send_back(
            session, council.home, reference, period, council.actor(session, by), council.at, reason
        )


def test_a_return_is_expected_for_each_month_that_ended_in_a_monitored_stage(
    council: Council, reference: str
) -> None:
    assert months(council, reference) == [
        ("2026-03", "missing", dt.date(2026, 4, 9)),  # the fifth working day after Easter
        ("2026-04", "missing", dt.date(2026, 5, 8)),
    ]


def test_a_month_that_ended_on_hold_owes_no_return(council: Council, reference: str) -> None:
    council.at = moment(2026, 5, 20)
    council.do(reference, "hold", "head", reason="An election")
    council.at = moment(2026, 6, 9)
    council.do(reference, "resume", "head")
    council.at = moment(2026, 7, 1)
    assert [month.period for month in months(council, reference)] == ["2026-03", "2026-04", "2026-06"]


def test_an_outline_owes_no_return(council: Council) -> None:
    reference = council.create()
    council.at = moment(2026, 9, 1)
    assert months(council, reference) == []


def test_the_month_that_is_running_takes_no_return_yet(council: Council, reference: str) -> None:
    with pytest.raises(NotFound, match="May 2026 is not over yet"):
        submit(council, reference, "2026-05")
    with pytest.raises(NotFound, match="owes no return for February 2026"):
        show(council, reference, "2026-02")
    for nonsense in ("2026-13", "soon", "2026-W1", "2026-4", "0001-01", "٢٠٢٦-٠٤"):
        with pytest.raises(NotFound, match="is no month"):
            show(council, reference, nonsense)


def test_midnight_in_london_ends_the_month(council: Council) -> None:
    reference = council.create()
    council.to_implementation(reference)
    council.at = dt.datetime(2026, 4, 30, 23, 30, tzinfo=dt.UTC)  # half past midnight on 1 May there
    council.do(reference, "hold", "head", reason="An election")
    council.at = moment(2026, 6, 2)
    assert [month.period for month in months(council, reference)] == ["2026-03", "2026-04"]


def test_a_manager_submits_and_everything_changes_together(council: Council, reference: str) -> None:
    row = submit(council, reference, "2026-04", forecast="29 June 2026")
    assert (row.state, row.rag, row.spend, row.days_used) == ("submitted", "green", 120_000, 8)
    project = council.project(reference)
    assert project.rag == "green"
    with council.app.read() as session:
        readings = store.readings(session, project.id or 0, "2026-04")
        delivered = store.delivered(session, project.id or 0, "2026-04")
        entries = history.of(session, project.id or 0, 2)
        assert list(history.verify(session)) == []
    assert [rows[-1].value for rows in readings.values()] == [7050, 88]
    assert [rows[-1].value for rows in delivered.values()] == [666_667]
    assert [entry.event for entry in entries] == ["return_submitted", "forecast_moved"]
    assert json.loads(entries[1].detail) == {
        "milestone": "Contract signed",
        "from": "2026-06-30",
        "to": "2026-06-29",
    }
    assert entries[1].reason == "Return for April 2026"
    assert json.loads(entries[0].detail)["figures"] == {
        "Cost per household": "70.50",
        "Missed collections": "88",
    }


def test_every_bad_box_is_said_at_once_and_only_the_draft_is_kept(council: Council, reference: str) -> None:
    measures, savings, milestones = ids(council, reference)
    before = council.project(reference)
    form = typed(
        council, reference, cost="fifty five", missed="55%", saved="£26k", forecast="31 February 2026", narrative=" ",
        spend="€5", days_used="two",
    )  # fmt: skip
    with council.app.write() as session:
        manager = council.actor(session, "manager")
        with pytest.raises(BadInput) as refused:
            returns.submit(session, council.home, reference, "2026-04", manager, council.at, form)
    assert refused.value.fields == {
        f"measure_{measures[0]}": "Cost per household must be a number, like 64.00, without its unit: £ per household",
        f"measure_{measures[1]}": "Missed collections must be a number, like 60, without its unit: per 100,000",
        f"saving_{savings[0]}": "“Fewer rounds” must be an amount in pounds, like 26000 or 1,250.50",
        f"milestone_{milestones[0]}": "The date of “Contract signed” must be a real date: February 2026 has 28 days",
        "narrative": "Say what happened this month",
        "spend": "The spend must be an amount in pounds, like 26000 or 1,250.50",
        "days_used": "The days used must be a whole number of days, like 8",
    }
    after = council.project(reference)
    assert (after.revision, after.rag) == (before.revision, None)
    row = the_return(council, reference, "2026-04")
    assert (row.state, row.draft[f"measure_{measures[1]}"]) == ("draft", "55%")
    kept = show(council, reference, "2026-04")
    assert [box.typed for box in kept.measures] == ["fifty five", "55%"]
    assert kept.milestones[0].parts == ("31 February 2026", "", "")


def test_an_empty_return_says_what_each_box_wants(council: Council, reference: str) -> None:
    measures, savings, milestones = ids(council, reference)
    with pytest.raises(BadInput) as refused:
        submit(council, reference, "2026-04", form={})
    assert refused.value.fields == {
        f"measure_{measures[0]}": "Enter April 2026's figure for “Cost per household”",
        f"measure_{measures[1]}": "Enter April 2026's figure for “Missed collections”",
        f"saving_{savings[0]}": "Enter what “Fewer rounds” delivered in April 2026, 0 if nothing",
        f"expected_{savings[0]}": "Enter what “Fewer rounds” is expected to have delivered by 31 March 2027",
        f"milestone_{milestones[0]}": "Enter when you expect to reach “Contract signed”",
        "narrative": "Say what happened this month",
    }


def test_a_figure_the_return_does_not_ask_for_is_not_lost_without_a_word(
    council: Council, reference: str
) -> None:
    with pytest.raises(BadInput, match=f"{reference} has no measure 99"):
        submit(council, reference, "2026-04", measure_99="5")


def test_a_draft_is_kept_as_it_was_typed(council: Council, reference: str) -> None:
    with council.app.write() as session:
        manager = council.actor(session, "manager")
        form = {"narrative": "Half\x00 a sent", "measure_1": "abt 70", "colour": "green", "no_plan": "yes"}
        returns.save_draft(session, council.home, reference, "2026-04", manager, council.at, form)
    kept = show(council, reference, "2026-04")
    assert (kept.state, kept.narrative, kept.measures[0].typed, kept.no_plan) == (
        "draft",
        "Half a sent",
        "abt 70",
        True,
    )
    assert the_return(council, reference, "2026-04").draft.keys() == {"narrative", "measure_1", "no_plan"}
    assert months(council, reference)[-1].state == "draft"


def test_a_text_longer_than_any_box_is_no_draft(council: Council, reference: str) -> None:
    form, manager = {"narrative": "x" * 20_001}, council.who("manager")
    with council.app.write() as session, pytest.raises(BadInput, match="a draft keeps 20,000"):
        returns.save_draft(session, council.home, reference, "2026-04", manager, council.at, form)


@pytest.mark.parametrize("outsider", ["other", "head", "planning", "chief", "finance", "auditor"])
def test_only_its_manager_writes_a_return(council: Council, reference: str, outsider: str) -> None:
    with pytest.raises(NotAllowed, match="Only the project manager of VFM-0001 may write"):
        submit(council, reference, "2026-04", outsider)


def test_who_may_not_see_a_project_does_not_learn_of_it(council: Council, reference: str) -> None:
    with pytest.raises(NotFound, match="There is no project"):
        submit(council, reference, "2026-04", "legal")
    with pytest.raises(NotFound, match="There is no project"):
        verify(council, reference, "2026-04", "legal")


def test_a_member_who_reads_what_is_released_writes_nothing(council: Council, reference: str) -> None:
    with pytest.raises(NotAllowed):
        submit(council, reference, "2026-04", "holder")
    with pytest.raises(NotAllowed):
        verify(council, reference, "2026-04", "holder")


def test_somebody_else_s_change_meanwhile_is_shown_first(council: Council, reference: str) -> None:
    seen = show(council, reference, "2026-04").revision
    saving(council, reference, "head")
    form, manager = typed(council, reference), council.who("manager")
    with council.app.write() as session, pytest.raises(StaleRevision) as refused:
        returns.submit(session, council.home, reference, "2026-04", manager, council.at, form, seen)
    assert refused.value.changes == ("Head of Street Scene: saving added",)


def test_a_slip_asks_what_is_done_about_it(council: Council, reference: str) -> None:
    with pytest.raises(BadInput) as refused:
        submit(council, reference, "2026-04", forecast="3 August 2026")
    assert refused.value.fields == {
        "action": "Say what you are doing about it, or tick that there is no recovery plan yet. “Contract signed” has "
        "slipped 34 days (24 working days), from 30 June 2026 to 3 August 2026; more than 0 working days is amber."
    }


def test_a_slip_with_a_plan_is_amber_and_without_one_red(council: Council, reference: str) -> None:
    planned = submit(council, reference, "2026-03", forecast="3 August 2026", action="A second crew")
    assert planned.rag == "amber"
    unplanned = submit(council, reference, "2026-04", no_plan="yes")
    assert (unplanned.rag, council.project(reference).rag) == ("red", "red")
    kept = show(council, reference, "2026-04")
    assert kept.verdict.reasons[-1].sentence == "It is off track, and there is no recovery plan."
    assert kept.previous_rag == "amber"


def test_a_slip_of_two_months_is_red_whatever_the_plan(council: Council, reference: str) -> None:
    assert (
        submit(council, reference, "2026-04", forecast="31 August 2026", action="A second crew").rag == "red"
    )


def test_a_plan_and_no_plan_cannot_both_be(council: Council, reference: str) -> None:
    with pytest.raises(BadInput, match="clear the tick, or clear the text"):
        submit(council, reference, "2026-04", action="A second crew", no_plan="yes")


def test_savings_behind_their_profile_ask_for_a_plan(council: Council, reference: str) -> None:
    with pytest.raises(
        BadInput,
        match=r"£6,000 is delivered of the £6,666\.67 profiled for the months reported since April",
    ):
        submit(council, reference, "2026-04", saved="6000")
    assert submit(council, reference, "2026-04", saved="6000", action="Sell the van").rag == "amber"


def test_a_missing_return_is_chased_and_not_judged(council: Council, reference: str) -> None:
    council.at = moment(2026, 6, 3)
    assert submit(council, reference, "2026-05").rag == "green"  # April is not in: nothing is known of it


def test_savings_add_up_over_the_months_reported(council: Council, reference: str) -> None:
    submit(council, reference, "2026-04", saved="10,000")
    council.at = moment(2026, 6, 3)
    row = submit(council, reference, "2026-05", saved="2,700")
    assert row.rag == "green"  # £12,700 of £13,333.33 is 95.2%
    with council.app.read() as session:
        detail = store.submission(session, row.project_id, "2026-05") or {}
    (sentence,) = [reason["sentence"] for reason in detail["why"] if reason["rule"] == "saving"]
    assert "£12,700 is delivered of the £13,333.33 profiled" in sentence
    assert "95.2%; at least 95% is green" in sentence


def test_a_forecast_that_has_passed_must_be_moved(council: Council, reference: str) -> None:
    with pytest.raises(
        BadInput, match="“Contract signed” is not done and 4 May 2026 has passed: give the date"
    ):
        submit(council, reference, "2026-04", forecast="4/5/2026")
    with pytest.raises(BadInput, match="Say that “Contract signed” is done, or clear the day it was reached"):
        submit(council, reference, "2026-04", done_on="1/5/2026")


def test_a_milestone_is_not_done_before_its_day(council: Council, reference: str) -> None:
    with pytest.raises(
        BadInput, match="6 May 2026 is still to come: give the day “Contract signed” was reached"
    ):
        submit(council, reference, "2026-04", done="yes", done_on="6 May 2026")
    with pytest.raises(BadInput, match="Say yes or no: is “Contract signed” done"):
        submit(council, reference, "2026-04", done="perhaps")


@pytest.mark.parametrize(
    ("forecast", "done_on", "day"),
    [
        ("2026-06-30", "28 April 2026", dt.date(2026, 4, 28)),
        ("2026-04-20", "", dt.date(2026, 4, 20)),
        ("2026-06-30", "", dt.date(2026, 4, 30)),
        ("", "", dt.date(2026, 4, 30)),
    ],
)
def test_a_milestone_is_done_on_the_day_given_or_its_own_or_the_month_s_last(
    council: Council, reference: str, forecast: str, done_on: str, day: dt.date
) -> None:
    submit(council, reference, "2026-04", forecast=forecast, done="yes", done_on=done_on)
    assert council.milestones(reference)[0].done_on == day
    assert events(council, reference)[-2:] == ["milestone_done", "return_submitted"]
    assert show(council, reference, "2026-04").milestones == []


def test_a_milestone_done_elsewhere_meanwhile_is_said_to_be_done(council: Council, reference: str) -> None:
    form = typed(council, reference)
    with council.app.write() as session:
        manager = council.actor(session, "manager")
        dates.finish_milestone(session, council.home, reference, 1, dt.date(2026, 5, 1), manager, council.at)
    with pytest.raises(BadInput) as refused:
        submit(council, reference, "2026-04", form=form)
    assert refused.value.fields == {"milestone_1": "“Contract signed” was done on 1 May 2026"}


def test_a_head_of_service_verifies_what_somebody_else_submitted(council: Council, reference: str) -> None:
    with pytest.raises(NotFound, match="has no return"):
        verify(council, reference, "2026-04")
    submit(council, reference, "2026-04")
    verify(council, reference, "2026-04")
    kept = show(council, reference, "2026-04")
    assert (kept.state, kept.submitted_by, kept.verified_by) == (
        "verified",
        "Waste Project Manager",
        "Head of Street Scene",
    )
    with pytest.raises(NotAllowed, match="verified already"):
        verify(council, reference, "2026-04")
    assert events(council, reference)[-1] == "return_verified"


@pytest.mark.parametrize("outsider", ["manager", "other", "planning", "chief", "finance", "admin"])
def test_nobody_but_the_head_of_service_verifies(council: Council, reference: str, outsider: str) -> None:
    submit(council, reference, "2026-04")
    with pytest.raises((NotAllowed, NotFound)):
        verify(council, reference, "2026-04", outsider)
    with pytest.raises((NotAllowed, NotFound)):
        send_back(council, reference, "2026-04", outsider)


def test_nobody_verifies_their_own_return(council: Council) -> None:
    with council.app.write() as session:
        head = council.actor(session, "head")
        reference = begin.create(
            session, council.home, title="Depot", kind="costing", department="SS", manager=head.address,
            sponsor="planning@wrenfold.example", by=head, at=council.at,
        ).reference  # fmt: skip
    _to_initial_stage(council, reference, "head")
    council.at = moment(2026, 5, 5)
    submit(council, reference, "2026-04", "head")
    with pytest.raises(NotAllowed, match="You submitted this return, so somebody else must verify it"):
        verify(council, reference, "2026-04", "head")
    verify(council, reference, "2026-04", "planning")  # the sponsor is Head of Service on it too


def _to_initial_stage(council: Council, reference: str, by: str) -> None:
    council.outline_ready(reference)
    council.do(reference, "submit_outline", by)
    council.approve(reference, "chief", "resources", "customers")


def test_a_return_sent_back_is_corrected_in_a_new_row_beside_the_first(
    council: Council, reference: str
) -> None:
    submit(council, reference, "2026-04", missed="880", no_plan="yes")
    with pytest.raises(
        NotAllowed, match=r"was submitted on 5 May 2026\. The Head of Service can send it back"
    ):
        submit(council, reference, "2026-04")
    with pytest.raises(BadInput, match="Say what must be corrected"):
        send_back(council, reference, "2026-04", reason=" ")
    send_back(council, reference, "2026-04", reason="Missed collections is ten times too high.")
    kept = show(council, reference, "2026-04")
    assert (kept.state, kept.sent_back_why, kept.measures[1].typed) == (
        "draft",
        "Missed collections is ten times too high.",
        "880",
    )
    with pytest.raises(NotAllowed, match="with its project manager already"):
        send_back(council, reference, "2026-04")
    with pytest.raises(NotAllowed, match="has not been submitted yet"):
        verify(council, reference, "2026-04")
    row = submit(council, reference, "2026-04", missed="88")
    assert row.sent_back_why == ""
    with council.app.read() as session:
        rows = store.readings(session, row.project_id, "2026-04")
    assert [(found[0].number, found[0].value) for found in rows.values()] == [(1, 7050), (2, 88)]


def test_the_manager_hears_in_the_digest_that_a_return_was_sent_back(
    council: Council, reference: str
) -> None:
    submit(council, reference, "2026-04")
    verify(council, reference, "2026-04")
    send_back(council, reference, "2026-04", reason="The spend is March's.")
    with council.app.read() as session:
        facts = [fact for fact in outbox.pending_facts(session) if fact.job == "return_sent_back"]
        manager = council.actor(session, "manager")
    assert [(fact.person_id, fact.period) for fact in facts] == [(manager.id, "2026-04")]
    assert facts[0].item == {
        "project": reference,
        "page": "/returns/2026-04",
        "period": "April 2026",
        "by": "Head of Street Scene",
        "reason": "The spend is March's.",
    }
    council.at = moment(2026, 5, 6)
    council.app.tick(council.at)
    text = council.read_mail(council.mails(to="manager")[-1]).get_body(("plain",))
    assert text is not None
    assert "The spend is March's." in text.get_content()
    assert f"/projects/{reference}/returns/2026-04" in text.get_content()


def test_sending_a_red_return_back_does_not_turn_the_project_green(council: Council, reference: str) -> None:
    submit(council, reference, "2026-03")
    submit(council, reference, "2026-04", forecast="31 August 2026", action="A second crew")
    send_back(council, reference, "2026-04")
    assert council.project(reference).rag == "red"


def test_a_late_return_for_an_older_month_leaves_the_project_s_colour(
    council: Council, reference: str
) -> None:
    submit(council, reference, "2026-04")
    assert (
        submit(council, reference, "2026-03", forecast="31 August 2026", action="A second crew").rag == "red"
    )
    assert council.project(reference).rag == "green"


def test_the_form_shows_last_month_s_figures_and_this_month_s_profile(
    council: Council, reference: str
) -> None:
    submit(council, reference, "2026-03", saved="100")
    shown = show(council, reference, "2026-04")
    assert [(box.last, box.last_month, box.typed, box.target) for box in shown.measures] == [
        ("70.50", "March 2026", "", "64.00"),
        ("88", "March 2026", "", "60"),
    ]
    assert [(box.profile, box.last, box.last_month) for box in shown.savings] == [
        (666_667, 10_000, "March 2026")
    ]
    assert shown.profile_note == "1/12 of the amount expected in the year"
    assert shown.milestones[0].parts == ("30", "6", "2026")
    assert (shown.state, shown.due, shown.month) == ("missing", dt.date(2026, 5, 8), "April 2026")


def test_the_form_says_what_colour_a_draft_would_have(council: Council, reference: str) -> None:
    form = typed(council, reference, forecast="3 August 2026")
    with council.app.write() as session:
        manager = council.actor(session, "manager")
        returns.save_draft(session, council.home, reference, "2026-04", manager, council.at, form)
    assert show(council, reference, "2026-04").verdict.colour == "red"  # no plan is written yet


def test_a_return_keeps_the_reasons_it_was_given_its_colour_for(council: Council, reference: str) -> None:
    submit(council, reference, "2026-04", forecast="3 August 2026", action="A second crew")
    before = show(council, reference, "2026-04").verdict
    with council.app.write() as session:
        manager = council.actor(session, "manager")
        day = dt.date(2026, 6, 30)
        dates.change_milestone(session, council.home, reference, 1, manager, council.at, forecast=day)
    assert show(council, reference, "2026-04").verdict == before
    assert before.colour == "amber"


def test_missing_returns_are_those_not_in(council: Council, reference: str) -> None:
    submit(council, reference, "2026-03")
    with council.app.read() as session:
        project = projects.by_reference(session, reference)
        found = returns.missing(session, council.home, project, council.at)
    assert [month.period for month in found] == ["2026-04"]


def test_cmt_sees_every_project_s_month(council: Council, reference: str) -> None:
    quiet = council.create("Voids", manager="other", department="PE")
    council.at = moment(2026, 5, 5)
    _to_initial_stage(council, quiet, "other")
    council.create("Only an outline")
    submit(council, reference, "2026-03", forecast="31 August 2026", action="A second crew")
    submit(council, reference, "2026-04", no_plan="yes")
    council.at = moment(2026, 6, 3)
    with council.app.read() as session:
        april = returns.overview(session, council.home, council.at, "2026-04")
        may = returns.overview(session, council.home, council.at, "2026-05")
    assert [(r.reference, r.state, r.rag, r.previous_rag, r.stage) for r in april] == [
        (reference, "submitted", "red", "red", "Implementation")
    ]
    assert [(r.reference, r.state, r.manager) for r in may] == [
        (reference, "missing", "Waste Project Manager"),
        (quiet, "missing", "Housing Project Manager"),
    ]


def test_a_head_of_service_finds_what_waits_to_be_verified(council: Council, reference: str) -> None:
    submit(council, reference, "2026-04")
    with council.app.read() as session:
        waits = {
            key: [
                month.period
                for _, month in returns.to_verify(session, council.home, council.actor(session, key))
            ]
            for key in ("head", "planning", "manager", "chief")
        }
    assert waits == {"head": ["2026-04"], "planning": [], "manager": [], "chief": []}


def test_a_disputed_project_takes_no_return(council: Council, reference: str) -> None:
    with council.app.write() as session:
        projects.by_reference(session, reference).disputed_at = council.at
    with pytest.raises(NotAllowed, match="is frozen"):
        submit(council, reference, "2026-04")
