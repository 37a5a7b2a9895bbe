"""A council in which every role has somebody, and one project that has everything: for tests of who may what."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from tests.figures_support import moment, submit
from tests.people import Council, address
from vfm_workflow.journeys import exempt, ideas, library, members, people, returns, writing
from vfm_workflow.store import projects
from vfm_workflow.store.tables import Consultation, Evidence

MORE = {
    "group": ("Member of the Value for Money Group", "vfm_group_member", ""),
    "scrutiny": ("Member of the Scrutiny Board", "scrutiny_member", ""),
    "mentor": ("Licensing Manager", "mentor", "PE"),
    "elsewhere": ("Planning Mentor", "mentor", "PE"),
    "partner": ("Partner's Waste Manager", "partner", ""),
    "stranger": ("Another Partner's Manager", "partner", ""),
    "hr": ("HR Adviser", "consultee", "PE"),
}


@dataclass(frozen=True)
class Persona:
    """Somebody with what they are, by hand, to the project that has everything and to the one that is only begun."""

    role: str
    ties: frozenset[str] = frozenset()
    begun: frozenset[str] = frozenset()


def _(role: str, ties: str = "", begun: str = "") -> Persona:
    return Persona(role, frozenset(ties.split()), frozenset(begun.split()))


PERSONAS = {
    "manager": _("project_manager", "own"),
    "other": _("project_manager", begun="own"),
    "head": _("head_of_service", "own department"),
    "planning": _("head_of_service", begun="own department"),
    "chief": _("chief_executive"),
    "place": _("cmt_member"),
    "finance": _("finance_officer"),
    "legal": _("consultee", "asked"),
    "hr": _("consultee"),
    "holder": _("portfolio_holder", "granted"),
    "group": _("vfm_group_member"),
    "scrutiny": _("scrutiny_member"),
    "mentor": _("mentor", "own"),
    "elsewhere": _("mentor"),
    "partner": _("partner", "own"),
    "stranger": _("partner"),
    "board": _("board_member", "own"),
    "performance": _("performance_officer"),
    "auditor": _("internal_auditor"),
    "admin": _("administrator"),
}


def join_more(council: Council) -> None:
    """Add somebody of each role that the tests' council lacks."""
    with council.app.write() as session:
        for key, (name, role, department) in MORE.items():
            people.add_person(
                session,
                council.home,
                address=address(key),
                name=name,
                role=role,
                department=department,
                at=council.at,
            )


def add_member(council: Council, reference: str, key: str, role: str, by: str = "head") -> None:
    with council.app.write() as session:
        who = council.actor(session, by)
        members.add(session, council.home, reference, address(key), role, who, council.at)


def consult(council: Council, reference: str, key: str, person: str) -> None:
    """Record that somebody was asked."""
    with council.app.write() as session:
        project = projects.by_reference(session, reference)
        session.add(
            Consultation(
                project_id=projects.key(project),
                key=key,
                person_id=council.actor(session, person).id,
                asked_on=council.at.date(),
                asked_by=project.manager_id,
            )
        )


def grant(council: Council, reference: str, key: str, until: str = "31/12/2026") -> None:
    with council.app.write() as session:
        who = council.actor(session, "head")
        exempt.grant(session, council.home, reference, address(key), until, who, council.at)


def mark(council: Council, reference: str, key: str, paragraph: str = "3", document: str = "outline") -> None:
    with council.app.write() as session:
        who = council.actor(session, "manager")
        exempt.mark(session, council.home, reference, document, key, paragraph, who, council.at)


def write(council: Council, reference: str, key: str, text: str, document: str = "outline") -> None:
    with council.app.write() as session:
        who = council.actor(session, "manager")
        writing.save_section(session, council.home, reference, document, key, text, who, council.at)


def verify(council: Council, reference: str, period: str) -> None:
    with council.app.write() as session:
        who = council.actor(session, "head")
        returns.verify(session, council.home, reference, period, who, council.at)


def measured(council: Council) -> str:
    """Add a measure to the library of Street Scene; return its code."""
    form = {
        "department": "SS",
        "name": "Cost of collection",
        "kind": "unit_cost",
        "unit": "£ per household",
        "direction": "lower",
    }
    with council.app.write() as session:
        who = council.actor(session, "head")
        row = library.save(session, council.home, who, council.at, form=form)
        assert row.code is not None
        return row.code


def everything(council: Council) -> tuple[str, str]:
    """Return (a project in implementation that has one of each thing, one of another department that is only begun)."""
    join_more(council)
    reference = council.create()
    council.outline_ready(reference)
    council.do(reference, "submit_outline")
    council.decide(reference, "chief", "approve_with_conditions", reason="Mind", conditions="Report by June")
    council.approve(reference, "place", "resources")
    council.recommendations_ready(reference)
    council.do(reference, "submit_recommendations")
    council.approve(reference)
    council.at = moment(2026, 4, 9)
    submit(council, reference, "2026-03")
    verify(council, reference, "2026-03")
    for key, role in (("mentor", "mentor"), ("partner", "partner"), ("board", "board_member")):
        add_member(council, reference, key, role)
    consult(council, reference, "legal", "legal")
    grant(council, reference, "holder")
    with council.app.write() as session:
        project = projects.by_reference(session, reference)
        session.add(
            Evidence(
                project_id=projects.key(project),
                source="Survey",
                on=dt.date(2026, 3, 1),
                group="All households",
                finding="Bins are missed",
            )
        )
        ideas.propose(session, council.home, council.actor(session, "holder"), council.at, "Fewer vans")
    measured(council)
    return reference, council.create("Housing voids", manager="other", department="PE")
