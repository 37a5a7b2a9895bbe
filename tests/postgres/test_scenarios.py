"""What is proven on SQLite holds on PostgreSQL: the same scenarios, run on it."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import pytest

from tests.journeys import (
    clockwork,
    test_board,
    test_clock,
    test_deliver,
    test_inviting,
    test_main_line,
    test_people_and_projects,
    test_races,
    test_schedules,
    test_signin,
)
from tests.people import Council
from tests.web import test_own_mail

pytestmark = [pytest.mark.postgres, pytest.mark.xdist_group("postgres")]


def scenarios(module: Any) -> list[Callable[..., None]]:
    """Return the module's tests that need a council and nothing else."""
    return [
        test
        for name, test in inspect.getmembers(module, inspect.isfunction)
        if name.startswith("test_") and set(inspect.signature(test).parameters) == {"council"}
    ]


EVERY = [*scenarios(test_main_line), *scenarios(test_races), *scenarios(test_deliver)]
SOME = [
    test_board.test_each_member_of_the_board_gets_one_link_and_the_database_keeps_no_token,
    test_board.test_a_changed_text_supersedes_links_die_and_votes_are_void,
    test_board.test_baselines_come_from_the_frozen_dates_even_if_the_manager_edited_afterwards,
    test_board.test_a_later_hold_does_not_ask_again_what_was_decided_meanwhile,
    test_board.test_an_expired_link_decides_nothing_and_a_new_one_goes_to_the_address_on_record,
    test_board.test_conditions_of_an_approval_are_tracked_with_who_set_them,
    test_board.test_a_disputed_vote_freezes_the_project_until_an_administrator_has_looked,
    test_people_and_projects.test_a_project_begins_in_the_first_stage_with_its_first_row_of_history,
    test_people_and_projects.test_a_title_and_a_summary_are_kept_without_what_no_page_can_show,
    test_people_and_projects.test_a_reason_is_kept_without_what_no_database_can_hold,
    test_people_and_projects.test_a_section_that_somebody_else_changed_meanwhile_is_not_overwritten,
    test_people_and_projects.test_a_criterion_is_chosen_changed_and_dropped,
    test_signin.test_a_link_signs_its_person_in_once,
    test_signin.test_what_is_no_token_of_ours_is_unknown,
    test_signin.test_asking_again_and_again_does_not_flood_a_mailbox,
    test_signin.test_a_session_ends_when_it_is_idle_and_use_keeps_it_awake,
]
"""Each kind of statement once: the rules themselves are proven on SQLite."""
CLOCK = [
    test_clock.test_a_return_is_announced_due_overdue_and_escalated_on_the_right_days,
    test_clock.test_a_return_waits_for_the_head_of_service_every_week_until_verified,
    test_clock.test_a_slip_past_the_tolerance_goes_to_cmt,
    test_clock.test_an_overdue_milestone_is_said_once_a_month,
    test_clock.test_a_verified_quarter_is_not_asked_for,
    test_clock.test_a_reminder_mints_a_new_link_and_revokes_the_old,
    test_clock.test_a_decision_past_its_deadline_is_said_to_the_manager_and_the_chair,
    test_clock.test_what_happened_on_a_day_is_said_in_the_next_mornings_digest,
    test_clock.test_a_return_of_half_a_year_ago_is_no_longer_chased,
    test_schedules.test_released_figures_are_told_to_each_member_on_the_day_their_role_sees_them,
    test_inviting.test_a_moved_forecast_moves_the_entry_and_keeps_its_name,
    test_inviting.test_whoever_takes_the_project_over_gets_the_entry_and_who_had_it_loses_it,
    test_inviting.test_the_entries_of_a_project_that_ends_leave_and_those_of_one_on_hold_stay,
    test_own_mail.test_a_notice_that_was_switched_off_comes_no_more_and_back_on_it_does,
    test_own_mail.test_a_weekly_notice_comes_with_the_first_digest_of_a_week,
    test_own_mail.test_a_digest_comes_at_the_hour_and_on_the_days_somebody_wants,
]


def name_of(scenario: object) -> str | None:
    return getattr(scenario, "__name__", "").removeprefix("test_") or None


def run(scenario: Callable[..., None], **known: object) -> None:
    scenario(**{name: known[name] for name in inspect.signature(scenario).parameters})


def outline_asked(council: Council) -> str:
    """Return a project whose outline is before CMT."""
    reference = council.create()
    council.outline_ready(reference)
    council.do(reference, "submit_outline")
    return reference


@pytest.mark.parametrize("scenario", [*EVERY, *SOME], ids=name_of)
def test_on_postgresql(scenario: Callable[..., None], council: Council) -> None:
    asked = outline_asked(council) if "asked" in inspect.signature(scenario).parameters else ""
    run(scenario, council=council, asked=asked)


@pytest.mark.parametrize("scenario", CLOCK, ids=name_of)
def test_the_clock_on_postgresql(scenario: Callable[..., None], council: Council) -> None:
    needs = inspect.signature(scenario).parameters
    known: dict[str, object] = {"council": council}
    if "reference" in needs:
        known["reference"] = clockwork.running(council, test_clock.SEPTEMBER)
        clockwork.tick(council, test_clock.D(2026, 9, 2))
    if "asked" in needs:
        clockwork.at(council, test_clock.SEPTEMBER)
        asked = outline_asked(council)
        council.decide(asked, "chief", "approve")
        known["asked"] = asked
    run(scenario, **known)
