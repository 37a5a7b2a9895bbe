"""People and departments are added, projects begin: each field that cannot be used is named, and nothing changes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlmodel import col

from tests.people import Council, address
from vfm_workflow.domain.outline import parse_outline
from vfm_workflow.errors import BadInput, NotAllowed, NotFound, StaleRevision, Unready
from vfm_workflow.journeys import gate, people, projects, writing
from vfm_workflow.store import history
from vfm_workflow.store import projects as store
from vfm_workflow.store.tables import Person, Project, SectionText


def add(council: Council, by: str | None = None, **changed: str) -> Person:
    fields = {
        "address": "new@wrenfold.example",
        "name": "New Officer",
        "role": "consultee",
        "department": "SS",
    }
    with council.app.write() as session:
        return people.add_person(
            session,
            council.home,
            **{**fields, **changed},
            at=council.at,
            by=council.actor(session, by) if by else None,
        )


def begin(council: Council, by: str = "manager", **changed: Any) -> str:
    wanted: dict[str, Any] = {
        "title": "Waste rounds",
        "kind": "delivery_model",
        "department": "SS",
        "manager": address("manager"),
        **changed,
    }
    with council.app.write() as session:
        return projects.create(
            session, council.home, by=council.actor(session, by), at=council.at, **wanted
        ).reference


# ------------------------------------------------------------------ people


def test_an_administrator_adds_a_person_whose_address_is_kept_in_lower_case(council: Council) -> None:
    person = add(council, "admin", address=" New.Officer@Wrenfold.Example ", name="  Parks Officer ")
    assert (person.address, person.name) == ("new.officer@wrenfold.example", "Parks Officer")
    assert person.joined_at == council.at


def test_nobody_else_may_add_people(council: Council) -> None:
    with pytest.raises(NotAllowed, match="Only an administrator"):
        add(council, "manager")


@pytest.mark.parametrize(
    ("changed", "field", "said"),
    [
        ({"address": "new"}, "address", "not an email address"),
        ({"address": "a@b.example, c@d.example"}, "address", "not an email address"),
        ({"address": "a@b.example\r\nBcc: x@y.example"}, "address", "not an email address"),
        (
            {"address": "MANAGER@wrenfold.example"},
            "address",
            "has the address manager@wrenfold.example already",
        ),
        ({"name": "  "}, "name", "Write the person's post"),
        ({"role": "wizard"}, "role", "There is no role “wizard”. The roles are: project_manager"),
        ({"department": "XX"}, "department", "There is no department XX"),
    ],
)
def test_a_person_that_cannot_be_added_is_refused_by_field(
    council: Council, changed: dict[str, str], field: str, said: str
) -> None:
    with pytest.raises(BadInput) as refused:
        add(council, **changed)
    assert set(refused.value.fields) == {field}
    assert said in refused.value.fields[field]


def test_everything_wrong_with_a_person_is_said_at_once(council: Council) -> None:
    with pytest.raises(BadInput) as refused:
        add(council, address="x", name="", role="", department="XX")
    assert set(refused.value.fields) == {"address", "name", "role", "department"}


@pytest.mark.parametrize("code", ["", "  ", "TOOLONGCODE", "S S", "S/S", "SS"])
def test_a_departments_code_is_short_plain_and_new(council: Council, code: str) -> None:
    with council.app.write() as session, pytest.raises(BadInput):
        people.add_department(session, code=code, name="Another")


def test_a_head_must_be_somebody_and_a_department_must_exist(council: Council) -> None:
    with council.app.write() as session:
        with pytest.raises(NotFound, match="Nobody here has the address"):
            people.set_head(session, "SS", "nobody@wrenfold.example", at=council.at)
        with pytest.raises(NotFound, match="The departments are: PE, SS"):
            people.set_head(session, "XX", address("head"), at=council.at)


def test_a_leaver_is_nobody(council: Council) -> None:
    with council.app.write() as session:
        person = store.person_by_address(session, address("manager"))
        person.active = False
        person_id = store.key(person)
    with council.app.read() as session:
        with pytest.raises(NotFound):
            people.actor_by_address(session, address("manager"))
        with pytest.raises(NotFound, match="have left"):
            people.actor_by_id(session, person_id)
        assert address("manager") not in {each.address for each in people.everybody(session)}


# ------------------------------------------------------------------ projects


def test_a_project_begins_in_the_first_stage_with_its_first_row_of_history(council: Council) -> None:
    reference = begin(council)
    assert reference == "VFM-0001"
    project = council.project(reference)
    assert (project.stage, project.revision, project.department) == ("outline", 1, "SS")
    with council.app.read() as session:
        (row,) = history.of(session, project.id or 0)
        assert (row.event, row.from_stage, row.to_stage, row.actor) == (
            "created", "outline", "outline", "Waste Project Manager",
        )  # fmt: skip
        assert json.loads(row.detail)["lifecycle"] == project.lifecycle
        assert list(history.verify(session)) == []


def test_references_count_up_and_are_found_however_typed(council: Council) -> None:
    assert [begin(council, title=f"Project {n}") for n in range(3)] == ["VFM-0001", "VFM-0002", "VFM-0003"]
    assert council.project(" vfm-0002 ").title == "Project 1"
    with pytest.raises(NotFound, match="There is no project VFM-0009"):
        council.project("VFM-0009")


def test_the_head_of_the_department_sponsors_it_unless_somebody_else_is_named(council: Council) -> None:
    with council.app.read() as session:
        head, planning = (council.actor(session, key).id for key in ("head", "planning"))
    assert council.project(begin(council)).sponsor_id == head
    other = begin(council, title="Another", sponsor=address("planning"))
    assert council.project(other).sponsor_id == planning


def test_an_authority_wide_project_follows_its_own_lifecycle(council: Council) -> None:
    first, second = begin(council), begin(council, title="Procurement", kind="authority_wide")
    assert council.project(first).lifecycle == council.home.lifecycles["vfm"].digest
    assert council.project(second).lifecycle == council.home.lifecycles["authority_wide"].digest


@pytest.mark.parametrize(
    ("changed", "field", "said"),
    [
        ({"title": "  "}, "title", "Write a title"),
        ({"title": "x" * 201}, "title", "200 characters or fewer"),
        ({"summary": "x" * 501}, "summary", "500 characters or fewer"),
        ({"kind": "hobby"}, "kind", "one of shared_services"),
        ({"department": "XX"}, "department", "one of PE, SS"),
        ({"department": ""}, "department", "Choose the department"),
        ({"manager": ""}, "manager", "Write the project manager's work address"),
        ({"manager": "nobody@wrenfold.example"}, "manager", "nobody here has “nobody@wrenfold.example”"),
        ({"sponsor": "nobody@wrenfold.example"}, "sponsor", "nobody here has"),
        ({"priorities": ["Clean District", "World peace"]}, "priorities", "“World peace” is not one"),
    ],
)
def test_a_project_that_cannot_begin_is_refused_by_field_and_leaves_nothing(
    council: Council, changed: dict[str, Any], field: str, said: str
) -> None:
    with pytest.raises(BadInput) as refused:
        begin(council, **changed)
    assert said in refused.value.fields[field]
    with council.app.read() as session:
        assert session.scalar(select(func.count()).select_from(Project)) == 0


def test_a_department_without_a_head_needs_a_sponsor(council: Council) -> None:
    with council.app.write() as session:
        people.add_department(session, code="LC", name="Leisure")
    with pytest.raises(BadInput, match="Leisure has no head yet"):
        begin(council, department="LC")
    begin(council, department="LC", sponsor=address("head"))


@pytest.mark.parametrize(
    ("by", "department", "allowed"),
    [
        ("manager", "PE", True),
        ("head", "SS", True),
        ("head", "PE", False),
        ("legal", "SS", False),
        ("chief", "SS", False),
    ],
)
def test_who_may_begin_a_project(council: Council, by: str, department: str, allowed: bool) -> None:
    if allowed:
        assert begin(council, by, department=department)
        return
    with pytest.raises(NotAllowed, match="You may not begin a project"):
        begin(council, by, department=department)


def test_a_title_and_a_summary_are_kept_without_what_no_page_can_show(council: Council) -> None:
    project = council.project(begin(council, title=" Waste\x00 \t rounds\n", summary="Fewer\x00 rounds"))
    assert (project.title, project.summary) == ("Waste rounds", "Fewer rounds")


def test_somebody_who_may_not_know_of_a_project_is_told_there_is_none(council: Council) -> None:
    reference = begin(council)
    with council.app.read() as session:
        holder, auditor = council.actor(session, "holder"), council.actor(session, "auditor")
        with pytest.raises(NotFound, match=f"There is no project {reference}"):
            projects.open_project(session, council.home, reference, holder)
        assert projects.open_project(session, council.home, reference, auditor).reference == reference


def test_a_project_begins_from_an_outline_written_elsewhere(council: Council) -> None:
    titles = [section.title for section in council.home.outline.outline]
    text = "---\ntitle: Parks\ndepartment: SS\nkind: procurement\nhigh_cost: £9.60\n---\n"
    text += "\n".join(f"## {title}\n\nText on {title}.\n" for title in titles)
    written = parse_outline(text, "outline.md", council.home.outline)
    with council.app.write() as session:
        manager = council.actor(session, "manager")
        project = projects.create_from(session, council.home, written, by=manager, at=council.at)
        assert (project.title, project.kind) == ("Parks", "procurement")
        rows = list(session.scalars(select(SectionText).where(col(SectionText.project_id) == project.id)))
        assert len(rows) == 9
        named = projects.create_from(
            session, council.home, written, by=manager, at=council.at, title="Verges", department="PE"
        )
        assert (named.title, named.department) == ("Verges", "PE")


# ------------------------------------------------------------------ what is written


def save(
    council: Council, reference: str, text: str, by: str = "manager", was: str | None = None, key: str = "why"
) -> str:
    with council.app.write() as session:
        actor = council.actor(session, by)
        return writing.save_section(
            session, council.home, reference, "outline", key, text, actor, council.at, was=was
        )


def test_a_section_that_somebody_else_changed_meanwhile_is_not_overwritten(council: Council) -> None:
    reference = begin(council)
    mark = save(council, reference, "My first words")
    save(council, reference, "The head's words", "head", mark)
    with pytest.raises(StaleRevision, match="Head of Street Scene has changed this section") as refused:
        save(council, reference, "My second words", was=mark)
    assert refused.value.changes == ("The head's words",)
    assert save(council, reference, "The head's words", was=mark), "the same words are no conflict"


def test_only_the_projects_own_people_write_and_only_while_its_stage_asks_for_it(council: Council) -> None:
    reference = begin(council)
    with pytest.raises(NotAllowed, match="Its project manager or Head of Service may"):
        save(council, reference, "Mine", "other")
    with pytest.raises(NotFound, match="There is no project"):
        save(council, reference, "Mine", "holder")
    council.do(reference, "hold", "head", reason="An election")
    with pytest.raises(NotAllowed, match="is in the stage On hold, which does not take changes"):
        save(council, reference, "Quietly")


def test_a_section_that_does_not_exist_or_is_too_long_is_refused(council: Council) -> None:
    reference = begin(council)
    with pytest.raises(BadInput, match="40,001 characters; at most 40,000"):
        save(council, reference, "x" * 40_001)
    with pytest.raises(NotFound, match="no section “zoo”"):
        save(council, reference, "Lions", key="zoo")


def test_text_is_kept_with_one_kind_of_line_end_and_nothing_unseen() -> None:
    assert writing.clean(" a\r\nb\rc\x00\x07\td \ud800 ") == "a\nb\nc\td"


def test_a_criterion_is_chosen_changed_and_dropped(council: Council) -> None:
    reference = begin(council)

    def choose(key: str, evidence: str | None) -> None:
        with council.app.write() as session:
            actor = council.actor(session, "manager")
            writing.save_criterion(session, council.home, reference, key, evidence, actor, council.at)

    def chosen() -> dict[str, str]:
        with council.app.read() as session:
            project = store.by_reference(session, reference)
            return dict(gate.load_facts(session, council.home, project, {"criteria"}, council.at).criteria)

    choose("high_cost", "£71")
    choose("high_cost", "£72")
    choose("off_vision", "")
    assert chosen() == {"high_cost": "£72", "off_vision": ""}
    choose("off_vision", None)
    choose("off_vision", None)
    assert chosen() == {"high_cost": "£72"}
    with pytest.raises(NotFound, match="no criterion “luck”"):
        choose("luck", "x")


# ------------------------------------------------------------------ the gate


def test_the_gate_lists_what_is_missing_before_anyone_presses_a_button(council: Council) -> None:
    reference = begin(council)
    with council.app.read() as session:
        options = gate.options(
            session,
            council.home,
            store.by_reference(session, reference),
            council.actor(session, "manager"),
            council.at,
        )
    assert [option.event for option in options] == ["submit_outline", "hold", "withdraw"]
    submit, hold, _ = options
    assert (submit.mine, submit.ready, submit.allowed) == (True, False, False)
    assert (hold.mine, hold.ready, hold.allowed) == (False, True, False)
    assert {line.requirement for line in submit.checklist if line.met} == {"earlier_lessons_answered"}


def test_the_gate_and_the_event_refuse_for_the_same_reasons(council: Council) -> None:
    reference = begin(council)
    with council.app.read() as session:
        project = store.by_reference(session, reference)
        (submit, *_) = gate.options(session, council.home, project, None, council.at)
    with pytest.raises(Unready) as refused:
        council.do(reference, "submit_outline")
    assert refused.value.unmet == submit.unmet


@pytest.mark.parametrize("reason", ["", "   \n"])
def test_a_hold_needs_a_reason(council: Council, reason: str) -> None:
    reference = begin(council)
    with pytest.raises(BadInput, match="needs a reason"):
        council.do(reference, "hold", "head", reason=reason)


def test_a_reason_is_kept_without_what_no_database_can_hold(council: Council) -> None:
    reference = begin(council)
    council.do(reference, "hold", "head", reason="An\x00 election\ud800")
    with council.app.read() as session:
        assert history.of(session, council.project(reference).id or 0)[0].reason == "An election"
    with pytest.raises(BadInput, match="5,000 characters"):
        council.do(reference, "resume", "head", reason="x" * 5_001)
