"""A colour follows from written rules, and says which."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vfm_workflow.documents import parse_yaml, validate
from vfm_workflow.domain import rag
from vfm_workflow.domain.calendar import Calendar, CalendarRules
from vfm_workflow.domain.facts import MilestoneFact
from vfm_workflow.errors import ConfigError
from vfm_workflow.folders import shipped

CONFIG = shipped() / "config"
CALENDAR = Calendar(
    validate(CalendarRules, parse_yaml(Path(CONFIG / "calendar.yaml").read_text("utf-8"), "calendar.yaml"))
)
RULES = rag.load(parse_yaml(Path(CONFIG / "rag.yaml").read_text("utf-8"), "rag.yaml"))
TODAY = dt.date(2026, 11, 5)
AGREED = dt.date(2026, 9, 22)
NOTHING = rag.Delivered(0, 0)


def milestone(late_days: int, *, done: bool = False) -> MilestoneFact:
    """A milestone agreed for 1 December and forecast `late_days` calendar days later."""
    agreed = dt.date(2026, 11, 10)
    reached = agreed + dt.timedelta(days=late_days)
    return MilestoneFact(1, "Contract signed", agreed, agreed, reached, reached if done else None, (agreed,))


def judge(late_days: int, action: str = "", savings: rag.Delivered = NOTHING) -> rag.Verdict:
    return rag.judge(RULES, [milestone(late_days)], savings, action, TODAY, CALENDAR)


def test_a_project_with_nothing_late_is_green() -> None:
    verdict = judge(0)
    assert verdict.colour == "green"
    assert not verdict.off_track
    assert [reason.rule for reason in verdict.reasons] == ["time", "saving", "plan"]


@pytest.mark.parametrize("late_days", [11, 34])
def test_a_slip_with_a_plan_is_amber(late_days: int) -> None:
    assert judge(late_days, "A second crew from Monday").colour == "amber"


@pytest.mark.parametrize("late_days", [11, 34, 40])
def test_a_slip_without_a_plan_is_red(late_days: int) -> None:
    verdict = judge(late_days, "  ")
    assert verdict.colour == "red"
    assert verdict.reasons[-1].sentence == "It is off track, and there is no recovery plan."


def test_a_slip_of_62_days_is_red_whatever_the_plan() -> None:
    slipped = MilestoneFact(
        1, "Contract signed", AGREED, AGREED, AGREED + dt.timedelta(days=62), None, (AGREED,)
    )
    verdict = rag.judge(RULES, [slipped], NOTHING, "A second supplier", TODAY, CALENDAR)
    assert verdict.colour == "red"
    assert verdict.reasons[0].sentence == (
        "“Contract signed” has slipped 62 days (44 working days), from 22 September 2026 to 23 November 2026; "
        "more than 40 working days is red."
    )


def test_the_reason_names_the_worst_milestone() -> None:
    late = MilestoneFact(2, "Online form live", TODAY, TODAY, TODAY + dt.timedelta(days=30), None, (TODAY,))
    verdict = rag.judge(RULES, [milestone(3), late], NOTHING, "Yes", TODAY, CALENDAR)
    assert "“Online form live”" in verdict.reasons[0].sentence


def test_a_milestone_that_is_done_no_longer_colours() -> None:
    verdict = rag.judge(RULES, [milestone(60, done=True)], NOTHING, "", TODAY, CALENDAR)
    assert verdict.colour == "green"


def test_a_milestone_nobody_agreed_cannot_slip() -> None:
    new = MilestoneFact(3, "Extra", None, None, dt.date(2027, 5, 1), None)
    assert rag.judge(RULES, [new], NOTHING, "", TODAY, CALENDAR).colour == "green"


@pytest.mark.parametrize(
    ("delivered", "colour", "says"),
    [
        (
            9_500,
            "green",
            "£95 is delivered of the £100 profiled for the months reported, 95%; at least 95% is green.",
        ),
        (
            9_499,
            "amber",
            "£94.99 is delivered of the £100 profiled for the months reported, 94.9%; less than 95% is amber.",
        ),
        (
            7_500,
            "amber",
            "£75 is delivered of the £100 profiled for the months reported, 75%; less than 95% is amber.",
        ),
        (
            7_499,
            "red",
            "£74.99 is delivered of the £100 profiled for the months reported, 74.9%; less than 75% is red.",
        ),
        (
            -100,
            "red",
            "-£1 is delivered of the £100 profiled for the months reported, -1%; less than 75% is red.",
        ),
    ],
)
def test_savings_behind_their_profile_colour_a_return(delivered: int, colour: str, says: str) -> None:
    verdict = judge(0, "We sell the van", rag.Delivered(delivered, 10_000))
    assert verdict.colour == colour
    assert verdict.reasons[1].sentence == says


def test_a_year_that_costs_more_than_it_saves_is_judged_by_its_overrun() -> None:
    assert judge(0, "x", rag.Delivered(-6_000_000, -6_000_000)).colour == "green"
    assert judge(0, "x", rag.Delivered(-6_400_000, -6_000_000)).colour == "amber"
    assert judge(0, "x", rag.Delivered(-9_000_000, -6_000_000)).colour == "red"


def test_nothing_profiled_is_nothing_missed() -> None:
    assert judge(0, savings=rag.Delivered(0, 0)).colour == "green"


@given(
    st.integers(0, 200),
    st.integers(-(10**9), 10**9),
    st.integers(-(10**9), 10**9),
    st.sampled_from(["", "A plan"]),
)
def test_the_colour_is_the_worst_reason_and_red_where_no_plan_meets_a_slip(
    late: int, delivered: int, profiled: int, action: str
) -> None:
    verdict = judge(late, action, rag.Delivered(delivered, profiled))
    assert verdict.colour == rag.worst(reason.colour for reason in verdict.reasons)
    assert verdict.off_track == (verdict.colour != "green")
    if verdict.off_track and not action:
        assert verdict.colour == "red"


def test_thresholds_the_wrong_way_round_are_refused_with_their_line() -> None:
    text = (
        "time:\n  amber_over_working_days: 50\n  red_over_working_days: 40\n"
        "saving:\n  amber_under_percent: 75\n  red_under_percent: 95\n"
    )
    with pytest.raises(ConfigError) as refused:
        rag.load(parse_yaml(text, "rag.yaml"))
    assert [(problem.file, problem.line) for problem in refused.value.problems] == [
        ("rag.yaml", 1),
        ("rag.yaml", 4),
    ]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("  amber_over_working_days: soon", "rag.yaml:2"),
        ("  amber_over_working_day: 0", "Did you mean `amber_over_working_days`?"),
        ("  amber_over_working_days: -1", "rag.yaml:2"),
    ],
)
def test_a_threshold_that_is_none_is_refused_with_its_line(line: str, says: str) -> None:
    text = f"time:\n{line}\n  red_over_working_days: 40\nsaving: {{amber_under_percent: 95, red_under_percent: 75}}\n"
    with pytest.raises(ConfigError) as refused:
        rag.load(parse_yaml(text, "rag.yaml"))
    assert says in str(refused.value)
