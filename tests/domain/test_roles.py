"""Who may do what: by role, on one's own projects, in one's department, or everywhere."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from vfm_workflow.documents import parse_yaml
from vfm_workflow.domain.roles import (
    DEPUTISED,
    PERMISSIONS,
    Actor,
    RoleSpec,
    Standing,
    by_permission,
    by_role,
    extent,
    load,
    may,
    principal_on,
    reach,
    roles_on,
)
from vfm_workflow.errors import ConfigError
from vfm_workflow.folders import shipped

FILE = "config/roles.yaml"
TEXT = (shipped() / FILE).read_text(encoding="utf-8")
ROLES = load(parse_yaml(TEXT, FILE))
PROJECT = Standing(manager_id=1, sponsor_id=2, department="SS")


def somebody(person_id: int, role: str, department: str = "SS") -> Actor:
    return Actor(person_id, role, f"{role}@wrenfold.example", role, department)


MANAGER = somebody(1, "project_manager")
SPONSOR = somebody(2, "head_of_service")
COLLEAGUE = somebody(3, "project_manager")
OTHER_HEAD = somebody(4, "head_of_service", "PE")
CHIEF = somebody(5, "chief_executive")
HOLDER = somebody(6, "portfolio_holder", "")
AUDITOR = somebody(7, "internal_auditor", "")


def test_a_project_manager_is_one_on_their_own_projects_only() -> None:
    assert roles_on(MANAGER, PROJECT) == {"project_manager"}
    assert roles_on(COLLEAGUE, PROJECT) == frozenset()


def test_a_head_of_service_is_one_in_their_department_and_on_what_they_sponsor() -> None:
    assert roles_on(SPONSOR, PROJECT) == {"head_of_service"}
    assert roles_on(OTHER_HEAD, PROJECT) == frozenset()
    assert roles_on(OTHER_HEAD, Standing(1, 4, "SS")) == {"head_of_service"}


def test_a_chief_executive_is_one_everywhere_and_may_sponsor_a_project_too() -> None:
    assert roles_on(CHIEF, PROJECT) == {"chief_executive"}
    assert roles_on(CHIEF, Standing(1, 5, "SS")) == {"chief_executive", "head_of_service"}


@pytest.mark.parametrize(
    ("actor", "permission", "allowed"),
    [
        (MANAGER, "outline.edit", True),
        (COLLEAGUE, "outline.edit", False),
        (SPONSOR, "outline.edit", True),
        (OTHER_HEAD, "outline.edit", False),
        (CHIEF, "outline.edit", False),
        (HOLDER, "project.read", False),
        (AUDITOR, "project.read", True),
        (AUDITOR, "audit.read", True),
        (MANAGER, "return.verify", False),
        (SPONSOR, "return.verify", True),
        (SPONSOR, "people.edit", False),
    ],
)
def test_the_matrix_holds_on_a_project(actor: Actor, permission: str, allowed: bool) -> None:
    assert may(ROLES, actor, permission, PROJECT) is allowed


def test_who_manages_a_project_may_do_a_managers_work_whatever_their_own_role() -> None:
    officer = somebody(1, "finance_officer")
    assert may(ROLES, officer, "outline.edit", PROJECT)
    assert not may(ROLES, officer, "outline.edit", Standing(9, 2, "SS"))


def test_nobody_verifies_a_return_of_a_project_they_manage_by_managing_it() -> None:
    assert not may(ROLES, COLLEAGUE, "return.verify", Standing(3, 2, "SS"))


def test_without_a_project_the_question_is_whether_somebody_may_anywhere() -> None:
    assert may(ROLES, COLLEAGUE, "outline.edit")
    assert not may(ROLES, HOLDER, "outline.edit")


def test_a_role_that_the_file_no_longer_has_may_do_nothing() -> None:
    assert not may(ROLES, somebody(9, "wizard"), "project.read", PROJECT)


def test_a_permission_that_does_not_exist_neither_locks_nor_opens_a_door() -> None:
    with pytest.raises(KeyError):
        may(ROLES, MANAGER, "outline.edti", PROJECT)


def test_every_permission_is_given_to_somebody() -> None:
    given = {name for spec in ROLES.values() for name in spec.may}
    assert given == set(PERMISSIONS)


# ------------------------------------------------------------------ the file


def refused(text: str) -> ConfigError:
    with pytest.raises(ConfigError) as error:
        load(parse_yaml(text, FILE))
    return error.value


def test_an_unknown_permission_is_named_with_its_line_and_the_nearest() -> None:
    text = "roles:\n" + "".join(f"  {key}: {{title: A}}\n" for key in ("project_manager", "head_of_service"))
    text += "  administrator:\n    title: A\n    may:\n      people.edt: all\n"
    problem = refused(text).problems[0]
    assert (problem.line, problem.remedy) == (7, "Did you mean `people.edit`?")


def test_a_role_the_program_speaks_of_must_stay() -> None:
    problem = refused(TEXT.replace("  administrator:", "  keeper:")).problems[0]
    assert "the role `administrator` is missing" in problem.what


def test_an_unknown_scope_is_refused() -> None:
    error = refused(TEXT.replace("outline.edit: own", "outline.edit: mine"))
    assert "'own', 'department', 'all', 'asked', 'released' or 'granted'" in str(error)


def test_a_role_without_permissions_is_still_a_role() -> None:
    roles = load(parse_yaml(TEXT + "  guest:\n    title: Guest\n", FILE))
    assert roles["guest"] == RoleSpec(title="Guest", may={})


# ------------------------------------------------------------------ deputies


def deputy(person_id: int, role: str, *principals: Actor, department: str = "PE") -> Actor:
    return replace(somebody(person_id, role, department), stands_for=principals)


def test_a_deputy_is_head_of_service_where_somebody_they_stand_in_for_is() -> None:
    assert roles_on(deputy(4, "head_of_service", SPONSOR), PROJECT) == {"head_of_service"}
    assert roles_on(deputy(4, "head_of_service", SPONSOR), Standing(1, 9, "LC")) == frozenset()
    assert roles_on(deputy(8, "cmt_member", SPONSOR), PROJECT) == {"head_of_service", "cmt_member"}


def test_a_deputy_gets_no_other_role_of_whom_they_stand_in_for() -> None:
    assert roles_on(deputy(4, "head_of_service", CHIEF), PROJECT) == frozenset()
    assert roles_on(deputy(4, "head_of_service", MANAGER), PROJECT) == frozenset()


@pytest.mark.parametrize("own", [Standing(4, 2, "SS"), Standing(1, 4, "SS")])
def test_a_projects_own_people_stand_in_for_nobody_on_it(own: Standing) -> None:
    assert principal_on(deputy(4, "head_of_service", SPONSOR), own) is None
    assert not may(ROLES, deputy(4, "project_manager", SPONSOR), "return.verify", Standing(4, 2, "SS"))


@pytest.mark.parametrize("permission", PERMISSIONS)
def test_a_deputy_may_what_is_deputised_and_nothing_else(permission: str) -> None:
    plain, standing_in = somebody(4, "head_of_service", "PE"), deputy(4, "head_of_service", SPONSOR)
    gained = may(ROLES, standing_in, permission, PROJECT) and not may(ROLES, plain, permission, PROJECT)
    assert gained == (permission in DEPUTISED and not may(ROLES, plain, permission, PROJECT))
    cmt, for_head = somebody(8, "cmt_member"), deputy(8, "cmt_member", SPONSOR)
    if permission not in DEPUTISED:
        assert may(ROLES, for_head, permission) == may(ROLES, cmt, permission)


def test_the_record_says_x_for_y_only_where_it_is_not_x_s_own_to_do() -> None:
    acting = by_role(deputy(4, "head_of_service", SPONSOR), PROJECT, {"head_of_service"})
    assert (acting.id, acting.name) == (4, "head_of_service for head_of_service")
    assert acting.stands_for == (SPONSOR,)
    own = by_role(deputy(4, "head_of_service", SPONSOR), Standing(1, 9, "PE"), {"head_of_service"})
    assert (own.name, own.stands_for) == ("head_of_service", ())
    cmt = by_permission(ROLES, deputy(8, "cmt_member", SPONSOR), "condition.discharge", PROJECT)
    assert cmt.name == "cmt_member", "a member of CMT discharges conditions anyway"


# ------------------------------------------------------------------ the scopes

DAY = dt.date(2026, 3, 31)
TIED = Standing(
    manager_id=1,
    sponsor_id=2,
    department="SS",
    members={3: frozenset({"mentor"}), 8: frozenset({"partner"}), 11: frozenset({"board_member"})},
    asked=frozenset({10}),
    granted={6: DAY},
    approved=True,
)
PARTNER, MENTOR = somebody(8, "partner", ""), somebody(9, "mentor", "PE")
ADVISER, BOARD = somebody(10, "consultee", "LD"), somebody(11, "board_member", "PE")
KEEPER = somebody(12, "administrator", "SS")


def test_partner_mentor_and_board_member_are_that_where_they_were_added() -> None:
    assert roles_on(PARTNER, TIED) == {"partner"}
    assert roles_on(BOARD, TIED) == {"board_member"}
    assert roles_on(COLLEAGUE, TIED) == {"mentor"}
    for stranger in (PARTNER, BOARD, MENTOR):
        assert roles_on(stranger, PROJECT) == frozenset()


def test_own_is_what_one_was_added_to_in_the_role_that_gives_it() -> None:
    assert extent(ROLES, PARTNER, "project.read", TIED) == "own"
    assert extent(ROLES, PARTNER, "project.read", PROJECT) is None
    assert not may(ROLES, MENTOR, "lessons.edit", TIED)
    assert may(ROLES, COLLEAGUE, "lessons.edit", TIED)
    assert not may(ROLES, COLLEAGUE, "outline.edit", TIED)


def test_asked_is_who_was_consulted_on_the_project() -> None:
    assert extent(ROLES, ADVISER, "exempt.read", TIED) == "asked"
    assert not may(ROLES, ADVISER, "project.read", PROJECT)
    assert not may(ROLES, ADVISER, "savings.read", TIED)


def test_released_begins_with_the_first_approval() -> None:
    assert extent(ROLES, HOLDER, "project.read", TIED) == "released"
    assert not may(ROLES, HOLDER, "project.read", PROJECT)
    assert not may(ROLES, HOLDER, "history.read", TIED)


def test_leave_holds_until_its_last_day_and_where_a_day_is_said() -> None:
    assert may(ROLES, HOLDER, "exempt.read", TIED, DAY)
    assert not may(ROLES, HOLDER, "exempt.read", TIED, DAY + dt.timedelta(days=1))
    assert not may(ROLES, HOLDER, "exempt.read", TIED)


def test_the_widest_scope_counts() -> None:
    added = Standing(1, 2, "SS", {6: frozenset({"partner"})}, approved=True)
    assert extent(ROLES, HOLDER, "project.read", added) == "own"


@pytest.mark.parametrize(
    "standing",
    [Standing(12, 2, "SS"), Standing(1, 12, "SS"), Standing(1, 2, "SS", {12: frozenset({"board_member"})})],
)
def test_an_administrator_is_nothing_else_on_a_project_whatever_a_row_says(standing: Standing) -> None:
    assert roles_on(KEEPER, standing) == {"administrator"}
    for permission in PERMISSIONS:
        assert may(ROLES, KEEPER, permission, standing) is (permission in ROLES["administrator"].may)


def test_a_list_reaches_as_far_as_the_role_and_the_projects_one_is_added_to() -> None:
    assert reach(ROLES, ADVISER).scope == "asked"
    assert reach(ROLES, HOLDER).as_member == ("partner", "mentor", "board_member")
    assert reach(ROLES, KEEPER).scope is None


def test_who_sees_what_is_released_must_follow_a_clock() -> None:
    problem = refused(TEXT.replace("    release: portfolio_holder\n", "")).problems[0]
    assert "follows no release clock" in problem.what
