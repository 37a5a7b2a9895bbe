"""The matrix costs no query a row, and an administrator neither decides nor edits history."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select, text

from tests.access_support import add_member, consult, everything, join_more
from tests.people import Council, address
from tests.statements import heard
from tests.web.support import Browser
from vfm_workflow.errors import NotFound
from vfm_workflow.journeys import advance, planning, writing
from vfm_workflow.store import history, projects
from vfm_workflow.store.tables import DecisionRequest, History, VoteRow


def copies(council: Council, reference: str, count: int) -> None:
    """Have more projects like one, with everything that ties the people of the test to it."""
    with council.app.write() as session:
        project = projects.by_reference(session, reference)
        for number in range(2, count + 2):
            session.connection().execute(
                text(
                    "INSERT INTO project SELECT NULL, uuid || :n, 'VFM-' || substr('0000' || :n, -4), title, summary, kind, "
                    "department, partner, priorities, manager_id, sponsor_id, lifecycle, stage, stage_since, held_from, "
                    "disputed_at, rag, planned_days, revision, head, created_at, created_by FROM project WHERE id = :id"
                ),
                {"n": number, "id": project.id},
            )
            for table in ("project_member", "consultation", "decision_request"):
                names = [
                    row[1]
                    for row in session.connection().execute(text(f"PRAGMA table_info({table})"))
                    if row[1] not in ("id", "project_id")
                ]
                columns = ", ".join(f'"{name}"' for name in names)
                session.connection().execute(
                    text(
                        f"INSERT INTO {table} (project_id, {columns}) "
                        f"SELECT :new, {columns} FROM {table} WHERE project_id = :old"
                    ),
                    {"new": number, "old": project.id},
                )


@pytest.mark.parametrize("page", ["/projects?limit=200", "/returns"])
def test_a_list_of_fifty_projects_asks_as_many_questions_as_one_of_one(council: Council, page: str) -> None:
    join_more(council)
    reference = council.create()
    council.to_implementation(reference)
    add_member(council, reference, "partner", "partner")
    add_member(council, reference, "mentor", "mentor")
    consult(council, reference, "legal", "legal")
    browser, asked = Browser(council), {}
    people = ["chief", "manager", "head", "legal", "holder", "group", "partner", "mentor"]
    for count in (1, 50):
        if count > 1:
            copies(council, reference, count - 1)
        for who in people:
            browser.sign_in(who).get(page)
            council.home.kept.clear()
            with heard(council) as said:
                answer = browser.get(page)
            if page.startswith("/projects"):
                listed = answer.text.partition('id="pictures"')[
                    0
                ]  # under the list, pictures with tables of their own
                assert listed.count('role="rowheader"') == count, who
            asked[who, count] = len(said)
    for who in people:
        assert asked[who, 1] == asked[who, 50], who


# ------------------------------------------------------------------ separation of duties


def test_an_administrator_cannot_decide_advance_or_write(council: Council) -> None:
    reference, _ = everything(council)
    before = council.project(reference).revision
    for attempt in ("hold", "finish_implementation", "withdraw"):
        with council.app.write() as session:
            who = council.actor(session, "admin")
            with pytest.raises(NotFound, match="There is no project"):
                advance.advance(session, council.home, reference, attempt, who, council.at, reason="Because")
    with council.app.write() as session:
        who = council.actor(session, "admin")
        with pytest.raises(NotFound):
            planning.discharge_condition(session, council.home, reference, 1, who, council.at, "Done")
        with pytest.raises(NotFound):
            writing.save_section(session, council.home, reference, "outline", "why", "Mine", who, council.at)
    assert council.project(reference).revision == before


def test_an_administrator_who_is_named_as_manager_still_cannot(council: Council) -> None:
    reference = council.create()
    with council.app.write() as session:
        project = projects.by_reference(session, reference)
        project.manager_id = council.actor(session, "admin").id
    with council.app.write() as session:
        who = council.actor(session, "admin")
        with pytest.raises(NotFound):
            advance.advance(session, council.home, reference, "withdraw", who, council.at, reason="Because")
    assert Browser(council).sign_in("admin").get(f"/projects/{reference}").status_code == 404


def test_no_administrators_page_decides_or_changes_history(council: Council) -> None:
    reference, _ = everything(council)

    def state() -> tuple[Any, ...]:
        with council.app.read() as session:
            rows = [(row.seq, row.hash) for row in session.scalars(select(History).order_by(History.id))]  # type: ignore[arg-type]  # a mapped column
            votes = [(row.id, row.choice) for row in session.scalars(select(VoteRow))]
            requests = [(row.id, row.state, row.outcome) for row in session.scalars(select(DecisionRequest))]
            return rows, votes, requests

    before = state()
    browser = Browser(council).sign_in("admin")
    tries = {
        "choice": "approve",
        "reason": "Mine",
        "event": "withdraw",
        "note": "Mine",
        "how": "Mine",
        "text": "Mine",
    }
    for path in (
        "events",
        "conditions/1",
        "outline",
        "dispute",
        "lessons",
        "returns/2026-03/send-back",
        "members",
    ):
        assert browser.send(f"/projects/{reference}/{path}", tries).status_code == 404, path
    for path in ("/decide/1", "/decide/1/again"):
        browser.send(path, tries)
    assert browser.post("/tasks/decisions/1/link").status_code == 404
    assert state() == before
    with council.app.read() as session:
        assert history.of(session, 1, 1)


def test_an_administrator_added_to_a_board_by_role_is_refused(council: Council) -> None:
    council.create()
    answer = (
        Browser(council)
        .sign_in("manager")
        .post("/projects/VFM-0001/members", address=address("admin"), role="board_member")
    )
    assert answer.status_code == 422
