"""The library, imports and what machines read, on PostgreSQL: each kind of statement once."""

from __future__ import annotations

import inspect
from collections.abc import Callable

import pytest

from tests.figures_support import moment
from tests.journeys import test_calendar_feed, test_importing, test_library, test_tokens
from tests.library_support import stocked
from tests.people import Council
from tests.postgres.test_scenarios import name_of
from tests.web import test_api

pytestmark = [pytest.mark.postgres, pytest.mark.xdist_group("postgres")]

SCENARIOS: list[Callable[..., None]] = [
    test_library.test_new_figures_need_both_again_and_the_old_ones_count_until_then,
    test_library.test_one_person_is_never_both_whatever_the_roles_say,
    test_library.test_peers_are_set_with_their_source_and_what_was_taken_out_is_noted,
    test_library.test_a_correction_says_why_and_stands_beside_the_first,
    test_library.test_members_see_agreed_figures_and_released_months,
    test_library.test_a_project_s_measure_takes_over_the_library_s_words_unit_and_readings,
    test_importing.test_a_good_file_is_done_whole_and_each_reading_leads_to_its_file,
    test_importing.test_corrections_are_listed_as_such_with_what_they_replace,
    test_importing.test_what_savings_delivered_is_taken_in_with_a_row_in_the_project_s_history,
    test_importing.test_a_forecast_moves_and_the_agreed_date_stays,
    test_importing.test_people_join_and_change_by_a_file,
    test_importing.test_a_job_cut_off_is_done_again_and_nothing_twice,
    test_importing.test_what_became_wrong_since_it_was_looked_at_is_not_done,
    test_tokens.test_its_person_ends_it_and_nobody_else,
    test_tokens.test_that_it_was_used_is_noted_once_a_minute,
    test_calendar_feed.test_a_decision_is_there_until_it_is_made_for_who_has_the_seat,
    test_api.test_every_list_has_its_columns_in_json_and_csv_and_both_say_the_same,
    test_api.test_lists_are_paged_and_the_pages_put_together_are_the_list,
    test_api.test_members_read_what_the_release_clock_has_let_out_and_no_more,
    test_api.test_a_program_records_readings_once_however_often_it_sends_them,
]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=name_of)
def test_on_postgresql(scenario: Callable[..., None], council: Council) -> None:
    needs = inspect.signature(scenario).parameters
    known: dict[str, object] = {"council": council}
    if "library_of" in needs:
        stocked(council)
        known["library_of"] = council
    if "project" in needs:
        known["project"] = council.create()
        council.to_implementation(str(known["project"]))
        council.at = moment(2026, 5, 6)
    if "full" in needs:
        test_api.furnish(council)
        known["full"] = council
    scenario(**{name: known[name] for name in needs})
