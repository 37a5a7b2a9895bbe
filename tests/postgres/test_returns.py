"""The month of all services and the colours judged again, on PostgreSQL: the same tests as on SQLite."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.figures_support import moment, submit
from tests.journeys import test_cmt_return, test_return_prefill
from tests.people import Council
from vfm_workflow.journeys import recolour
from vfm_workflow.journeys.recolour import Recoloured

pytestmark = [pytest.mark.postgres, pytest.mark.xdist_group("postgres")]

SCENARIOS = [
    test_cmt_return.test_a_return_that_is_in_is_told_whole,
    test_cmt_return.test_a_return_that_is_not_in_is_missing_and_says_what_it_was,
    test_cmt_return.test_a_correction_counts_once_and_a_line_counted_elsewhere_is_in_no_total,
    test_cmt_return.test_a_department_s_library_stands_beside_its_projects,
    test_cmt_return.test_it_asks_as_many_questions_of_two_projects_as_of_one,
]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda test: test.__name__.removeprefix("test_"))
def test_on_postgresql(scenario: Callable[[Council, str], None], council: Council) -> None:
    reference = council.create()
    council.to_implementation(reference)
    council.at = moment(2026, 5, 5)
    scenario(council, reference)


def test_the_newest_returns_are_judged_again_and_the_library_s_readings_are_found(council: Council) -> None:
    reference = council.create()
    council.to_implementation(reference)
    council.at = moment(2026, 5, 5)
    submit(
        council, reference, "2026-04", forecast="2026-08-03", action="A second crew", spend="0", saved="6,700"
    )
    with council.app.read() as session:
        assert recolour.recoloured(session, council.home) == Recoloured((), 1, 0)
    council.at = moment(2026, 6, 4)
    test_return_prefill.test_a_reading_that_the_library_has_is_filled_in_with_who_recorded_it(
        council, reference
    )
