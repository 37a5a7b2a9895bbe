"""Who may do what (`config/roles.yaml`, domain matrix), asked in one place by pages, API and CLI."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from pydantic import Field

from vfm_workflow.documents import Document, Strict, suggestion, validate
from vfm_workflow.errors import ConfigError

Scope = Literal["own", "department", "all", "asked", "released", "granted"]
PERMISSIONS = (
    "project.read",
    "outline.read",
    "decisions.read",
    "returns.read",
    "savings.read",
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
    "people.edit",
    "deputy.set",
    "deputy.be",
    "dispute.settle",
    "settings.read",
)


class RoleSpec(Strict):
    """One role: its title and what it may do, how far."""

    title: str = Field(min_length=1)
    may: dict[str, Scope] = {}


class RolesDocument(Strict):
    """The whole of `config/roles.yaml`."""

    roles: dict[str, RoleSpec] = Field(min_length=1)


NEEDED = ("project_manager", "head_of_service", "administrator")
"""Roles that the program itself speaks of: a project has a manager and a head of service, a home an administrator."""

DEPUTISED = frozenset({"return.verify", "condition.discharge", "exempt.read", "remark.reply"})
"""What a deputy may do for the head of service they stand in for, beside that role's events; no writing in their place."""


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


@dataclass(frozen=True, slots=True)
class Standing:
    """What decides who somebody is on one project."""

    manager_id: int
    sponsor_id: int
    department: str


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
        document.problem(("roles",), f"the role `{name}` is missing.", "The program needs it; add it again.")
        for name in NEEDED
        if name not in roles
    ]
    if problems:
        raise ConfigError(problems)
    return roles


def roles_on(actor: Actor, standing: Standing) -> frozenset[str]:
    """Return the roles `actor` holds on a project.

    A project manager is one on their own projects only, and a head of service in their own department or on what they
    sponsor; every other role holds everywhere. A deputy is head of service where somebody they stand in for is.
    """
    held = _own_roles_on(actor, standing)
    return held if principal_on(actor, standing) is None else held | {"head_of_service"}


def principal_on(actor: Actor, standing: Standing) -> Actor | None:
    """Return whom `actor` stands in for as a project's head of service, None where it is nobody.

    The project's own manager and sponsor stand in for nobody on it: they would check themselves.
    """
    if not actor.stands_for or actor.id in (standing.manager_id, standing.sponsor_id):
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
    held = set[str]()
    if actor.id == standing.manager_id:
        held.add("project_manager")
    if actor.role == "head_of_service" and actor.department == standing.department:
        held.add("head_of_service")
    if actor.id == standing.sponsor_id:
        held.add("head_of_service")
    if actor.role not in ("project_manager", "head_of_service"):
        held.add(actor.role)
    return frozenset(held)


def may(
    roles: Mapping[str, RoleSpec], actor: Actor, permission: str, standing: Standing | None = None
) -> bool:
    """Return whether `actor` may do `permission`, on the project of `standing` or (without one) anywhere at all.

    Raises KeyError for a permission that does not exist: a spelling mistake must not lock or open a door.
    """
    if permission not in PERMISSIONS:
        raise KeyError(permission)
    held = {actor.role} if standing is None else {actor.role, *roles_on(actor, standing)}
    for role in held:
        scope = roles[role].may.get(permission) if role in roles else None
        if scope == "all" or (scope is not None and standing is None):
            return True
        if standing is None or scope is None:
            continue
        if actor.id in (standing.manager_id, standing.sponsor_id):
            return True
        if scope == "department" and actor.department == standing.department:
            return True
    return _may_for_another(roles, actor, permission, standing)


def _may_for_another(
    roles: Mapping[str, RoleSpec], actor: Actor, permission: str, standing: Standing | None
) -> bool:
    """Return whether somebody whom `actor` stands in for may do this as head of service, and a deputy may do it for them."""
    if not actor.stands_for or permission not in DEPUTISED:
        return False
    if standing is None:
        return any(may(roles, principal, permission) for principal in actor.stands_for)
    principal = principal_on(actor, standing)
    return principal is not None and may(roles, principal, permission, standing)
