"""Versions of a lifecycle: what the file has that the stored one has not, and the file stored as the next one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Session

from vfm_workflow.domain.lifecycle_diff import Difference, differences
from vfm_workflow.errors import NotAllowed, NotFound
from vfm_workflow.journeys.home import Home
from vfm_workflow.store import projects
from vfm_workflow.store.tables import LifecycleVersion


@dataclass(frozen=True, slots=True)
class Compared:
    """A lifecycle as it stands in its file, beside the version stored last."""

    name: str
    stored: int | None
    """The number of the version stored last; None where none was."""
    version: int
    differences: Sequence[Difference]
    following: int
    """Projects under way that follow an older version than the file's."""


def compare(session: Session, home: Home, name: str | None = None) -> list[Compared]:
    """Return each lifecycle of the home, or the one named, beside its newest stored version. Raises NotFound."""
    return [_compared(session, home, each) for each in _named(home, name)]


def _compared(session: Session, home: Home, name: str) -> Compared:
    lifecycle = home.lifecycles[name]
    newest = projects.newest_lifecycle(session, name)
    found = [] if newest is None else differences(home.pinned(session, newest.digest), lifecycle)
    digests = {version.digest for version in projects.lifecycle_versions(session, name)} - {lifecycle.digest}
    following = sum(each.lifecycle in digests for each in projects.pinned(session, {lifecycle.digest}))
    return Compared(name, newest.version if newest else None, lifecycle.document.version, found, following)


def publish(session: Session, home: Home, name: str | None, at: dt.datetime) -> list[LifecycleVersion]:
    """Store each lifecycle of the home, or the one named, as it stands in its file; return those that were new.

    New projects begin with it; those under way stay with theirs. Raises NotFound, or NotAllowed where the file was changed
    and its `version:` is not higher than the one stored last: two texts of one number could not be told apart.
    """
    new = []
    for each in _named(home, name):
        lifecycle = home.lifecycles[each]
        newest = projects.newest_lifecycle(session, each)
        if projects.has_lifecycle(session, lifecycle.digest):
            continue
        if newest is not None and lifecycle.document.version <= newest.version:
            raise NotAllowed(
                f"The file of `{each}` was changed and still says version: {lifecycle.document.version}. "
                f"Write version: {newest.version + 1} there, then publish it."
            )
        home.publish(session, lifecycle, at)
        found = projects.newest_lifecycle(session, each)
        assert found is not None
        new.append(found)
    return new


def _named(home: Home, name: str | None) -> list[str]:
    if name is not None and name not in home.lifecycles:
        raise NotFound(f"There is no lifecycle {name}. The lifecycles are: {', '.join(home.lifecycles)}.")
    return [name] if name is not None else list(home.lifecycles)
