"""A colour follows from written rules, and says which."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vfm_workflow.documents import parse_yaml, validate
from vfm_workflow.domain import rag
from vfm_workflow.domain.calendar import Calendar, CalendarRules
from vfm_workflow.domain.facts import MilestoneFact
from vfm_workflow.domain.rag import plan, time
from vfm_workflow.errors import ConfigError
from vfm_workflow.folders import shipped

CONFIG = shipped() / "config"
CALENDAR = Calendar(
    validate(CalendarRules, parse_yaml(Path(CONFIG / "calendar.yaml").read_text("utf-8"), "calendar.yaml"))
)
RULES = rag.load(parse_yaml(Path(CONFIG / "rag.yaml").read_text("utf-8"), "rag.yaml"))
TODAY = dt.date(2026, 11, 5)
YEAR_END = dt.date(2027, 3, 31)
AGREED = dt.date(2026, 9, 22)
NOTHING = rag.Delivered(0, 0)
UNKNOWN = rag.Spent(None, None, "2026/27")
WORSE = {"green": 0, "amber": 1, "red": 2}


def milestone(late_days: int, *, done: bool = False) -> MilestoneFact:
    """A milestone agreed for 10 November and forecast `late_days` calendar days later."""
    agreed = dt.date(2026, 11, 10)
    reached = agreed + dt.timedelta(days=late_days)
    return MilestoneFact(1, "Contract signed", agreed, agreed, reached, reached if done else None, (agreed,))


def seen(*milestones: MilestoneFact, action: str = "", **changes: Any) -> rag.Seen:
    """What the rules look at of a return that says nothing but this."""
    found = rag.Seen(
        slip=time.worst_slip(milestones, TODAY, CALENDAR),
        spent=UNKNOWN,
        delivered=NOTHING,
        measures=(),
        year_end=YEAR_END.isoformat(),
        late=time.late_at(milestones, YEAR_END, TODAY, CALENDAR),
        to_spend=UNKNOWN,
        to_deliver=None,
        plan=plan.from_text(action, ""),
    )
    return dataclasses.replace(found, **changes)


def judge(late_days: int, action: str = "", **changes: Any) -> rag.Verdict:
    return rag.judge(RULES, seen(milestone(late_days), action=action, **changes))


def said(verdict: rag.Verdict, rule: str) -> rag.Reason:
    """The one reason of a rule."""
    (reason,) = [reason for reason in verdict.reasons if reason.rule == rule]
    return reason


def missed(value: int, **changes: Any) -> rag.Measured:
    """A measure at `value`: 1,000 at first, 600 the target, lower is better."""
    return rag.Measured(
        **{
            "name": "Missed collections", "unit": "per 100,000", "places": 1, "direction": "lower",
            "baseline": 1000, "target": 600, "value": value, **changes,
        }
    )  # fmt: skip


# ------------------------------------------------------------------ time


def test_a_project_with_nothing_late_is_green() -> None:
    verdict = judge(0, measures=(missed(990),))
    assert {verdict.of(status) for status in rag.STATUSES} == {"green"}
    assert not verdict.off_track
    assert verdict.why == ()
    assert [reason.rule for reason in verdict.reasons] == [
        "time", "cost", "saving", "measure", "outlook_time", "outlook_cost", "outlook_saving", "plan",
    ]  # fmt: skip


@pytest.mark.parametrize("late_days", [11, 34])
def test_a_slip_with_a_plan_is_amber(late_days: int) -> None:
    assert judge(late_days, "A second crew from Monday").colour == "amber"


@pytest.mark.parametrize("late_days", [11, 34, 40])
def test_a_slip_without_a_plan_is_red(late_days: int) -> None:
    verdict = judge(late_days, "  ")
    assert (verdict.colour, verdict.time, verdict.cost, verdict.benefit) == ("red", "red", "green", "green")
    assert verdict.reasons[-1].sentence == "It is off track, and there is no recovery plan."
    assert said(verdict, "time").colour == "amber", "the rule on slippage alone"


def test_a_slip_of_62_days_is_red_whatever_the_plan() -> None:
    slipped = MilestoneFact(
        1, "Contract signed", AGREED, AGREED, AGREED + dt.timedelta(days=62), None, (AGREED,)
    )
    verdict = rag.judge(RULES, seen(slipped, action="A second supplier"))
    assert verdict.colour == "red"
    assert verdict.reasons[0].sentence == (
        "“Contract signed” has slipped 62 days (44 working days), from 22 September 2026 to 23 November 2026; "
        "more than 40 working days is red."
    )


def test_what_is_beyond_the_team_is_red_though_there_is_an_action() -> None:
    verdict = judge(3, plan=plan.from_text("Ask the county", "The county\nshut the bridge."))
    assert (verdict.colour, verdict.time) == ("red", "red")
    assert verdict.reasons[-1].sentence == (
        "It is off track, and it is beyond what the team can put right: The county shut the bridge."
    )


def test_a_slip_at_the_exact_threshold_is_not_over_it() -> None:
    days = {
        late: CALENDAR.working_days_between(AGREED, AGREED + dt.timedelta(days=late)) for late in (56, 57)
    }
    assert days == {56: 40, 57: 41}
    colours = {}
    for late in days:
        slipped = MilestoneFact(1, "Late", AGREED, AGREED, AGREED + dt.timedelta(days=late), None, (AGREED,))
        colours[late] = rag.judge(RULES, seen(slipped, action="Yes")).time
    assert colours == {56: "amber", 57: "red"}


def test_the_reason_names_the_worst_milestone() -> None:
    late = MilestoneFact(2, "Online form live", TODAY, TODAY, TODAY + dt.timedelta(days=30), None, (TODAY,))
    verdict = rag.judge(RULES, seen(milestone(3), late, action="Yes"))
    assert "“Online form live”" in verdict.reasons[0].sentence


def test_a_milestone_that_is_done_no_longer_colours() -> None:
    assert rag.judge(RULES, seen(milestone(60, done=True))).colour == "green"


def test_a_milestone_nobody_agreed_cannot_slip() -> None:
    new = MilestoneFact(3, "Extra", None, None, dt.date(2027, 5, 1), None)
    verdict = rag.judge(RULES, seen(new))
    assert (verdict.colour, verdict.outlook) == ("green", "green")


# ------------------------------------------------------------------ savings


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
    verdict = judge(0, "We sell the van", delivered=rag.Delivered(delivered, 10_000))
    assert (verdict.colour, verdict.benefit) == (colour, colour)
    assert said(verdict, "saving").sentence == says


def test_a_year_that_costs_more_than_it_saves_is_judged_by_its_overrun() -> None:
    assert judge(0, "x", delivered=rag.Delivered(-6_000_000, -6_000_000)).colour == "green"
    assert judge(0, "x", delivered=rag.Delivered(-6_400_000, -6_000_000)).colour == "amber"
    assert judge(0, "x", delivered=rag.Delivered(-9_000_000, -6_000_000)).colour == "red"


def test_nothing_profiled_is_nothing_missed() -> None:
    assert judge(0, delivered=rag.Delivered(0, 0)).colour == "green"


# ------------------------------------------------------------------ cost


@pytest.mark.parametrize(
    ("spent", "colour", "says"),
    [
        (10_000, "green", "is to cost in 2026/27, 100%; up to 100% is green."),
        (10_001, "amber", "is to cost in 2026/27, 100.1%; more than 100% is amber."),
        (11_000, "amber", "is to cost in 2026/27, 110%; more than 100% is amber."),
        (11_001, "red", "is to cost in 2026/27, 110.1%; more than 110% is red."),
    ],
)
def test_spending_more_than_the_year_was_to_cost_colours_a_return(spent: int, colour: str, says: str) -> None:
    verdict = judge(0, "We stop", spent=rag.Spent(spent, 10_000, "2026/27"))
    assert (verdict.colour, verdict.cost, verdict.time) == (colour, colour, "green")
    assert said(verdict, "cost").sentence.endswith(says)


def test_anything_spent_in_a_year_that_was_to_cost_nothing_is_red() -> None:
    assert judge(0, "x", spent=rag.Spent(1, 0, "2028/29")).cost == "red"
    assert judge(0, "x", spent=rag.Spent(0, 0, "2028/29")).cost == "green"


def test_where_no_cost_is_estimated_nothing_is_judged() -> None:
    verdict = judge(0, spent=rag.Spent(500_000, None, "2025/26"))
    assert verdict.cost == "green"
    assert said(verdict, "cost").sentence == (
        "No cost of achieving the savings is estimated for 2025/26, so that nothing is judged."
    )


# ------------------------------------------------------------------ measures


@pytest.mark.parametrize(
    ("value", "colour", "says"),
    [
        (1000, "green", "Missed collections is 100.0 per 100,000, as good as its baseline of 100.0 per 100,000."),
        (999, "green", "Missed collections is 99.9 per 100,000, better than its baseline of 100.0 per 100,000."),
        (1050, "green", "5.0 per 100,000 worse than its baseline of 100.0 per 100,000, 5%; up to 5% is green."),
        (1051, "amber", "5.1 per 100,000 worse than its baseline of 100.0 per 100,000, 5.1%; more than 5% is amber."),
        (1100, "amber", "10.0 per 100,000 worse than its baseline of 100.0 per 100,000, 10%; more than 5% is amber."),
        (1101, "red", "10.1 per 100,000 worse than its baseline of 100.0 per 100,000, 10.1%; more than 10% is red."),
    ],
)  # fmt: skip
def test_a_measure_that_falls_behind_its_baseline_colours_a_return(
    value: int, colour: str, says: str
) -> None:
    verdict = judge(0, "A spare crew", measures=(missed(value),))
    assert (verdict.benefit, verdict.colour) == (colour, colour)
    assert said(verdict, "measure").sentence.endswith(says)


@pytest.mark.parametrize(
    ("tolerance", "value", "colour", "says"),
    [
        (50, 1050, "green", "up to its tolerance of 5.0 per 100,000 is green."),
        (50, 1051, "amber", "more than its tolerance of 5.0 per 100,000 is amber."),
        (50, 1101, "red", "more than 10% is red."),
        (200, 1200, "green", "up to its tolerance of 20.0 per 100,000 is green."),
        (200, 1201, "red", "more than its tolerance of 20.0 per 100,000 is red."),
    ],
)
def test_a_measure_s_own_tolerance_comes_first(tolerance: int, value: int, colour: str, says: str) -> None:
    verdict = judge(0, "A spare crew", measures=(missed(value, tolerance=tolerance),))
    assert verdict.benefit == colour
    assert said(verdict, "measure").sentence.endswith(says)


@pytest.mark.parametrize(
    ("value", "colour"), [(600, "green"), (700, "green"), (701, "amber"), (800, "amber"), (801, "red"), (1200, "red")]
)  # fmt: skip
def test_a_measure_is_held_to_its_target_some_months_after_every_milestone_is_done(
    value: int, colour: str
) -> None:
    verdict = judge(0, "A spare crew", measures=(missed(value, months_done=3),))
    assert verdict.benefit == colour
    assert (
        "to its target of 60.0 per 100,000, which was due 3 months after the last"
        in said(verdict, "measure").sentence
    )


def test_a_target_is_not_due_until_some_months_after_the_last_milestone() -> None:
    assert judge(0, measures=(missed(990, months_done=2),)).benefit == "green"
    assert judge(0, measures=(missed(990, months_done=3),)).benefit == "red"


def test_higher_is_better_where_the_measure_says_so() -> None:
    up = {"direction": "higher", "baseline": 740, "target": 880, "name": "In time", "unit": "%"}
    assert judge(0, "x", measures=(missed(740, **up),)).benefit == "green"
    verdict = judge(0, "x", measures=(missed(700, **up),))
    assert verdict.benefit == "amber"
    assert said(verdict, "measure").sentence == (
        "In time is 70.0%, 4.0% worse than its baseline of 74.0%, 5.5%; more than 5% is amber."
    )
    assert judge(0, "x", measures=(missed(845, **up, months_done=3),)).benefit == "green"


def test_a_unit_cost_is_said_in_pounds_and_a_baseline_of_nothing_has_no_percentage() -> None:
    cost = missed(7_410, name="Cost", unit="£ per household", places=2, baseline=7_100, target=6_400)
    assert said(judge(0, measures=(cost,)), "measure").sentence.startswith(
        "Cost is £74.10 per household, £3.10 per household worse than its baseline of £71.00 per household, 4.4%"
    )
    verdict = judge(0, "x", measures=(missed(5, baseline=0, target=0),))
    assert (verdict.benefit, said(verdict, "measure").sentence[-19:]) == ("amber", "any worse is amber.")
    none = judge(0, measures=(missed(5, baseline=None, target=None),))
    assert none.benefit == "green"


# ------------------------------------------------------------------ the outlook


def test_a_late_milestone_that_makes_it_by_the_end_of_the_year_is_amber_now_and_green_then() -> None:
    verdict = judge(34, "A second crew")
    assert (verdict.colour, verdict.outlook) == ("amber", "green")


@pytest.mark.parametrize(
    ("expected", "outlook"),
    [("2027-03-31", "green"), ("2027-04-01", "amber"), ("2027-05-27", "amber"), ("2027-05-28", "red")],
)
def test_a_milestone_of_this_year_expected_after_it_colours_the_outlook(expected: str, outlook: str) -> None:
    late = MilestoneFact(1, "Go live", AGREED, AGREED, dt.date.fromisoformat(expected), None, (AGREED,))
    verdict = rag.judge(RULES, seen(late, action="x"))
    assert verdict.outlook == outlook
    if outlook != "green":
        assert "after the end of the year" in said(verdict, "outlook_time").sentence


def test_the_outlook_looks_at_savings_and_spend_forecast_for_the_year() -> None:
    short = judge(0, "x", to_deliver=rag.Delivered(7_400_000, 8_000_000))
    assert (short.colour, short.outlook) == ("green", "amber")
    assert said(short, "outlook_saving").sentence == (
        "£74,000 is expected to be delivered by 31 March 2027 of the £80,000 profiled for the year, 92.5%; "
        "less than 95% is amber."
    )
    dear = judge(0, "x", to_spend=rag.Spent(5_501_000, 5_000_000, "2026/27"))
    assert (dear.colour, dear.outlook) == ("green", "red")
    assert said(dear, "outlook_cost").sentence == (
        "£55,010 is expected to be spent in 2026/27 of the £50,000 that achieving the savings is to cost, 110.1%; "
        "more than 110% is red."
    )


def test_an_outlook_off_track_asks_for_a_plan_and_leaves_the_colour_of_today() -> None:
    verdict = judge(0, to_deliver=rag.Delivered(7_400_000, 8_000_000))
    assert (verdict.colour, verdict.outlook, verdict.off_track) == ("green", "red", True)
    assert verdict.reasons[-1].sentence == "It is forecast to be off track, and there is no recovery plan."


# ------------------------------------------------------------------ what always holds

MONEY = st.integers(-(10**9), 10**9)
SEEN = st.builds(
    seen,
    st.integers(0, 200).map(milestone),
    spent=st.builds(rag.Spent, MONEY, st.none() | st.integers(0, 10**8), st.just("2026/27")),
    delivered=st.builds(rag.Delivered, MONEY, MONEY),
    measures=st.tuples(st.builds(missed, st.integers(0, 3000), months_done=st.none() | st.integers(0, 9))),
    to_spend=st.builds(rag.Spent, st.none() | MONEY, st.none() | st.integers(0, 10**8), st.just("2026/27")),
    to_deliver=st.none() | st.builds(rag.Delivered, MONEY, MONEY),
    plan=st.builds(plan.from_text, st.sampled_from(["", "A plan"]), st.sampled_from(["", "The county"])),
)


@given(SEEN)
def test_the_overall_colour_is_the_worst_of_time_cost_and_benefit(given_: rag.Seen) -> None:
    verdict = rag.judge(RULES, given_)
    assert verdict.time and verdict.cost and verdict.benefit and verdict.outlook
    assert verdict.colour == rag.worst((verdict.time, verdict.cost, verdict.benefit))
    now = [reason for reason in verdict.reasons if reason.status != "outlook"]
    assert verdict.colour == rag.worst(reason.colour for reason in now)
    assert verdict.off_track == (verdict.colour != "green" or verdict.outlook != "green")
    if not given_.plan.exists or given_.plan.beyond:
        assert {verdict.of(status) for status in rag.STATUSES} <= {"green", "red"}, "amber has a plan"


@given(SEEN, st.integers(0, 200), st.integers(0, 200))
def test_more_slippage_is_never_better(given_: rag.Seen, one: int, other: int) -> None:
    few, many = sorted((one, other))

    def with_slip(days: int) -> rag.Verdict:
        late = seen(milestone(days))
        return rag.judge(RULES, dataclasses.replace(given_, slip=late.slip, late=late.late))

    for status in rag.STATUSES:
        assert WORSE[with_slip(few).of(status) or ""] <= WORSE[with_slip(many).of(status) or ""]


@given(SEEN, MONEY, MONEY, MONEY)
def test_more_delivered_and_less_spent_is_never_worse(
    given_: rag.Seen, one: int, other: int, year: int
) -> None:
    less, more = sorted((one, other))

    def verdict(delivered: int, spent: int) -> rag.Verdict:
        return rag.judge(
            RULES,
            dataclasses.replace(
                given_, delivered=rag.Delivered(delivered, year), spent=rag.Spent(spent, abs(year), "2026/27")
            ),
        )

    for status in rag.STATUSES:
        assert WORSE[verdict(more, less).of(status) or ""] <= WORSE[verdict(less, more).of(status) or ""]


@given(SEEN, st.integers(0, 3000), st.integers(0, 3000), st.none() | st.integers(0, 9), st.integers(0, 300))
def test_a_better_value_is_never_worse(
    given_: rag.Seen, one: int, other: int, due: int | None, tolerance: int
) -> None:
    better, worse = sorted((one, other))

    def verdict(value: int) -> rag.Verdict:
        measures = (missed(value, months_done=due, tolerance=tolerance),)
        return rag.judge(RULES, dataclasses.replace(given_, measures=measures))

    assert WORSE[verdict(better).benefit or ""] <= WORSE[verdict(worse).benefit or ""]


# ------------------------------------------------------------------ judged again


@given(SEEN)
def test_what_is_written_down_of_a_return_is_judged_again_to_the_same_colours(given_: rag.Seen) -> None:
    verdict = rag.judge(RULES, given_)
    kept = json.loads(json.dumps([dataclasses.asdict(reason) for reason in verdict.reasons]))
    assert rag.judge_again(RULES, kept) == verdict


def test_a_return_that_was_not_asked_for_a_plan_is_not_held_to_have_none() -> None:
    verdict = judge(0, delivered=rag.Delivered(9_600, 10_000))
    assert verdict.colour == "green"
    strict = RULES.model_copy(update={"saving": RULES.saving.model_copy(update={"amber_under_percent": 100})})
    again = rag.judge_again(strict, [dataclasses.asdict(reason) for reason in verdict.reasons])
    assert again is not None
    assert again.colour == "amber"
    assert again.reasons[-1].sentence == "It is off track, and a recovery plan will be asked for."


def test_a_return_from_before_its_figures_were_kept_cannot_be_judged_again() -> None:
    old = [
        {"rule": "time", "colour": "red", "sentence": "Late."},
        {"rule": "saving", "colour": "green", "sentence": "Well."},
        {"rule": "plan", "colour": "red", "sentence": "It is off track, and there is no recovery plan."},
    ]
    assert rag.judge_again(RULES, old) is None
    assert rag.judge_again(RULES, []) is None
    assert [rag.recalled(one).status for one in old] == ["time", "benefit", "overall"]


# ------------------------------------------------------------------ the file


def test_thresholds_the_wrong_way_round_are_refused_with_their_line() -> None:
    text = (
        "time:\n  amber_over_working_days: 50\n  red_over_working_days: 40\n"
        "saving:\n  amber_under_percent: 75\n  red_under_percent: 95\n"
        "cost:\n  amber_over_percent: 110\n  red_over_percent: 100\n"
        "measure:\n  amber_worse_percent: 3\n  red_worse_percent: 2\n"
        "  target_after_months: 3\n  amber_reached_under_percent: 75\n  red_reached_under_percent: 50\n"
        "outlook:\n  time:\n    amber_over_working_days: 5\n    red_over_working_days: 4\n"
    )
    with pytest.raises(ConfigError) as refused:
        rag.load(parse_yaml(text, "rag.yaml"))
    assert sorted((problem.file, problem.line) for problem in refused.value.problems) == [
        ("rag.yaml", 1),
        ("rag.yaml", 4),
        ("rag.yaml", 7),
        ("rag.yaml", 10),
        ("rag.yaml", 17),
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


def test_a_file_from_before_there_were_four_statuses_has_the_other_rules_as_they_ship() -> None:
    text = (
        "time: {amber_over_working_days: 0, red_over_working_days: 40}\n"
        "saving: {amber_under_percent: 95, red_under_percent: 75}\n"
    )
    assert rag.load(parse_yaml(text, "rag.yaml")) == RULES
