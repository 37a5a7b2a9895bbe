"""The pipeline by stage from a few rows of the database, and the same to the penny as project by project."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from tests.figures_support import saving
from tests.people import Council
from vfm_workflow.domain.pipeline import weighted
from vfm_workflow.journeys.pipeline import pictures, weighted_sum
from vfm_workflow.store.pipeline import Placed, expected_by_place

YEAR = 2030


def placed(amounts: Sequence[int]) -> list[Placed]:
    """Return projects' amounts as the statement groups them: by sign and by the last two digits."""
    groups: dict[tuple[bool, int], list[int]] = {}
    for amount in amounts:
        groups.setdefault((amount < 0, abs(amount) % 100), []).append(amount)
    return [
        Placed("digest", "outline", YEAR, negative, odd, len(some), sum(some))
        for (negative, odd), some in groups.items()
    ]


@given(st.lists(st.integers(-(10**12), 10**12) | st.integers(-250, 250)), st.integers(0, 100))
def test_the_sum_of_a_group_is_the_sum_of_its_projects_each_rounded(amounts: list[int], percent: int) -> None:
    found = sum(weighted_sum(row, percent) for row in placed(amounts))
    assert found == sum(weighted(amount, percent) for amount in amounts)


def test_the_statement_groups_by_sign_and_last_digits_and_leaves_out_what_does_not_count(
    council: Council,
) -> None:
    amounts = {"Rounds": "1,000.37", "Voids": "2,000.37", "Offices": "-60.05", "Museum": "10"}
    for number, (name, amount) in enumerate(amounts.items()):
        reference = council.create(name, department="PE" if number else "SS", manager="manager")
        for title, ongoing in (("Ongoing", "yes"), ("A receipt", "no")):
            saving(
                council,
                reference,
                title=title,
                ongoing=ongoing,
                expected_2030=amount,
                expected_2026="",
                expected_2027="",
                low_2027="",
                high_2027="",
                cost_2026="",
            )
    with council.app.read() as session:
        found = expected_by_place(session, range(2029, 2031))
    assert {(row.year, row.negative, row.odd, row.projects, row.amount) for row in found} == {
        (2030, False, 37, 2, 300_074),
        (2030, True, 5, 1, -6_005),
        (2030, False, 0, 1, 1_000),
    }


def test_without_a_right_to_savings_only_the_departments_are_shown(council: Council) -> None:
    council.create()
    with council.app.read() as session:
        alone = pictures(session, council.home, council.at, savings=False)
        both = pictures(session, council.home, council.at, savings=True)
    assert [picture.key for picture in alone] == ["coverage"]
    assert [picture.key for picture in both] == ["pipeline", "plan-years", "coverage"]
