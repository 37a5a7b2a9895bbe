"""The catalogue of mails: what a council may write in it, and what it is told when that cannot work."""

from __future__ import annotations

import pytest

from tests.mail.shipped import NOTICES_YAML, ROLES, catalogue, document
from vfm_workflow.domain import notices
from vfm_workflow.domain.notices import AT_ONCE, CONTEXT, TIMING, WHATS, context_key
from vfm_workflow.errors import Problem


def problems(text: str) -> list[Problem]:
    return notices.check(document(text), ROLES)


def changed(old: str, new: str) -> str:
    assert old in NOTICES_YAML
    return NOTICES_YAML.replace(old, new, 1)


def line_of(text: str, part: str) -> int:
    return text[: text.index(part)].count("\n") + 1


def test_the_shipped_catalogue_has_no_problem() -> None:
    assert problems(NOTICES_YAML) == []


def test_every_kind_of_schedule_has_its_timing_and_its_values() -> None:
    assert set(TIMING) == set(WHATS)
    assert set(WHATS) - {"event"} <= set(CONTEXT)


def test_a_digest_is_in_the_order_of_the_sections_and_then_of_the_catalogue() -> None:
    order = [(section.key, key) for section, key, _ in catalogue().digests]
    assert [section for section, _ in order] == sorted(
        (section for section, _ in order), key=["late", "now", "soon", "news"].index
    )
    assert order[0] == ("late", "return_overdue")


def test_a_council_adds_a_notice_by_writing_it_here_and_it_has_the_values_of_its_schedule() -> None:
    text = NOTICES_YAML + (
        "  milestone_slipped_to_finance:\n    title: Slipped milestones with money in them\n    deliver: digest\n"
        "    section: late\n    when: {what: milestone_slipped, over_working_days: 10}\n    to: [finance_officer]\n"
        "    why: you answer for the savings\n"
    )
    made = catalogue(text)
    key = context_key("milestone_slipped_to_finance", made.notices["milestone_slipped_to_finance"])
    assert "slip_working_days" in CONTEXT[key]


def test_an_event_of_the_lifecycle_may_have_a_notice_of_any_name() -> None:
    text = NOTICES_YAML + (
        "  project_put_on_hold:\n    title: Projects put on hold\n    deliver: digest\n    section: news\n"
        "    when: {what: event}\n    to: [finance_officer]\n    why: you plan the budget\n"
    )
    made = catalogue(text)
    assert context_key("project_put_on_hold", made.notices["project_put_on_hold"]) == "stage_changed"
    assert context_key("return_sent_back", made.notices["return_sent_back"]) == "return_sent_back"


@pytest.mark.parametrize(
    ("old", "new", "said", "remedy"),
    [
        ("    section: soon\n    when: {what: return_not", "    section: sonn\n    when: {what: return_not",
         "section `sonn` does not exist", "Did you mean `soon`?"),
        ("to: [project_manager]", "to: [projekt_manager]", "role `projekt_manager` does not exist",
         "Did you mean `project_manager`?"),
        ("    section: soon\n    when: {what: return_not", "    when: {what: return_not",
         "`return_due_soon` is a digest notice without `section`", "Add `section:`."),
        ("    to: [project_manager]\n    why: you manage the project\n    choice: may_switch_off\n  return_due:",
         "    why: you manage the project\n  return_due:",
         "`return_due_soon` is a digest notice without `to`", "Add `to:`."),
        ("    when: {what: condition_open, then_every: 20}\n", "", "`condition_open` is a digest notice without `when`",
         "Add `when:`."),
        ("when: {what: condition_open, then_every: 20}", "when: {what: condition_open}",
         "`condition_open` needs `then_every`", "Add `then_every:`"),
        ("when: {what: condition_open, then_every: 20}",
         "when: {what: condition_open, then_every: 20, over_working_days: 3}",
         "`condition_open` does not take `over_working_days`", "It takes then_every."),
        ("{what: milestone_ahead, working_days: -5}", "{what: milestone_ahead, working_days: 5}",
         "cannot be announced after its day", "Write a negative number"),
        ("{what: return_not_submitted, working_days: -3}",
         "{what: return_not_submitted, working_days: -3, then_every: 2}",
         "a warning given ahead is said once", "Remove `then_every`"),
        ("    deliver: at_once\n    why: you were asked", "    deliver: at_once\n    to: [mentor]\n    why: you were asked",
         "`decision_withdrawn` is sent at once and has `to`", "Remove it"),
        ("  sign_in_link:\n", "  sign_in_linc:\n", "nothing sends a notice of that name", "Did you mean `sign_in_link`?"),
        ("is recorded\n    deliver: at_once", "is recorded\n    deliver: digest",
         "`decision_receipt` must leave at once", "Say `deliver: at_once`."),
        ("  - {key: now, title: Due now}", "  - {key: late, title: Due now}", "section `late` is there twice", "Remove one."),
    ],
)  # fmt: skip
def test_what_cannot_work_is_named_with_its_line_and_a_remedy(
    old: str, new: str, said: str, remedy: str
) -> None:
    found = [problem for problem in problems(changed(old, new)) if said in problem.what]
    assert found, problems(changed(old, new))
    assert remedy in found[0].remedy
    assert found[0].file == "notices.yaml"
    assert found[0].line is not None


def test_a_problem_stands_on_the_line_it_is_about() -> None:
    text = changed("to: [stage_owner, head_of_service]", "to: [stage_owner, head_of_servise]")
    (problem,) = problems(text)
    assert problem.line == line_of(text, "head_of_servise")


MONTH = "{what: every_month, working_day: 8, late_working_days: 10}"
SEASON = "{what: every_year, date: budget_season_opens, late_working_days: 40}"
STEP = "{working_days: 3, then_every: 5, to: [head_of_service]"


@pytest.mark.parametrize(
    ("old", "new", "said", "remedy"),
    [
        (MONTH, "{what: every_month}", "`every_month` has no day", "Give one: `day: 15`, or `working_day: 5`"),
        (MONTH, "{what: every_month, working_day: 8, day: 3}", "has both `day` and `working_day`", "Give one"),
        (MONTH, "{what: every_month, working_day: 0}", "there is no working day 0", "from the end with -1"),
        (MONTH, "{what: every_month, day: 3, month: 2}", "`every_month` does not take `month`", "It takes day"),
        (MONTH, "{what: every_month, day: 3, working_days: 61}", "so long after its day", "at most 60"),
        (SEASON, "{what: every_year}", "`every_year` needs `date`", "Add `date:`"),
        (SEASON, '{what: every_year, date: "31-12"}', "`31-12` is no day of the year", "Write month-day in quotes"),
        (SEASON, "{what: every_year, date: budget_season}", "`budget_season` is no day of the year", "budget_season_opens"),
        (SEASON, '{what: every_year, date: "09-01", working_days: -3, then_every: 2}',
         "a warning given ahead is said once", "Remove `then_every`"),
        ("      title: The budget season has begun", "      title: The budget season of {year}",
         "`{year}` in `title` is filled in with nothing", "it takes {period}, {before}, {day}"),
        ("      page: /projects\n    to: [head", "      page: /projects/{period}\n    to: [head",
         "`{` in `page` is filled in with nothing", "a page takes none"),
        ("when: {what: condition_open, then_every: 20}",
         "when: {what: condition_open, then_every: 20}\n    says: {title: Conditions, page: /projects}",
         "`condition_open` says what it finds", "Remove it, or write the words into the templates"),
        ("    when: " + MONTH, "    when: {what: milestone_ahead, working_days: -5}", "takes no `says`", "Remove it"),
        ("    says:\n      title: The budget season has begun\n"
         "      text: Projects that should count in next year's budget are outlined now (strategy §7.3).\n"
         "      page: /projects\n", "", "comes round by the calendar and has no `says`", "Add `says:`"),
        ("    to: [head_of_service]\n    why: you head a service", "    to: [stage_owner]\n    why: you head a service",
         "there is no stage and no owner of it", "Name the roles themselves"),
        (STEP, STEP.replace("3", "1", 1), "step 1 is not later than the one before it (1 working days)",
         "Write `working_days: 2` or more"),
        (STEP, STEP.replace("3", "30", 1), "step 2 is not later than the one before it (30", "in the order"),
        (STEP, STEP.replace("head_of_service", "head_of_servise"), "role `head_of_servise` does not exist",
         "Did you mean `head_of_service`?"),
        ("    when: {what: condition_open, then_every: 20}\n",
         "    when: {what: condition_open, then_every: 20}\n    escalate: [{working_days: 30, to: [mentor]}]\n",
         "`condition_open` does not wait for anybody", "these can: benefits_review_open, challenge_open"),
        ("    why: you manage the project\n    escalate:", "    why: you manage the project\n    snooze: true\n    escalate:",
         "`return_overdue` escalates, so whoever it begins with must hear", "Remove `snooze`, or `escalate`"),
        ("    why: you manage the project\n    escalate:",
         "    why: you manage the project\n    choice: may_switch_off\n    escalate:",
         "`return_overdue` escalates", "Remove `choice`"),
        ("    why: you manage the project or chair the board\n",
         "    why: you manage the project or chair the board\n    choice: may_switch_off\n",
         "is about a decision, and nobody may put it off or switch it off", "Remove `choice`"),
        ("    deliver: at_once\n    why: you were asked",
         "    deliver: at_once\n    choice: may_switch_off\n    why: you were asked",
         "is sent at once and cannot be switched off", "Remove `choice`"),
        ("    deliver: at_once\n    why: you were asked", "    deliver: at_once\n    snooze: true\n    why: you were asked",
         "is sent at once and has `snooze`", "Remove it"),
        ("    why: you challenged the project\n", "    why: you challenged the project\n    snooze: true\n",
         "`challenge_replied` is said once, so there is nothing to put off", "Remove it"),
        ("    why: you manage the project\n    choice: may_switch_off\n  return_due:",
         "    why: you manage the project\n    choice: may_be_weekly\n  return_due:",
         "`return_due_soon` is said on too few days for a weekly digest", "Say `may_switch_off` or `none`"),
        ("scrutiny_member]\n    why: your role", "finance_officer]\n    why: your role",
         "role `finance_officer` follows no release clock",
         "give it `release:` in roles.yaml"),
    ],
)  # fmt: skip
def test_a_wrong_schedule_chain_or_choice_is_named_with_its_line_and_a_remedy(
    old: str, new: str, said: str, remedy: str
) -> None:
    text = changed(old, new)
    every = notices.check(document(text), ROLES, ["portfolio_holder", "vfm_group_member", "scrutiny_member"])
    found = [problem for problem in every if said in problem.what]
    assert found, every
    assert remedy in found[0].remedy
    assert found[0].line is not None
    entry = text[: text.index(new) + len(new)].count("\n") + 1
    assert not new or abs(found[0].line - entry) <= 8, "it stands in the entry it is about"


def test_what_a_person_may_choose_follows_from_the_entry() -> None:
    made = catalogue().notices
    assert made["return_overdue"].choices() == ("daily",)
    assert made["condition_open"].choices() == ("daily", "weekly")
    assert made["return_due_soon"].choices() == ("daily", "off"), "a weekly digest would miss it"
    assert made["stage_changed"].choices() == ("daily", "weekly", "off")
    assert {key: made[key].choices() for key in AT_ONCE if len(made[key].choices()) > 1} == {
        "milestone_invitation": ("daily", "off")
    }


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (MONTH, "{what: every_month, day: 32}", "day"),
        (SEASON, "{what: every_year, date: 09-01, month: 4}", "month"),
        ("      page: /projects\n    to: [head", "      page: projects\n    to: [head", "page"),
        ("    choice: may_be_weekly\n", "    choice: sometimes\n", "choice"),
        ("{what: condition_open, then_every: 20}", "{what: condition_opne, then_every: 20}", "when.what"),
        ("{what: condition_open, then_every: 20}", "{what: condition_open, then_evry: 20}", "then_evry"),
        ("{what: condition_open, then_every: 20}", "{what: condition_open, then_every: often}", "then_every"),
        ("{what: condition_open, then_every: 20}", "{what: condition_open, then_every: 0}", "then_every"),
        ("    hours: any\n", "    hours: night\n", "hours"),
    ],
)
def test_a_value_of_another_kind_is_refused_on_its_line(old: str, new: str, said: str) -> None:
    text = changed(old, new)
    (problem,) = problems(text)
    assert said in problem.what
    assert problem.line == line_of(text, new.strip())


def test_a_catalogue_may_not_leave_out_a_mail_the_program_sends() -> None:
    start = NOTICES_YAML.index("  decision_withdrawn:")
    text = NOTICES_YAML[:start] + NOTICES_YAML[NOTICES_YAML.index("  decision_disputed:") :]
    (problem,) = problems(text)
    assert "sends the notice `decision_withdrawn`" in problem.what


def test_a_dispute_is_told_at_any_hour_and_a_decision_is_asked_for_in_working_hours() -> None:
    made = catalogue().notices
    assert made["decision_disputed"].hours == made["sign_in_link"].hours == "any"
    assert made["decision_asked"].hours == "working"
    assert set(AT_ONCE) == {key for key, notice in made.items() if notice.deliver == "at_once"}
