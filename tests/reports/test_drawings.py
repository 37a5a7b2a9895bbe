"""Pictures: each says its finding, is drawn for a desk and for a phone without a text on another, and equals its table."""

from __future__ import annotations

import itertools
import json
import re
from xml.etree import ElementTree as ET
from xml.etree.ElementTree import Element

import cairosvg  # type: ignore[import-untyped]  # ships no types
import pytest
import weasyprint  # type: ignore[import-untyped]
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.reports import drawn
from vfm_workflow import settings as settings_module
from vfm_workflow import wiring
from vfm_workflow.domain.calendar import Calendar
from vfm_workflow.domain.money import pounds
from vfm_workflow.reports.drawing import DRAWINGS, scene, svg
from vfm_workflow.reports.drawing.lettering import clean, width, wrap
from vfm_workflow.reports.drawing.pipeline import pipeline
from vfm_workflow.reports.drawing.savings_profile import savings_profile
from vfm_workflow.reports.drawing.scatter import Known, scatter
from vfm_workflow.reports.drawing.scene import Area, Scene
from vfm_workflow.reports.model import Picture, shown

BOTH = (False, True)
CALENDAR: Calendar = wiring.load_home(settings_module.load({})).calendar
EXAMPLES = drawn.examples(CALENDAR)
ANY = st.one_of(
    drawn.any_profile(),
    drawn.any_trend(),
    drawn.ANY_SCATTER,
    drawn.ANY_PIPELINE,
    drawn.ANY_COVERAGE,
    drawn.ANY_YEARS,
    drawn.any_milestones(CALENDAR),
)
each = pytest.mark.parametrize("picture", EXAMPLES, ids=lambda picture: picture.key)


def parsed(text: str) -> Element:
    """Return the drawing, as whatever reads XML reads it."""
    return ET.fromstring(text)  # noqa: S314  (it is our own)


def check(picture: Picture, made: Scene) -> None:
    """Fail where a text leaves the drawing, is too small, or stands on another."""
    for words in made.words:
        box = words.box
        assert words.size >= 11
        assert box.left >= -0.1, words
        assert box.right <= made.width + 0.1, words
        assert box.top >= -0.1, words
        assert box.bottom <= made.height + 0.1, words
    for one, other in itertools.combinations(made.words, 2):
        assert not one.box.meets(other.box), (picture.drawing["kind"], one.text, other.text)


@each
@pytest.mark.parametrize("narrow", BOTH)
def test_no_text_stands_on_another_or_leaves_the_drawing(picture: Picture, narrow: bool) -> None:
    check(picture, scene(picture, narrow=narrow))


@given(ANY)
@settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))
def test_no_text_of_any_picture_stands_on_another_and_each_is_well_formed(picture: Picture) -> None:
    for narrow in BOTH:
        check(picture, scene(picture, narrow=narrow))
        parsed(svg(picture, narrow=narrow))


def test_every_kind_has_an_example() -> None:
    assert {picture.drawing["kind"] for picture in EXAMPLES} == DRAWINGS.keys()


@each
@pytest.mark.parametrize("narrow", BOTH)
def test_a_drawing_says_its_finding_to_who_cannot_see_it(picture: Picture, narrow: bool) -> None:
    root = parsed(svg(picture, narrow=narrow))
    title = root.find("{http://www.w3.org/2000/svg}title")
    assert root.get("role") == "img"
    assert title is not None
    assert title.text == f"{picture.title}: {picture.finding}"
    assert title.get("id") == root.get("aria-labelledby")


@each
@pytest.mark.parametrize("narrow", BOTH)
def test_a_strict_content_security_policy_lets_it_through(picture: Picture, narrow: bool) -> None:
    text = svg(picture, narrow=narrow)
    assert not re.search(r"\bstyle=|<style|<script|\bon[a-z]+=|href|url\(", text)


@each
@pytest.mark.parametrize("narrow", BOTH)
def test_a_word_file_and_a_pdf_can_show_it(picture: Picture, narrow: bool) -> None:
    text = svg(picture, narrow=narrow)
    assert cairosvg.svg2png(bytestring=text.encode()).startswith(b"\x89PNG")
    assert weasyprint.HTML(string=f"<p>{text}</p>").write_pdf().startswith(b"%PDF")


@each
def test_it_is_drawn_alike_from_what_was_frozen(picture: Picture) -> None:
    frozen = json.loads(json.dumps(picture.drawing))
    again = Picture(picture.key, picture.title, picture.finding, frozen, picture.table)
    assert svg(again) == svg(picture)


def _amounts(value: object) -> list[int]:
    if isinstance(value, dict):
        kept = [
            v
            for k, v in value.items()
            if k in {"profiled", "delivered", "forecast", "amount", "weighted", "target"}
        ]
        rest = [v for v in value.values() if isinstance(v, list | dict)]
        return [pence for part in (*kept, *rest) for pence in _amounts(part)]
    if isinstance(value, list):
        return [pence for part in value for pence in _amounts(part)]
    return [value] if isinstance(value, int) else []


@pytest.mark.parametrize(
    "picture",
    [
        p
        for p in EXAMPLES
        if p.drawing["kind"] in {"savings_profile", "pipeline", "target_years"} and p.table.rows
    ],
    ids=lambda picture: picture.key,
)
def test_every_amount_that_is_drawn_stands_exactly_in_the_table(picture: Picture) -> None:
    cells = {
        shown(c, cell)
        for row in picture.table.rows
        for c, cell in zip(picture.table.columns, row, strict=True)
    }
    if picture.drawing["kind"] == "savings_profile" and not any(picture.drawing["profiled"]):
        return
    assert {pounds(pence) for pence in _amounts({**picture.drawing})} <= cells


def test_a_hostile_name_is_text_and_nothing_else() -> None:
    bad = '<script>alert("x")</script>&\x00]]>'
    picture = pipeline("p", bad, year=2030, stages=[drawn.stage(bad, 50, 10)], target=5)
    root = parsed(svg(picture))
    assert {child.tag.rpartition("}")[2] for child in root.iter()} <= {
        "svg",
        "title",
        "rect",
        "path",
        "circle",
        "text",
    }


# ------------------------------------------------------------------ findings


@pytest.mark.parametrize(
    ("key", "finding"),
    [
        (
            "pipeline",
            "£1.15m of the £1.78m target for 2030/31 is in the weighted pipeline: £0.62m is still to be found "
            "(amounts rounded).",
        ),
        (
            "pipeline-more",
            "£1.15m is in the weighted pipeline for 2030/31: £0.65m more than the £0.50m target (amounts rounded).",
        ),
        ("pipeline-cost", "-£6k of the £355k target for 2026/27 is in the weighted pipeline: £361k is still to be found."),
        (
            "coverage",
            "1 of 3 departments has completed a project in 2026/27; Planning and Housing and Policy and Assets have not yet, "
            "and Policy and Assets has none under way.",
        ),
        (
            "scatter",
            "Lower cost and worse performance than the median of 3 other councils: £66.10 per household against £73.50, and "
            "92 per 100,000 collections against 75.",
        ),
        (
            "trend",
            "£66.10 per household in October 2026, better than the £71.00 per household in April 2026; the target of £64.00 "
            "per household is not reached yet; better than the median of 4 other councils (£71.205 per household).",
        ),
        (
            "milestones",
            "1 of 3 milestones is done. 1 has slipped from the date CMT agreed, “New rounds begin” the most: 64 days (46 "
            "working days).",
        ),
        ("trend-0", "No month of “Cost of collection” is reported yet."),
    ],
)  # fmt: skip
def test_a_picture_says_what_it_shows(key: str, finding: str) -> None:
    assert next(picture.finding for picture in EXAMPLES if picture.key == key) == finding


@pytest.mark.parametrize(
    ("delivered", "forecast", "finding"),
    [
        ([], None, "Nothing is reported as delivered in 2026/27 yet: £120k is profiled for the year."),
        (
            [100, 200],
            None,
            "By the end of May 2026 £20k of the £20k profiled by then is delivered: as profiled.",
        ),
        (
            [50],
            1100,
            "By the end of April 2026 £5k of the £10k profiled by then is delivered: £5k behind. £110k is forecast for the "
            "year against £120k: £10k short.",
        ),
    ],
)
def test_a_year_of_savings_says_how_it_stands(
    delivered: list[int], forecast: int | None, finding: str
) -> None:
    assert drawn.profile(delivered, forecast).finding == finding


def test_a_month_that_is_not_reported_is_named() -> None:
    found = savings_profile(
        "p",
        "x",
        year=2026,
        months=["2026-04", "2026-05", "2026-06"],
        profiled=[100_000_00, 200_000_00, 300_000_00],
        delivered=[100_000_00, 100_000_00, 150_000_00],
        missing=["2026-05"],
    )
    assert found.finding == (
        "By the end of June 2026 £150k of the £300k profiled by then is delivered: £150k behind. May 2026 is not reported."
    )


def test_a_profile_that_does_not_fit_its_months_is_refused() -> None:
    with pytest.raises(ValueError, match="an amount for each month"):
        savings_profile("p", "x", year=2026, months=["2026-04"], profiled=[], delivered=[])


# ------------------------------------------------------------------ what is drawn


def test_better_is_to_the_right_and_up_whichever_way_a_measure_runs() -> None:
    cheap = Known("Cost", "£", 0, "lower", 10, {"Ashby": 20})
    good = Known("Satisfied", "%", 0, "higher", 90, {"Ashby": 50})
    marks = scene(scatter("s", "x", council="Us", cost=cheap, performance=good)).marks
    ours, other = marks[-1], marks[-2]
    assert ours.shape == "diamond"
    assert ours.x > other.x
    assert ours.y < other.y


def test_the_shortfall_is_as_long_as_it_is() -> None:
    made = scene(next(p for p in EXAMPLES if p.key == "pipeline"))
    short, whole = made.areas[-1], made.areas[-2]
    assert short.hatched
    assert short.width / whole.width == pytest.approx(623.8 / 1151.2, rel=0.01)


def test_a_month_that_was_not_reported_is_a_gap_and_no_line_leads_over_it() -> None:
    made = scene(next(p for p in EXAMPLES if p.key == "trend"))
    runs = [line for line in made.lines if line.thick == 3.5 and len(line.points) > 2]
    assert [len(line.points) for line in runs] == [3, 3]


def test_hatching_stays_within_its_edges() -> None:
    area = Area(10, 20, 33, 7, "#ffffff", "#000000", True)
    numbers = [float(n) for n in re.findall(r"[\d.]+", area.hatching)]
    assert all(10 <= x <= 43 for x in numbers[::2])
    assert all(20 <= y <= 27 for y in numbers[1::2])


@given(st.text(max_size=120), st.integers(40, 300), st.integers(1, 3))
def test_a_wrapped_text_fits_its_room_and_loses_nothing_without_saying_so(
    text: str, room: int, most: int
) -> None:
    lines = wrap(text, room, 14, most=most)
    assert len(lines) <= most
    assert all(width(line, 14) <= room for line in lines)
    if not lines[-1].endswith("…"):
        assert "".join("".join(lines).split()) == "".join(clean(text).split())
