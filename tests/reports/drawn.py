"""Pictures for tests: one of each kind as a council would have it, and any that Hypothesis can think of."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from hypothesis import strategies as st

from vfm_workflow.domain.calendar import Calendar
from vfm_workflow.domain.facts import MilestoneFact
from vfm_workflow.reports.drawing.coverage import Covered, coverage
from vfm_workflow.reports.drawing.milestones import milestones
from vfm_workflow.reports.drawing.pipeline import Stage, pipeline
from vfm_workflow.reports.drawing.savings_profile import savings_profile
from vfm_workflow.reports.drawing.scatter import Known, scatter
from vfm_workflow.reports.drawing.target_years import PlanYear, target_years
from vfm_workflow.reports.drawing.trend import trend
from vfm_workflow.reports.model import Picture

MONTHS = [f"2026-{month:02d}" for month in range(4, 13)] + ["2027-01", "2027-02", "2027-03"]
K = 100_000
"""A thousand pounds in pence."""


def stage(title: str, weight: int, thousands: int) -> Stage:
    return Stage(title=title, weight=weight, amount=thousands * K, weighted=thousands * K * weight // 100)


def profile(delivered: list[int], forecast: int | None = None, year: int = 1200) -> Picture:
    """The picture of a year's saving, in tenths of a thousand pounds."""
    return savings_profile(
        "profile",
        "Savings",
        year=2026,
        months=MONTHS,
        profiled=[year * K * n // 120 for n in range(1, 13)],
        delivered=[amount * K // 10 for amount in delivered],
        forecast=None if forecast is None else forecast * K // 10,
    )


PIPELINE = [
    stage("Closed", 100, 30),
    stage("Lessons learned", 100, 169),
    stage("Implementation", 75, 776),
    stage("Recommendations", 60, 190),
    stage("Initial stage", 40, 400),
    stage("CMT approval", 20, 350),
    stage("Outline", 10, 262),
]
DEPARTMENTS = [
    Covered(code="SS", name="Street Scene", completed=1, under_way=3),
    Covered(code="PE", name="Planning and Housing", completed=0, under_way=23),
    Covered(code="CE", name="Policy and Assets", completed=0, under_way=0),
]
COST = Known(
    "Cost of collection", "£ per household", 2, "lower", 6610, {"Ashby": 6600, "Borrow": 7350, "Dun": 7420}
)
MISSED = Known(
    "Missed bins", "per 100,000 collections", 0, "lower", 92, {"Ashby": 60, "Borrow": 75, "Dun": 88}
)


def fact(number: int, title: str, baseline: str, forecast: str, done: str = "") -> MilestoneFact:
    agreed = dt.date.fromisoformat(baseline) if baseline else None
    done_on = dt.date.fromisoformat(done) if done else None
    return MilestoneFact(number, title, agreed, agreed, dt.date.fromisoformat(forecast), done_on)


MILESTONES = [
    fact(1, "Rounds modelled with every depot and the transfer station", "2026-04-30", "2026-04-28", "2026-04-28"),
    fact(2, "New rounds begin", "2026-10-01", "2026-12-04"),
    fact(3, "Depot closed", "", "2027-05-01"),
]  # fmt: skip


def measure(key: str, readings: Mapping[str, int], target: int | None, peers: Sequence[int] = ()) -> Picture:
    """The picture of a unit cost."""
    return trend(
        key,
        "Rounds",
        name="Cost of collection",
        unit="£ per household",
        places=2,
        direction="lower",
        readings=readings,
        target=target,
        peers=peers,
    )


def examples(calendar: Calendar) -> list[Picture]:
    """Return one picture of each kind, and each kind of which there is nothing."""
    today = dt.date(2026, 11, 23)
    readings = dict(zip(MONTHS[:7], (7100, 7060, 6990, 6905, 6820, 6760, 6610), strict=True))
    readings.pop("2026-07")
    nobody = Known("Cost", "£", 2, "lower", 5, {})
    none_yet = Covered(code="SS", name="Street Scene", completed=0, under_way=0)
    plan = [
        PlanYear(year=2026 + n, amount=weighted * K, weighted=weighted * K, target=355 * K * (n + 1))
        for n, weighted in enumerate((211, 900, 980, 1110, 1148))
    ]
    return [
        profile([4, 11, 20, 28, 37, 45, 52], 920),
        profile([], None, 0),
        profile([-20, -10], -5),
        measure("trend", readings=readings, target=6400, peers=[6600, 7350, 7421, 6891]),
        measure("trend-1", readings={"2026-04": 0}, target=None),
        measure("trend-0", readings={}, target=6400),
        scatter("scatter", "Cost and bins", council="Wrenfold", cost=COST, performance=MISSED),
        scatter("scatter-0", "Nobody", council="Wrenfold", cost=nobody, performance=nobody),
        pipeline("pipeline", "Pipeline", year=2030, stages=PIPELINE, target=1775 * K),
        pipeline("pipeline-more", "Pipeline", year=2030, stages=PIPELINE, target=500 * K),
        pipeline("pipeline-cost", "Pipeline", year=2026, stages=[stage("Outline", 10, -60)], target=355 * K),
        pipeline("pipeline-0", "Pipeline", year=2030, stages=[], target=0),
        coverage("coverage", "Departments", year=2026, departments=DEPARTMENTS),
        coverage("coverage-1", "Departments", year=2026, departments=[none_yet]),
        coverage("coverage-0", "Departments", year=2026, departments=[]),
        target_years("years", "The plan", years=plan),
        target_years("years-0", "The plan", years=[]),
        milestones("milestones", "Milestones", facts=MILESTONES, today=today, calendar=calendar),
        milestones("milestones-0", "Milestones", facts=[], today=today, calendar=calendar),
    ]


# ------------------------------------------------------------------ any

TEXT = st.text(max_size=90) | st.sampled_from(
    [
        "<b>&amp;</b>\x00",
        "Collection of everything, everywhere, at once, and then again in the rain" * 2,
        "W" * 80,
    ]
)
MONEY = st.integers(-(10**13), 10**13) | st.integers(-2000, 2000) | st.integers(-(10**9), 10**9)
DAYS = st.dates(dt.date(2001, 1, 1), dt.date(2090, 1, 1)) | st.dates(dt.date(2026, 1, 1), dt.date(2027, 6, 1))
DIRECTIONS = st.sampled_from(["lower", "higher"])
VALUES = st.integers(-(10**12), 10**12) | st.integers(-300, 300)


@st.composite
def any_profile(draw: st.DrawFn) -> Picture:
    amounts = st.lists(MONEY, max_size=12)
    profiled = draw(st.lists(MONEY, min_size=12, max_size=12))
    return savings_profile(
        "p", draw(TEXT), year=2026, months=MONTHS, profiled=profiled, delivered=draw(amounts), forecast=draw(st.none() | MONEY)
    )  # fmt: skip


@st.composite
def any_trend(draw: st.DrawFn) -> Picture:
    months = st.integers(2020 * 12, 2029 * 12).map(lambda n: f"{n // 12}-{n % 12 + 1:02d}")
    return trend(
        "t",
        draw(TEXT),
        name=draw(TEXT),
        unit=draw(TEXT),
        places=draw(st.integers(0, 6)),
        direction=draw(DIRECTIONS),
        readings=draw(st.dictionaries(months, VALUES, max_size=9)),
        target=draw(st.none() | VALUES),
        peers=draw(st.lists(VALUES, max_size=6)),
    )


@st.composite
def any_known(draw: st.DrawFn) -> Known:
    names = st.sampled_from(["Ashby", "Borrow", "Ça", "D" * 60]) | TEXT
    peers = draw(st.dictionaries(names, VALUES, max_size=12))
    places, direction = draw(st.integers(0, 6)), draw(DIRECTIONS)
    return Known(draw(TEXT), draw(TEXT), places, direction, draw(VALUES), peers)


ANY_SCATTER = st.builds(
    lambda title, council, cost, performance: scatter("s", title, council=council, cost=cost, performance=performance),
    TEXT, TEXT, any_known(), any_known(),
)  # fmt: skip
STAGES = st.builds(
    lambda title, weight, amount: Stage(title=title, weight=weight, amount=amount, weighted=amount * weight // 100),
    TEXT, st.integers(0, 100), MONEY,
)  # fmt: skip
ANY_PIPELINE = st.builds(
    lambda title, stages, target: pipeline("p", title, year=2030, stages=stages, target=target),
    TEXT, st.lists(STAGES, max_size=9), st.just(0) | st.integers(0, 10**13),
)  # fmt: skip
COUNTS = st.integers(0, 30) | st.integers(0, 100_000)
ANY_COVERAGE = st.builds(
    lambda title, rows: coverage(
        "c", title, year=2026, departments=[Covered(code="X", name=n, completed=c, under_way=u) for n, c, u in rows]
    ),
    TEXT, st.lists(st.tuples(TEXT, COUNTS, COUNTS), max_size=9),
)  # fmt: skip
ANY_YEARS = st.builds(
    lambda title, rows: target_years(
        "y", title, years=[PlanYear(year=2026 + n, amount=a, weighted=w, target=t) for n, (a, w, t) in enumerate(rows)]
    ),
    TEXT, st.lists(st.tuples(MONEY, MONEY, MONEY), max_size=5),
)  # fmt: skip


def any_milestones(calendar: Calendar) -> st.SearchStrategy[Picture]:
    facts = st.builds(
        MilestoneFact, st.integers(1, 9), TEXT, st.none() | DAYS, st.none() | DAYS, DAYS, st.none() | DAYS
    )
    return st.builds(
        lambda title, rows, today: milestones("m", title, facts=rows, today=today, calendar=calendar),
        TEXT, st.lists(facts, max_size=9), DAYS,
    )  # fmt: skip
