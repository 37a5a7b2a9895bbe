"""Who may do what (`config/roles.yaml`, domain matrix), asked in one place by pages, API and CLI."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Literal, NamedTuple

from pydantic import Field

from vfm_workflow.documents import Document, Strict, suggestion, validate
from vfm_workflow.errors import ConfigError

Scope = Literal["own", "department", "all", "asked", "released", "granted"]
WIDEST_FIRST: tuple[Scope, ...] = ("all", "department", "own", "asked", "granted", "released")
Clock = Literal["portfolio_holder", "cabinet"]
"""The release clocks of `config/calendar.yaml` (strategy §6.2)."""
PERMISSIONS = (
    "project.read",
    "outline.read",
    "decisions.read",
    "returns.read",
    "savings.read",
    "savings.claim",
    "savings.share",
    "savings.verify",
    "savings.bank",
    "savings.review",
    "lessons.read",
    "history.read",
    "exempt.read",
    "exempt.grant",
    "project.create",
    "members.edit",
    "outline.edit",
    "plan.edit",
    "return.submit",
    "return.verify",
    "return.chase",
    "library.edit",
    "library.agree_service",
    "library.agree_finance",
    "library.record",
    "figures.import",
    "reports.read",
    "reports.comment",
    "reports.issue",
    "lessons.edit",
    "condition.discharge",
    "consultation.answer",
    "remark.comment",
    "remark.challenge",
    "remark.advise",
    "remark.recommend",
    "remark.reply",
    "ideas.read",
    "ideas.create",
    "ideas.reply",
    "mail.read",
    "mail.retry",
    "audit.read",
    "data.export",
    "lifecycle.move",
    "people.edit",
    "deputy.set",
    "deputy.be",
    "dispute.settle",
    "settings.read",
)


class RoleSpec(Strict):
    """One role: its title, which release clock it follows, and what it may do, how far."""

    title: str = Field(min_length=1)
    release: Clock | None = None
    may: dict[str, Scope] = {}


class RolesDocument(Strict):
    """The whole of `config/roles.yaml`."""

    roles: dict[str, RoleSpec] = Field(min_length=1)


NEEDED = ("project_manager", "head_of_service", "administrator")
"""Roles that the program itself speaks of: a project has a manager and a head of service, a home an administrator."""

DEPUTISED = frozenset({"return.verify", "condition.discharge", "exempt.read", "remark.reply"})
"""What a deputy may do for the head of service they stand in for, beside that role's events; no writing in their place."""


MEMBER_ROLES = ("partner", "mentor", "board_member")
"""Roles that are held on the projects one was added to, and on no other."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody who acts: a person with a role. `role` is their own; what they are on a project follows from it."""

    id: int
    name: str
    address: str
    role: str
    department: str
    stands_for: tuple[Actor, ...] = ()
    """Those they stand in for today as a dated deputy (protocol, point 9). Nobody stands in for somebody's principals."""


class Standing(NamedTuple):
    """What decides who somebody is on one project, and what they may see of it.

    Without what stands in other tables (all but the first three) it answers less, never more: a yes is a yes.
    """

    manager_id: int
    sponsor_id: int
    department: str
    members: Mapping[int, frozenset[str]] = MappingProxyType({})
    """Person → the roles (of MEMBER_ROLES) they were added in."""
    asked: frozenset[int] = frozenset()
    """Who was consulted."""
    deciding: frozenset[int] = frozenset()
    """Who has, or had, a seat on a board asked to decide."""
    granted: Mapping[int, dt.date] = MappingProxyType({})
    """Person → the last day of their leave to read exempt text."""
    approved: bool = False
    """A board has approved something of it: it is past its first approval."""


def load(document: Document) -> Mapping[str, RoleSpec]:
    """Return the roles of `document`. Raises ConfigError naming each unknown permission with its line."""
    roles = validate(RolesDocument, document).roles
    problems = [
        document.problem(
            ("roles", key, "may", name), f"permission `{name}` does not exist.", suggestion(name, PERMISSIONS)
        )
        for key, spec in roles.items()
        for name in spec.may
        if name not in PERMISSIONS
    ]
    problems += [
        document.problem(
            ("roles", key),
            "it has the scope `released`, and follows no release clock.",
            "Add `release: cabinet`.",
        )
        for key, spec in roles.items()
        if "released" in spec.may.values() and spec.release is None
    ]
    problems += [
        document.problem(("roles",), f"the role `{name}` is missing.", "The program needs it; add it again.")
        for name in NEEDED
        if name not in roles
    ]
    if problems:
        raise ConfigError(problems)
    return roles


def roles_on(actor: Actor, standing: Standing) -> frozenset[str]:
    """Return the roles `actor` holds on a project.

    A project manager is one on their own projects only; a head of service in their own department or on what they
    sponsor; a partner, a mentor and a Board member where they were added. Every other role holds everywhere. A deputy is
    head of service where somebody they stand in for is. An administrator keeps the system and holds nothing else,
    whatever a row says: who sets up others' access decides nothing.
    """
    held = _own_roles_on(actor, standing)
    return held if principal_on(actor, standing) is None else held | {"head_of_service"}


def principal_on(actor: Actor, standing: Standing) -> Actor | None:
    """Return whom `actor` stands in for as a project's head of service, None where it is nobody.

    The project's own manager and sponsor stand in for nobody on it: they would check themselves.
    """
    if not actor.stands_for or actor.id in (standing.manager_id, standing.sponsor_id):
        return None
    if actor.role == "administrator":
        return None
    heads = (p for p in actor.stands_for if "head_of_service" in _own_roles_on(p, standing))
    return next(heads, None)


def acting_as(actor: Actor, standing: Standing, own: bool) -> Actor:
    """Return `actor` as the record names them: “X for Y” unless what they do is theirs to do anyway (`own`).

    Their `stands_for` is then the one they act for, or nobody.
    """
    principal = None if own else principal_on(actor, standing)
    if principal is None:
        return replace(actor, stands_for=())
    return replace(actor, name=f"{actor.name} for {principal.name}", stands_for=(principal,))


def by_role(actor: Actor, standing: Standing, needed: Collection[str]) -> Actor:
    """Return `actor` as the record names them for something that one of the roles `needed` may do."""
    return acting_as(actor, standing, own=not _own_roles_on(actor, standing).isdisjoint(needed))


def by_permission(roles: Mapping[str, RoleSpec], actor: Actor, permission: str, standing: Standing) -> Actor:
    """Return `actor` as the record names them for something that needs `permission`."""
    return acting_as(actor, standing, own=may(roles, replace(actor, stands_for=()), permission, standing))


def _own_roles_on(actor: Actor, standing: Standing) -> frozenset[str]:
    if actor.role == "administrator":
        return frozenset({"administrator"})
    held = set(standing.members.get(actor.id, ()))
    if actor.id == standing.manager_id:
        held.add("project_manager")
    if actor.role == "head_of_service" and actor.department == standing.department:
        held.add("head_of_service")
    if actor.id == standing.sponsor_id:
        held.add("head_of_service")
    if actor.role not in ("project_manager", "head_of_service", *MEMBER_ROLES):
        held.add(actor.role)
    return frozenset(held)


def may(
    roles: Mapping[str, RoleSpec],
    actor: Actor,
    permission: str,
    standing: Standing | None = None,
    today: dt.date | None = None,
) -> bool:
    """Return whether `actor` may do `permission`, on the project of `standing` or (without one) anywhere at all.

    Leave until a day counts only where `today`, the council's date, is given. What a `released` yes shows is for the
    release clock to say (`domain.release`). Raises KeyError for a permission that does not exist: a spelling mistake
    must not lock or open a door.
    """
    if permission not in PERMISSIONS:
        raise KeyError(permission)
    if standing is None:
        held = actor.role in roles and permission in roles[actor.role].may
    else:
        held = extent(roles, actor, permission, standing, today) is not None
    return held or _may_for_another(roles, actor, permission, standing, today)


def _may_for_another(
    roles: Mapping[str, RoleSpec],
    actor: Actor,
    permission: str,
    standing: Standing | None,
    today: dt.date | None,
) -> bool:
    """Return whether somebody whom `actor` stands in for may do this as head of service, and a deputy may do it for them."""
    if not actor.stands_for or permission not in DEPUTISED:
        return False
    if standing is None:
        return any(may(roles, principal, permission) for principal in actor.stands_for)
    principal = principal_on(actor, standing)
    return principal is not None and may(roles, principal, permission, standing, today)


def extent(
    roles: Mapping[str, RoleSpec],
    actor: Actor,
    permission: str,
    standing: Standing,
    today: dt.date | None = None,
) -> Scope | None:
    """Return the widest scope by which `actor` may do `permission` on a project, None where they may not."""
    held = {actor.role, *_own_roles_on(actor, standing)}
    found = {
        scope
        for role in held
        if role in roles
        and (scope := roles[role].may.get(permission)) is not None
        and _reaches(scope, role, actor, standing, today)
    }
    return next((scope for scope in WIDEST_FIRST if scope in found), None)


def _reaches(scope: Scope, role: str, actor: Actor, standing: Standing, today: dt.date | None) -> bool:
    """Return whether a scope that `role` gives reaches this project."""
    mine = actor.id in (standing.manager_id, standing.sponsor_id) and actor.role != "administrator"
    match scope:
        case "all":
            return True
        case "department":
            return mine or actor.department == standing.department
        case "own":
            return mine or role in standing.members.get(actor.id, ())
        case "asked":
            return actor.id in standing.asked
        case "granted":
            until = standing.granted.get(actor.id)
            return until is not None and today is not None and today <= until
        case "released":
            return standing.approved


@dataclass(frozen=True, slots=True)
class Reach:
    """How far somebody sees in a list of projects: by their role's scope, and by what each of them is to them."""

    actor: Actor
    scope: Scope | None
    as_member: tuple[str, ...]
    """The roles in which somebody added to a project sees it."""


def reach(roles: Mapping[str, RoleSpec], actor: Actor, permission: str = "project.read") -> Reach:
    """Return how far `actor` sees in a list, so that one statement finds what `may` would say yes to."""
    spec = roles.get(actor.role)
    scope = spec.may.get(permission) if spec is not None else None
    as_member = tuple(role for role in MEMBER_ROLES if role in roles and permission in roles[role].may)
    return Reach(actor, scope, as_member)


def needs_members(names: Collection[str]) -> bool:
    """Return whether any of these roles is held by being added to a project."""
    return not set(names).isdisjoint(MEMBER_ROLES)
