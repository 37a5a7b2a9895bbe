"""The library of measures: two agree a year's figures, readings keep their parts, and what was corrected stays beside."""

from __future__ import annotations

import dataclasses

import pytest
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from tests import figures_support
from tests.access_support import join_more
from tests.figures_support import moment
from tests.library_support import (
    COST,
    MISSED,
    NOVEMBER,
    agree,
    both,
    figures,
    measure,
    one,
    record,
    stocked,
)
from tests.people import Council
from vfm_workflow.errors import BadInput, NotAllowed, NotFound, StaleRevision
from vfm_workflow.journeys import library, library_view, people, tasks
from vfm_workflow.store import library as store
from vfm_workflow.store import projects
from vfm_workflow.store.tables import Measure, MeasureAgreement, PeerValue


@pytest.fixture
def library_of(council: Council) -> Council:
    stocked(council)
    return council


def refused(council: Council, code: str, month: str, value: str = "", **form: str) -> dict[str, str]:
    with pytest.raises(BadInput) as error:
        record(council, code, month, value, **form)
    return error.value.fields


def _coded(council: Council, code: str) -> Measure:
    """Add a measure that says its own code."""
    with council.app.write() as session:
        head = council.actor(session, "head")
        return library.save(session, council.home, head, council.at, form={**COST, "code": code})


# ------------------------------------------------------------------ what is measured


def test_a_measure_gets_the_next_code_of_its_department(council: Council) -> None:
    assert measure(council).code == "SS-01"
    assert measure(council).code == "SS-02"
    assert _coded(council, "ss-07").code == "SS-07"
    assert measure(council).code == "SS-08"
    with pytest.raises(BadInput) as error:
        _coded(council, "SS-07")
    assert "SS-07 already" in error.value.fields["code"]


def test_a_head_of_service_keeps_the_measures_of_their_own_department(council: Council) -> None:
    measure(council, by="head")
    measure(council, by="performance", department="PE")
    for who in ("planning", "manager", "chief", "auditor"):
        with pytest.raises(NotAllowed):
            measure(council, by=who)
        with pytest.raises(NotAllowed):
            figures(council, "SS-01", "1", "2", by=who)
        with pytest.raises(NotAllowed):
            record(council, "SS-01", "2026-01", "71", by=who)


def test_every_bad_field_is_named(council: Council) -> None:
    with pytest.raises(BadInput) as error:
        measure(
            council, department="", name="", kind="cost", unit="", places="9", direction="", tolerance="-1"
        )
    assert set(error.value.fields) == {
        "department", "name", "kind", "unit", "places", "direction", "tolerance",
    }  # fmt: skip


def test_a_measure_with_figures_keeps_its_unit_and_what_else_changes_is_noted(library_of: Council) -> None:
    with pytest.raises(BadInput) as error:
        measure(library_of, code="SS-01", **{**COST, "unit": "£ per bin", "places": "1"})
    assert set(error.value.fields) == {"unit", "places"}
    measure(library_of, code="SS-01", **{**COST, "name": "Cost of a household’s bins", "tolerance": "0.80"})
    (change, added) = one(library_of, "SS-01").changes
    assert change.name == "Head of Street Scene"
    assert change.detail == {
        "name": ["Cost of collection", "Cost of a household’s bins"],
        "tolerance": ["0.50", "0.80"],
    }
    assert added.detail["added"] == ["", "SS-01"]


def test_a_retired_measure_stays_and_takes_nothing_new(library_of: Council) -> None:
    record(library_of, "SS-02", "2026-09", "80")
    with library_of.app.write() as session:
        head = library_of.actor(session, "head")
        library.retire(session, library_of.home, "ss-02", head, library_of.at)
        with pytest.raises(NotAllowed):
            library.retire(session, library_of.home, "SS-02", head, library_of.at)
    assert one(library_of, "SS-02").shown.state == "retired"
    with pytest.raises(NotAllowed):
        figures(library_of, "SS-02", "1", "2")
    record(library_of, "SS-02", "2026-09", "81", reason="Counted again")
    library_of.at = moment(2026, 12, 7)
    record(library_of, "SS-02", "2026-11", "79")  # the month in which it was retired
    library_of.at = moment(2027, 1, 11)
    assert "retired" in refused(library_of, "SS-02", "2026-12", "78")["month"]
    with library_of.app.write() as session:
        head = library_of.actor(session, "head")
        library.retire(session, library_of.home, "SS-02", head, library_of.at, back=True)
    record(library_of, "SS-02", "2026-12", "78")


def test_a_department_that_measures_something_is_not_removed(council: Council) -> None:
    with council.app.write() as session:
        people.add_department(session, code="LC", name="Leisure")
    measure(council, by="performance", department="LC")
    with council.app.write() as session, pytest.raises(NotAllowed, match="1 measures"):
        people.remove_department(session, council.home, "LC", council.actor(session, "admin"))


def test_peers_are_set_with_their_source_and_what_was_taken_out_is_noted(library_of: Council) -> None:
    def save(peers: dict[str, str], source: str = "The club, 2025/26") -> list[PeerValue]:
        with library_of.app.write() as session:
            head = library_of.actor(session, "head")
            return library.save_peers(
                session, library_of.home, "SS-01", head, library_of.at, peers=peers, source=source
            )

    save({"Ashby Vale": "66.10", "Ostley": "70.20", "Empty": ""})
    assert [row.value for row in save({"Ashby Vale": "65.00"})] == [6500]
    newest = one(library_of, "SS-01").changes[0]
    assert newest.detail == {
        "Ashby Vale": ["66.10 (The club, 2025/26)", "65.00 (The club, 2025/26)"],
        "Ostley": ["70.20 (The club, 2025/26)", ""],
    }
    with pytest.raises(BadInput) as error:
        save({"Ashby Vale": "much"}, "")
    assert set(error.value.fields) == {"peer_Ashby Vale"}


# ------------------------------------------------------------------ two agree


def test_figures_count_once_finance_and_the_head_of_service_have_both_signed(council: Council) -> None:
    council.at = NOVEMBER
    measure(council)
    assert one(council, "SS-01").shown.state == "none"
    figures(council, "SS-01", "71.00", "68.00")
    assert one(council, "SS-01").shown.state == "waiting"
    assert not agree(council, "SS-01", 1, "finance", "finance")
    assert one(council, "SS-01").shown.agreed is None
    assert agree(council, "SS-01", 1, "service", "head")
    agreed = one(council, "SS-01").shown.agreed
    assert agreed is not None
    assert {side: signed.name for side, signed in agreed.signed.items()} == {
        "finance": "Finance Officer",
        "service": "Head of Street Scene",
    }
    assert agree(council, "SS-01", 1, "service", "head"), "signing again changes nothing"


def test_new_figures_need_both_again_and_the_old_ones_count_until_then(library_of: Council) -> None:
    assert figures(library_of, "SS-01", "71.00", "68.00").number == 1, "the same figures are no new row"
    assert figures(library_of, "SS-01", "71.00", "67.00", by="finance").number == 2
    shown = one(library_of, "SS-01").shown
    assert (shown.state, shown.agreed and shown.agreed.target.target) == ("changing", 6800)
    with pytest.raises(StaleRevision):
        agree(library_of, "SS-01", 1, "finance", "finance")
    agree(library_of, "SS-01", 2, "finance", "finance")
    assert one(library_of, "SS-01").shown.state == "changing"
    agree(library_of, "SS-01", 2, "service", "head")
    shown = one(library_of, "SS-01").shown
    assert (shown.state, shown.agreed and shown.agreed.target.target) == ("agreed", 6700)
    assert [(each.target.number, state) for each, state in shown.lines()] == [(2, "counts"), (1, "replaced")]


def test_another_year_is_agreed_by_itself(library_of: Council) -> None:
    figures(library_of, "SS-01", "68.00", "66.00", "2027/28")
    shown = one(library_of, "SS-01").shown
    assert shown.state == "agreed"
    assert [(each.target.year, state) for each, state in shown.lines()] == [
        (2027, "waiting"),
        (2026, "counts"),
    ]
    with pytest.raises(BadInput) as error:
        figures(library_of, "SS-01", "1", "1", "2032/33")
    assert "2031/32" in error.value.fields["year"]


@pytest.mark.parametrize(("side", "who"), [
    ("finance", "head"), ("service", "finance"), ("service", "planning"), ("finance", "performance"), ("service", "chief"),
    ("nobody", "head"),
])  # fmt: skip
def test_nobody_signs_for_a_side_that_is_not_theirs(council: Council, side: str, who: str) -> None:
    measure(council)
    figures(council, "SS-01", "71", "68")
    with pytest.raises(NotAllowed):
        agree(council, "SS-01", 1, side, who)


def test_one_person_is_never_both_whatever_the_roles_say(council: Council) -> None:
    measure(council)
    figures(council, "SS-01", "71", "68")
    agree(council, "SS-01", 1, "service", "head")
    both_sides = dict(council.home.roles)
    head = both_sides["head_of_service"]
    both_sides["head_of_service"] = head.model_copy(
        update={"may": {**head.may, "library.agree_finance": "all"}}
    )
    council.app.home = dataclasses.replace(council.home, roles=both_sides)
    with pytest.raises(NotAllowed, match="two people"):
        agree(council, "SS-01", 1, "finance", "head")
    with council.app.read() as session:
        row, by = one(council, "SS-01").shown.measure, council.who("head").id
        session.add(
            MeasureAgreement(measure_id=library.key(row), number=1, side="finance", by=by, at=council.at)
        )
        with pytest.raises(IntegrityError):
            session.flush()


# ------------------------------------------------------------------ readings


def test_a_unit_cost_is_worked_out_of_its_parts_which_are_kept(library_of: Council) -> None:
    read = record(library_of, "SS-01", "2026-10", numerator="2,735,253", denominator="39,606")
    assert (read.value, read.numerator, read.denominator) == (6906, 273_525_300, 39_606)
    (entry,) = one(library_of, "SS-01").entries
    assert (entry.value, entry.numerator, entry.denominator, entry.source) == (
        6906,
        273_525_300,
        39_606,
        "form",
    )
    assert entry.name == "Head of Street Scene"


@pytest.mark.parametrize(
    ("form", "field", "said"),
    [
        ({"value": "70.00", "numerator": "2735253", "denominator": "39606"}, "value", "is 69.06, not 70.00"),
        ({"numerator": "2735253"}, "denominator", "Give the number of units"),
        ({"denominator": "39606"}, "numerator", "Give the cost in pounds"),
        ({"numerator": "2735253", "denominator": "0"}, "denominator", "must be 1 or more"),
        ({"numerator": "2.7m", "denominator": "39606"}, "numerator", "must be an amount in pounds"),
        ({"value": "69.061"}, "value", "at most 2 decimal places"),
        ({"value": "69%"}, "value", "must be a number"),
        ({"value": ""}, "value", "Give the value, or the cost"),
    ],
)
def test_figures_that_do_not_fit_are_refused_by_field(
    library_of: Council, form: dict[str, str], field: str, said: str
) -> None:
    fields = refused(library_of, "SS-01", "2026-10", **form)
    assert list(fields) == [field]
    assert said in fields[field]


def test_parts_are_refused_where_a_measure_has_none(library_of: Council) -> None:
    fields = refused(library_of, "SS-02", "2026-10", numerator="1", denominator="2")
    assert set(fields) == {"numerator", "denominator"}


@pytest.mark.parametrize(
    ("month", "said"), [("2026-11", "not over yet"), ("2027-03", "not over yet"), ("October", "must be a month"), ("", "Give")]
)  # fmt: skip
def test_a_reading_is_of_a_month_that_is_over(library_of: Council, month: str, said: str) -> None:
    assert said in refused(library_of, "SS-02", month, "80")["month"]


def test_a_correction_says_why_and_stands_beside_the_first(library_of: Council) -> None:
    record(library_of, "SS-02", "2026-10", "80", by="performance")
    assert "say why" in refused(library_of, "SS-02", "2026-10", "82")["reason"]
    assert "is 80 already" in refused(library_of, "SS-02", "2026-10", "80", reason="No change")["value"]
    library_of.later(days=1)
    record(library_of, "SS-02", "2026-10", "82", reason="Two rounds were left out")
    whole = one(library_of, "SS-02")
    assert [(entry.number, entry.value, entry.name, entry.reason) for entry in whole.entries] == [
        (2, 82, "Head of Street Scene", "Two rounds were left out"),
        (1, 80, "Performance Officer", ""),
    ]
    assert [row.value for row in whole.shown.readings] == [82]


# ------------------------------------------------------------------ coverage, and who sees what


def view(council: Council, by: str) -> library_view.Library:
    with council.app.read() as session:
        return library_view.library(session, council.home, council.actor(session, by), council.at)


def test_a_department_is_covered_by_an_agreed_cost_and_an_agreed_performance(council: Council) -> None:
    council.at = NOVEMBER

    def street_scene() -> library_view.DepartmentView:
        return next(each for each in view(council, "chief").departments if each.code == "SS")

    assert street_scene().missing == ["unit cost", "performance"]
    measure(council)
    assert (street_scene().missing, street_scene().missing_agreed) == (["performance"], ["unit cost"])
    measure(council, **MISSED, tolerance="")
    assert street_scene().missing_agreed == ["unit cost", "performance"]
    for code in ("SS-01", "SS-02"):
        figures(council, code, "71", "68")
        both(council, code, 1)
    assert street_scene().is_covered
    assert [each.code for each in view(council, "chief").covered] == ["SS"]
    council.at = moment(2027, 4, 6)
    assert not street_scene().is_covered, "a new year is agreed anew"


def test_members_see_agreed_figures_and_released_months(library_of: Council) -> None:
    join_more(library_of)
    for month, value in (("2026-06", "90"), ("2026-09", "80"), ("2026-10", "79")):
        record(library_of, "SS-02", month, value)
    record(library_of, "SS-02", "2026-09", "81", reason="Counted again")
    figures(library_of, "SS-02", "92", "50")

    def seen(who: str) -> list[tuple[str, int]]:
        return [(row.period, row.value) for row in one(library_of, "SS-02", who).entries]

    # On 9 November quarter 2 is out to portfolio holders (2 November) and not to the others (30 November).
    assert seen("holder") == [("2026-09", 81), ("2026-06", 90)]
    assert seen("group") == seen("scrutiny") == [("2026-06", 90)]
    whole = one(library_of, "SS-02", "holder")
    assert [each.target.target for each in whole.shown.figures] == [60]
    assert (whole.changes, whole.taken_by) == ((), ())
    library_of.at = moment(2026, 11, 30)
    assert seen("group") == [("2026-09", 81), ("2026-06", 90)]


# ------------------------------------------------------------------ a project takes one over


def imported(council: Council, reference: str, period: str) -> dict[int, library.Imported]:
    with council.app.read() as session:
        key = projects.key(projects.by_reference(session, reference))
        return library.imported_readings(session, key, period)


def test_a_project_s_measure_takes_over_the_library_s_words_unit_and_readings(library_of: Council) -> None:
    reference = library_of.create()
    row = figures_support.measure(
        library_of, reference, library="ss-01", name="", kind="", unit="", places="", direction="",
        baseline="71", target="64",
    )  # fmt: skip
    assert (row.name, row.unit, row.places, row.direction) == (
        "Cost of collection",
        "£ per household",
        2,
        "lower",
    )
    assert imported(library_of, reference, "2026-10") == {}
    record(library_of, "SS-01", "2026-10", numerator="2735253", denominator="39606")
    assert row.id is not None
    found = imported(library_of, reference, "2026-10")[row.id]
    assert (found.value, found.number, found.source, found.code) == (6906, 1, "form", "SS-01")
    assert found.by == "Head of Street Scene"
    record(library_of, "SS-01", "2026-10", "69.10", reason="A later bill")
    assert (
        imported(library_of, reference, "2026-10")[row.id].value,
        imported(library_of, reference, "2026-09"),
    ) == (
        6910,
        {},
    )
    assert [taking.reference for taking in one(library_of, "SS-01").taken_by] == [reference]


def test_a_measure_may_be_let_go_of_and_one_that_is_not_there_is_refused(library_of: Council) -> None:
    reference = library_of.create()
    row = figures_support.measure(library_of, reference, library="SS-02", baseline="92", target="60")
    with pytest.raises(BadInput) as error:
        figures_support.measure(library_of, reference, library="SS-99")
    assert set(error.value.fields) == {"library"}
    record(library_of, "SS-02", "2026-10", "80")
    assert imported(library_of, reference, "2026-10")
    kept = {"name": row.name, "kind": row.kind, "unit": row.unit, "places": "0", "direction": "lower"}
    figures_support.measure(
        library_of, reference, measure_id=row.id, baseline="92", target="60", **kept
    )  # a form without the question
    assert imported(library_of, reference, "2026-10")
    figures_support.measure(
        library_of, reference, measure_id=row.id, library="", baseline="92", target="60", **kept
    )
    assert imported(library_of, reference, "2026-10") == {}


def test_what_is_not_in_the_library_is_not_found(council: Council) -> None:
    with council.app.read() as session, pytest.raises(NotFound):
        library.measure_of(session, "SS-01")
    reference = council.create()
    council.outline_ready(reference)
    with council.app.read() as session:
        assert _codes(session) == []


def _codes(session: Session) -> list[str | None]:
    return [row.code for row in store.measures(session)]


# ------------------------------------------------------------------ what waits


def test_figures_wait_for_who_may_sign_until_they_have(council: Council) -> None:
    council.at = NOVEMBER
    measure(council)
    figures(council, "SS-01", "71", "68")

    def waiting(who: str) -> list[tuple[str, str]]:
        with council.app.read() as session:
            found = tasks.waiting(session, council.home, council.actor(session, who), council.at)
        return [(task.title, task.path) for task in found if task.kind == "figures"]

    one_of_it = [("Agree the figures of SS-01 for 2026/27", "/measures/SS-01")]
    assert waiting("finance") == waiting("head") == one_of_it
    assert waiting("planning") == waiting("performance") == waiting("chief") == []
    agree(council, "SS-01", 1, "service", "head")
    assert (waiting("head"), waiting("finance")) == ([], one_of_it)
    measure(council, **MISSED, tolerance="")
    figures(council, "SS-02", "92", "60", "2027/28")
    assert waiting("finance") == [
        ("Agree the figures of 2 measures of SS", "/measures?department=SS&state=waiting")
    ]
    agree(council, "SS-01", 1, "finance", "finance")
    agree(council, "SS-02", 1, "finance", "finance")
    assert waiting("finance") == []
