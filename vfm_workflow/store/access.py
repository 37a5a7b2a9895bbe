"""Who is what on a project: its members, who was asked, who decides, who has leave. One statement, however many projects."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Select,
    String,
    and_,
    bindparam,
    cast,
    exists,
    literal,
    or_,
    select,
    union_all,
)
from sqlmodel import Session, col

from vfm_workflow.domain.roles import MEMBER_ROLES, Reach, Standing
from vfm_workflow.store import projects
from vfm_workflow.store.projects import AnyProject
from vfm_workflow.store.raw import done
from vfm_workflow.store.tables import (
    Consultation,
    DecisionRequest,
    ExemptGrant,
    Person,
    Project,
    ProjectMember,
    SectionText,
    Slot,
    Version,
)

APPROVED = ("approve", "approve_with_conditions")


def _part(kind: str, project: Any, person: Any, what: Any) -> Select[Any]:
    return select(literal(kind).label("kind"), col(project), person, what).where(
        col(project).in_(bindparam("ids", expanding=True))
    )


_TIES = union_all(
    _part("member", ProjectMember.project_id, col(ProjectMember.person_id), col(ProjectMember.role)),
    _part("asked", Consultation.project_id, col(Consultation.person_id), literal("")).where(
        col(Consultation.person_id).is_not(None)
    ),
    _part("granted", ExemptGrant.project_id, col(ExemptGrant.person_id), cast(ExemptGrant.until_day, String)),
    _part("approved", DecisionRequest.project_id, literal(0), literal("")).where(
        col(DecisionRequest.state) == "decided", col(DecisionRequest.outcome).in_(APPROVED)
    ),
    _part("deciding", DecisionRequest.project_id, col(Slot.person_id), literal("")).join(
        Slot, and_(col(Slot.request_id) == col(DecisionRequest.id), col(Slot.vacated_at).is_(None))
    ),
)


class _Ties:
    def __init__(self) -> None:
        self.members: dict[int, frozenset[str]] = {}
        self.asked = set[int]()
        self.deciding = set[int]()
        self.granted: dict[int, dt.date] = {}
        self.approved = False

    def add(self, kind: str, person: int, what: str) -> None:
        if kind == "member":
            self.members[person] = self.members.get(person, frozenset()) | {what}
        elif kind == "granted":
            self.granted[person] = dt.date.fromisoformat(what)
        elif kind == "approved":
            self.approved = True
        else:
            (self.asked if kind == "asked" else self.deciding).add(person)


def standings(session: Session, rows: Iterable[AnyProject]) -> dict[int, Standing]:
    """Return project id → its whole standing, by one statement for all of them."""
    wanted = {projects.key(row): row for row in rows}
    ties = {key: _Ties() for key in wanted}
    for kind, project_id, person, what in done(session, _TIES, {"ids": sorted(wanted)}):
        ties[project_id].add(kind, person, what)
    return {
        key: Standing(
            row.manager_id,
            row.sponsor_id,
            row.department,
            ties[key].members,
            frozenset(ties[key].asked),
            frozenset(ties[key].deciding),
            ties[key].granted,
            ties[key].approved,
        )
        for key, row in wanted.items()
    }


def standing(session: Session, project: AnyProject) -> Standing:
    """Return the project's whole standing, by one statement."""
    return standings(session, [project])[projects.key(project)]


_IS_APPROVED = exists().where(
    col(DecisionRequest.project_id) == col(Project.id),
    col(DecisionRequest.state) == "decided",
    col(DecisionRequest.outcome).in_(APPROVED),
)


def within(reach: Reach) -> ColumnElement[bool] | None:
    """Return the condition on `project` for what somebody sees in a list, None where it is all of them."""
    actor, scope = reach.actor, reach.scope
    if scope == "all":
        return None
    if actor.role == "administrator":
        return literal(False)
    parts: list[ColumnElement[bool]] = [
        col(Project.manager_id) == actor.id,
        col(Project.sponsor_id) == actor.id,
        exists().where(
            col(ProjectMember.project_id) == col(Project.id),
            col(ProjectMember.person_id) == actor.id,
            col(ProjectMember.role).in_(reach.as_member),
        ),
    ]
    if scope == "department" and actor.department:
        parts.append(col(Project.department) == actor.department)
    elif scope == "asked":
        parts.append(
            exists().where(
                col(Consultation.project_id) == col(Project.id), col(Consultation.person_id) == actor.id
            )
        )
    elif scope == "released":
        parts.append(_IS_APPROVED)
    return or_(*parts)


def has_exempt(session: Session, project_id: int) -> bool:
    """Return whether anything of a project is, or was when a board was asked, exempt from publication."""
    now = exists().where(col(SectionText.project_id) == project_id, col(SectionText.exempt) != "")
    then = exists().where(
        col(Version.project_id) == project_id, col(Version.snapshot).contains('"exempt":"', autoescape=True)
    )
    return bool(session.scalar(select(or_(now, then))))


class MemberRow(NamedTuple):
    """Somebody who was added to a project."""

    person_id: int
    name: str
    role: str
    added_at: dt.datetime


def members(session: Session, project_id: int) -> list[MemberRow]:
    """Return who was added to a project, in order of role and post."""
    m = ProjectMember
    query = (
        select(col(m.person_id), col(Person.name), col(m.role), col(m.added_at))
        .join(Person, col(Person.id) == col(m.person_id))
        .where(col(m.project_id) == project_id)
        .order_by(col(m.role), col(Person.name))
    )
    return [MemberRow._make(row) for row in session.execute(query)]


class GrantRow(NamedTuple):
    """Leave to read a project's exempt text."""

    person_id: int
    name: str
    until: dt.date
    granted_by: int


def grants(session: Session, project_id: int) -> list[GrantRow]:
    """Return who has, or had, leave to read a project's exempt text, in order of post."""
    g = ExemptGrant
    query = (
        select(col(g.person_id), col(Person.name), col(g.until_day), col(g.granted_by))
        .join(Person, col(Person.id) == col(g.person_id))
        .where(col(g.project_id) == project_id)
        .order_by(col(Person.name))
    )
    return [GrantRow._make(row) for row in session.execute(query)]


def people_with(session: Session, roles: Sequence[str] = ()) -> list[tuple[str, str]]:
    """Return (address, post) of the active people, of some roles or of all, in order of post."""
    query = select(col(Person.address), col(Person.name)).where(col(Person.active).is_(True))
    if roles:
        query = query.where(col(Person.role).in_(sorted(roles)))
    return [(address, name) for address, name in session.execute(query.order_by(col(Person.name)))]


def member_ids(session: Session, project_id: int, roles: Iterable[str]) -> set[int]:
    """Return who was added to a project in any of `roles`."""
    wanted = sorted(set(roles) & set(MEMBER_ROLES))
    query = select(col(ProjectMember.person_id)).where(
        and_(col(ProjectMember.project_id) == project_id, col(ProjectMember.role).in_(wanted))
    )
    return set(session.scalars(query))
