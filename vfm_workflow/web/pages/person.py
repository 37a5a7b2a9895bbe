"""One person, for administrators: change, address, leave, come back, a shared mailbox, and who stands in for them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response
from sqlmodel import Session

from vfm_workflow.domain.roles import Actor
from vfm_workflow.journeys import deputies, leaving, moving, people
from vfm_workflow.store import deputies as deputy_store
from vfm_workflow.store import people as store
from vfm_workflow.store import projects
from vfm_workflow.store.tables import Person
from vfm_workflow.web import people_words
from vfm_workflow.web.editing import REFUSED, joined, refusal
from vfm_workflow.web.ids import RowId
from vfm_workflow.web.visit import Form, Page, Typed, Visit

router = APIRouter()
Act = Callable[[Session, Person, Actor], object]
NOBODY = ("", "Nobody")


@router.get("/people/{person_id}")
def show(visit: Page, person_id: RowId) -> Response:
    """Show a person, what is theirs, and what was changed of them."""
    visit.must("people.edit")
    return _page(visit, person_id)


@router.post("/people/{person_id}")
def change(visit: Page, form: Form, person_id: RowId) -> Response:
    """Change post, role or department, and hand over what they had where a successor is named."""

    def act(session: Session, person: Person, by: Actor) -> None:
        moving.change(
            session,
            visit.home,
            person.address,
            by,
            visit.at,
            name=form.get("name", ""),
            role=form.get("role", ""),
            department=form.get("department", ""),
            successor=form.get("successor", ""),
        )

    return _do(visit, form, person_id, act, "Saved.")


@router.post("/people/{person_id}/address")
def change_address(visit: Page, form: Form, person_id: RowId) -> Response:
    """Change the work address; both addresses are told."""

    def act(session: Session, person: Person, by: Actor) -> None:
        moving.change_address(session, visit.home, person.address, form.get("address", ""), by, visit.at)

    return _do(visit, form, person_id, act, "The address is changed. Both addresses are told by mail.")


@router.post("/people/{person_id}/leave")
def leave(visit: Page, form: Form, person_id: RowId) -> Response:
    """Let them leave; what is theirs goes to the successor."""

    def act(session: Session, person: Person, by: Actor) -> None:
        heir = form.get("heir", "")
        leaving.leave(session, visit.home, person.address, by, visit.at, successor=heir)

    return _do(
        visit,
        form,
        person_id,
        act,
        "They have left. Their links no longer work.",
        rename={"successor": "heir"},
    )


@router.post("/people/{person_id}/back")
def come_back(visit: Page, form: Form, person_id: RowId) -> Response:
    """Let them back in."""

    def act(session: Session, person: Person, by: Actor) -> None:
        moving.come_back(session, visit.home, person.address, by, visit.at)

    return _do(visit, form, person_id, act, "They are back. What they handed over stays where it is.")


@router.post("/people/{person_id}/shared")
def share(visit: Page, form: Form, person_id: RowId) -> Response:
    """Mark the address as a shared mailbox with its readers, or as one person's again."""

    def act(session: Session, person: Person, by: Actor) -> None:
        if form.get("do") == "stop":
            moving.unshare(session, visit.home, person.address, by, visit.at)
        else:
            readers = form.get("readers", "").split()
            moving.share(session, visit.home, person.address, readers, by, visit.at)

    return _do(visit, form, person_id, act, "Saved.")


@router.post("/people/{person_id}/deputies")
def set_deputy(visit: Page, form: Form, person_id: RowId) -> Response:
    """Name who stands in for them."""

    def act(session: Session, person: Person, by: Actor) -> None:
        typed = joined(form, "from_day", "until_day")
        deputies.set_deputy(
            session,
            visit.home,
            person=person.address,
            deputy=typed.get("deputy", ""),
            from_day=typed.get("from_day", ""),
            until_day=typed.get("until_day", ""),
            by=by,
            at=visit.at,
        )

    return _do(visit, form, person_id, act, "The deputy is named.", rename={"person": "deputy"})


@router.post("/people/{person_id}/deputies/{deputy_id}/end")
def end_deputy(visit: Page, form: Form, person_id: RowId, deputy_id: RowId) -> Response:
    """End a deputyship before its last day."""

    def act(session: Session, person: Person, by: Actor) -> None:
        deputies.end_deputy(session, visit.home, deputy_id, by, visit.at)

    return _do(visit, form, person_id, act, "The deputyship is ended.")


def _do(
    visit: Visit, form: Typed, person_id: int, act: Act, done: str, *, rename: Mapping[str, str] | None = None
) -> Response:
    """Act on the person and go back to their page. `rename` says which field of the page a refused field is."""
    actor = visit.must("people.edit")
    try:
        with visit.write() as session:
            act(session, projects.person(session, person_id), actor)
    except REFUSED as error:
        errors = {(rename or {}).get(name, name): said for name, said in refusal(error).items()}
        return _page(visit, person_id, errors=errors, typed=form, status=error.status)
    return visit.go(f"/people/{person_id}", done)


def _page(
    visit: Visit,
    person_id: int,
    *,
    errors: Mapping[str, str] | None = None,
    typed: Typed | None = None,
    status: int = 200,
) -> Response:
    with visit.read() as session:
        person = projects.person(session, person_id)
        everybody = people.everybody(session)
        others = [each for each in everybody if each.id != person_id]
        departments = [(entry.code, entry.name) for entry in projects.departments(session)]
        context: dict[str, Any] = {
            "person": person,
            "theirs": leaving.estate(session, visit.home, person),
            "stints": deputy_store.stints(session, visit.today, [person_id]),
            "readers": store.readers(session, person_id),
            "mailboxes": store.mailboxes_of(session, person_id),
            "changes": [
                (*people_words.said(row, visit.home), row.at, row.by or leaving.COMMAND_LINE)
                for row in store.changes(session, person_id)
            ],
            "departments": [("", "None: the whole council"), *departments],
            "roles": sorted(
                ((key, spec.title) for key, spec in visit.home.roles.items()), key=lambda pair: pair[1]
            ),
            "heirs": [NOBODY, *_choices([each for each in others if not each.shared])],
            "deputies": [
                ("", "Choose somebody"),
                *_choices([each for each in others if deputies.may_be_deputy(visit.home, each)]),
            ],
            "may_have_deputy": deputies.may_have_deputy(visit.home, person),
            "myself": person_id == visit.me().id,
        }
    return visit.page("people/person.html", context, status=status, errors=errors, typed=typed)


def _choices(rows: list[Person]) -> list[tuple[str, str]]:
    return [(each.address, each.name) for each in sorted(rows, key=lambda each: each.name)]
