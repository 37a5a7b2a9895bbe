"""A return begins with what is known already, says where each value is from, and repeats a month that has not changed."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlmodel import Session

from tests.figures_support import ids, moment, submit, the_return, typed
from tests.people import Council
from vfm_workflow.errors import BadInput
from vfm_workflow.journeys import return_unchanged, returns
from vfm_workflow.journeys.return_form import ReturnForm
from vfm_workflow.journeys.return_unchanged import Unchanged
from vfm_workflow.store import forecasts, projects
from vfm_workflow.store import returns as store
from vfm_workflow.store.tables import Measure, MonthlyReturn, Reading, SavingLine, SavingYear


@pytest.fixture
def reference(council: Council) -> str:
    """A project in implementation since March 2026 whose return for April is in; it is 4 June."""
    reference = council.create()
    council.to_implementation(reference)
    council.at = moment(2026, 5, 5)
    submit(
        council, reference, "2026-04", forecast="2026-08-03", action="A second crew", spend="0", saved="6,700",
        spend_forecast="2,000",
    )  # fmt: skip
    council.at = moment(2026, 6, 4)
    return reference


def show(council: Council, reference: str, period: str = "2026-05") -> ReturnForm:
    with council.app.read() as session:
        return returns.form(session, council.home, reference, period, council.at)


def repeat(council: Council, reference: str, period: str = "2026-05") -> Unchanged:
    with council.app.read() as session:
        return return_unchanged.unchanged(session, council.home, reference, period, council.at)


def offered(council: Council, reference: str, period: str = "2026-05") -> bool:
    with council.app.read() as session:
        return return_unchanged.offered(session, reference, period)


def in_the_library(council: Council, reference: str, *values: int, period: str = "2026-05") -> None:
    """The department's library has the project's first measure; the performance officer records `values` one by one."""
    with council.app.write() as session:
        own = session.get(Measure, ids(council, reference)[0][0])
        assert own is not None
        kept = Measure(
            department="SS", code="SS-01", position=1, name=own.name, kind=own.kind, unit=own.unit, places=own.places,
            direction=own.direction,
        )  # fmt: skip
        session.add(kept)
        session.flush()
        own.library_id = kept.id
        officer = council.actor(session, "performance")
        for number, value in enumerate(values, 1):
            session.add(
                Reading(
                    measure_id=kept.id or 0, period=period, number=number, value=value, at=council.at, by=officer.id,
                    source="csv",
                )
            )  # fmt: skip


def test_forecasts_and_the_plan_are_filled_in_from_last_month_and_the_month_s_own_figures_are_asked(
    council: Council, reference: str
) -> None:
    form = show(council, reference)
    assert (form.action, form.action_owner, form.action_by) == (
        "A second crew",
        "Waste Project Manager",
        ("18", "12", "2026"),
    )
    (box,) = form.savings
    assert (box.expected_typed, box.typed, form.spend_forecast, form.spend) == ("80,000", "", "2,000", "")
    assert [measure.typed for measure in form.measures] == ["", ""]
    assert form.marks == dict.fromkeys(
        ("action", "action_owner", "action_by", "spend_forecast", box.expected_field), "from April 2026"
    )


def test_what_is_typed_over_is_no_longer_said_to_be_from_last_month(council: Council, reference: str) -> None:
    with council.app.write() as session:
        manager = council.actor(session, "manager")
        drafted = {"action": "A third crew", "action_owner": "Waste Project Manager"}
        returns.save_draft(session, council.home, reference, "2026-05", manager, council.at, drafted)
    form = show(council, reference)
    assert form.action == "A third crew"
    assert "action" not in form.marks
    assert form.marks["action_owner"] == "from April 2026"


def test_an_action_whose_day_has_passed_needs_a_new_one(council: Council, reference: str) -> None:
    council.at = moment(2027, 1, 8)
    form = show(council, reference, "2026-12")
    assert (form.action, form.action_by) == ("A second crew", ("", "", ""))
    with pytest.raises(BadInput) as refused:
        submit(
            council, reference, "2026-12", forecast="2027-02-03", action="A second crew", action_by="7 January 2027"
        )  # fmt: skip
    assert refused.value.fields == {
        "action_by": "7 January 2027 has passed: give the day by which it will be done"
    }


def test_a_new_financial_year_takes_over_no_forecast(council: Council, reference: str) -> None:
    council.at = moment(2027, 5, 5)
    form = show(council, reference, "2027-04")
    assert (form.savings[0].expected_typed, form.spend_forecast) == ("", "")
    assert form.year_end == dt.date(2028, 3, 31)


def test_a_reading_that_the_library_has_is_filled_in_with_who_recorded_it(
    council: Council, reference: str
) -> None:
    in_the_library(council, reference, 7_100, 7_050)
    box = show(council, reference).measures[0]
    assert box.typed == "70.50", "the correction counts"
    said = "from the library, recorded by the Performance Officer on 4 June 2026"
    assert show(council, reference).marks[box.field] == said
    assert show(council, reference, "2026-03").measures[0].typed == "", "of its own month alone"


def test_nothing_has_changed_repeats_the_last_return_and_asks_what_belongs_to_the_month(
    council: Council, reference: str
) -> None:
    (cost, missed), (line,), (mile,) = ids(council, reference)
    assert offered(council, reference)
    found = repeat(council, reference)
    assert {name: one.value for name, one in found.filled.items()} == {
        f"measure_{cost}": "70.50",
        f"measure_{missed}": "88",
        f"saving_{line}": "6,700",
        f"expected_{line}": "80,000",
        f"milestone_{mile}": "2026-08-03",
        "narrative": "Nothing has changed since the return for April 2026.",
        "action": "A second crew",
        "action_owner": "Waste Project Manager",
        "action_by": "2026-12-18",
        "spend": "0",
        "spend_forecast": "2,000",
    }
    assert found.filled[f"measure_{cost}"].source == "from April 2026"
    assert found.asked == {}
    assert (found.form.verdict.colour, found.form.previous_rag) == ("amber", "amber")


def test_what_is_shown_is_what_is_submitted(council: Council, reference: str) -> None:
    found = repeat(council, reference)
    shown = {name: one.value for name, one in found.filled.items()}
    row = submit(council, reference, "2026-05", form=shown)
    assert (row.rag, row.rag_before, row.narrative) == (
        "amber",
        "amber",
        "Nothing has changed since the return for April 2026.",
    )
    assert show(council, reference).verdict.colour == found.form.verdict.colour
    assert not offered(council, reference)


def test_spending_where_a_cost_is_planned_and_what_a_one_off_delivered_are_asked(
    council: Council, reference: str
) -> None:
    line = ids(council, reference)[1][0]
    with council.app.write() as session:
        year = session.get(SavingYear, (line, 2026))
        assert year is not None
        year.cost = 500_000
        the_return_in(session, reference, "2026-04").spend = 120_000
        one_off = session.get(SavingLine, line)
        assert one_off is not None
        one_off.ongoing = False
    found = repeat(council, reference)
    assert found.asked == {
        f"saving_{line}": "Enter what “Fewer rounds” delivered in May 2026, 0 if nothing",
        "spend": "Enter what was spent in May 2026 on achieving the savings, 0 if nothing",
    }


def the_return_in(session: Session, reference: str, period: str) -> MonthlyReturn:
    """Return a project's return, to be changed."""
    found = store.find(session, projects.key(projects.by_reference(session, reference)), period)
    assert found is not None
    return found


def test_a_milestone_whose_day_has_passed_is_asked(council: Council, reference: str) -> None:
    council.at = moment(2026, 9, 3)
    mile = ids(council, reference)[2][0]
    found = repeat(council, reference, "2026-08")
    assert found.asked == {f"milestone_{mile}": "Enter when you expect to reach “Contract signed”"}
    assert {f"done_{mile}", f"done_on_{mile}"} <= found.boxes


def test_there_is_nothing_to_repeat_before_the_first_return_or_after_something_was_typed(
    council: Council, reference: str
) -> None:
    assert not offered(council, reference, "2026-03")
    with council.app.write() as session:
        manager = council.actor(session, "manager")
        returns.save_draft(session, council.home, reference, "2026-05", manager, council.at, {"spend": "5"})
    assert not offered(council, reference)


# ------------------------------------------------------------------ what a return says of the year


def test_a_forecast_is_a_row_of_its_month_and_a_correction_is_beside_it(
    council: Council, reference: str
) -> None:
    with council.app.write() as session:
        head = council.actor(session, "head")
        returns.send_back(session, council.home, reference, "2026-04", head, council.at, "Look again")
    line = ids(council, reference)[1][0]
    again = {"forecast": "2026-08-03", "action": "A second crew", f"expected_{line}": "70,000"}
    row = submit(council, reference, "2026-04", form=typed(council, reference, **again))
    assert (row.rag, row.rag_outlook) == ("amber", "amber")
    with council.app.read() as session:
        kept = forecasts.expected(session, row.project_id, "2026-04")
    assert [(one.period, one.number, one.value) for one in kept[line]] == [("2026-04", 2, 7_000_000)]


def test_a_year_cannot_cost_less_than_is_spent_already(council: Council, reference: str) -> None:
    submit(
        council, reference, "2026-05", forecast="2026-08-03", action="A crew", spend="900", spend_forecast="900"
    )  # fmt: skip
    council.at = moment(2026, 7, 3)
    with pytest.raises(BadInput) as refused:
        submit(
            council, reference, "2026-06", forecast="2026-08-03", action="A crew", spend="200", spend_forecast="1,000"
        )  # fmt: skip
    assert refused.value.fields == {
        "spend_forecast": "£1,100 is spent this year already: the whole year cannot cost less"
    }


def test_an_action_needs_its_owner_and_its_day_where_something_is_off_track(
    council: Council, reference: str
) -> None:
    off = {"forecast": "2026-08-03", "action": "A crew", "action_owner": " ", "action_by": ""}
    with pytest.raises(BadInput) as refused:
        submit(council, reference, "2026-05", form=typed(council, reference, **off))
    assert refused.value.fields == {
        "action_owner": "Say who sees to it",
        "action_by": "Say by which day it is done",
    }
    well = {
        "forecast": "2026-06-30",
        "saved": "6,700",
        "action": "We watch it",
        "action_owner": "",
        "action_by": "",
    }
    assert submit(council, reference, "2026-05", form=typed(council, reference, **well)).rag == "green"


def test_what_is_beyond_the_team_is_red_and_said_why(council: Council, reference: str) -> None:
    off = {"forecast": "2026-08-03", "beyond_team": "The county shut the bridge"}
    row = submit(council, reference, "2026-05", form=typed(council, reference, **off))
    assert (row.rag, row.rag_time, row.rag_cost, row.beyond_team) == (
        "red",
        "red",
        "green",
        "The county shut the bridge",
    )
    council.at = moment(2026, 7, 3)
    with pytest.raises(BadInput, match="Nothing is off track, so nothing is beyond the team"):
        submit(council, reference, "2026-06", forecast="2026-06-30", done="yes", beyond_team="The county")


def test_time_cost_benefit_and_outlook_are_kept_with_the_colour_before(
    council: Council, reference: str
) -> None:
    first, second = the_return(council, reference, "2026-04"), submit(
        council, reference, "2026-05", forecast="2026-08-03", no_plan="yes"
    )  # fmt: skip
    assert (first.rag_before, first.rag, first.rag_time, first.rag_benefit) == (
        None,
        "amber",
        "amber",
        "green",
    )
    assert (second.rag_before, second.rag, second.rag_outlook) == ("amber", "red", "green")
    rules = [reason["rule"] for reason in second.why]
    assert rules == [
        "time", "cost", "saving", "measure", "measure", "outlook_time", "outlook_cost", "outlook_saving", "plan",
    ]  # fmt: skip


def test_a_return_from_before_there_were_four_statuses_is_shown_with_its_reasons(
    council: Council, reference: str
) -> None:
    with council.app.write() as session:
        row = the_return_in(session, reference, "2026-04")
        row.rag_time = row.rag_cost = row.rag_benefit = row.rag_outlook = row.rag_before = None
        row.why, row.action_owner, row.action_by, row.spend_forecast = [], "", None, None
    verdict = show(council, reference, "2026-04").verdict
    assert (verdict.colour, verdict.time, verdict.outlook) == ("amber", None, None)
    assert "has slipped 34 days" in verdict.why[0].sentence
