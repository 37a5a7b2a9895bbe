"""A council's home: its rules, read and checked once, as every journey needs them."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlmodel import Session

from vfm_workflow.domain import lifecycle as lifecycles
from vfm_workflow.domain.calendar import Calendar
from vfm_workflow.domain.lifecycle import Lifecycle
from vfm_workflow.domain.notices import Catalogue
from vfm_workflow.domain.outline import OutlineRules
from vfm_workflow.domain.rag import RagRules
from vfm_workflow.domain.report_texts import ReportsDocument
from vfm_workflow.domain.roles import RoleSpec
from vfm_workflow.domain.savings_rules import SavingsRules
from vfm_workflow.errors import NotFound
from vfm_workflow.mail.render import Renderer
from vfm_workflow.reports.writing.forms import Style
from vfm_workflow.store import outbox, projects
from vfm_workflow.store.projects import AnyProject
from vfm_workflow.store.tables import LifecycleVersion


def new_token() -> str:
    """Return an opaque token of 43 characters for a link."""
    return secrets.token_urlsafe(32)


@dataclass(frozen=True)
class Home:
    """Everything a council decides by data. Built by `wiring`, passed to every journey."""

    council_name: str
    base_url: str
    mail_from: str
    """The address mail comes from, such as `vfm@wrenfold.example`."""
    mail_from_name: str
    calendar: Calendar
    roles: Mapping[str, RoleSpec]
    outline: OutlineRules
    rag: RagRules
    savings: SavingsRules
    reports: ReportsDocument
    catalogue: Catalogue
    renderer: Renderer
    style: Style
    """How its reports look."""
    lifecycles: Mapping[str, Lifecycle]
    """The documents as they stand in `workflows/`, by name: what new projects begin with."""
    mail_reply_to: str = ""
    """Where replies to mails of no project go; empty for `mail_from`."""
    sign_in: str = "link"
    """How people sign in: `link`, or `oidc` where the council has its own service."""
    mint: Callable[[], str] = new_token
    seal: Callable[[int], str] | None = None
    """Signs a person's id for the link that ends their optional digests; None where nothing is there to sign with."""
    kept: dict[str, Any] = field(default_factory=dict)
    """What a page worked out and may show again, each under a mark that says until when."""
    _pinned: dict[str, Lifecycle] = field(default_factory=dict)

    @property
    def mail_domain(self) -> str:
        return self.mail_from.rpartition("@")[2]

    def lifecycle(self, session: Session, project: AnyProject) -> Lifecycle:
        """Return the version of the lifecycle that `project` is pinned to, whatever the folder says now."""
        return self.pinned(session, project.lifecycle)

    def pinned(self, session: Session, digest: str) -> Lifecycle:
        """Return the stored version of a lifecycle. Raises NotFound where there is none."""
        found = self._pinned.get(digest)
        if found is None:
            stored = session.get(LifecycleVersion, digest)
            if stored is None:
                raise NotFound(f"A project is pinned to a lifecycle that is not stored: {digest}.")
            found = self._pinned[digest] = lifecycles.restore(stored.document)
        return found

    def lifecycle_for(self, kind: str) -> Lifecycle:
        """Return the lifecycle that a new project of `kind` follows."""
        entry = next((k for k in self.outline.kinds if k.key == kind), None)
        if entry is None or entry.lifecycle not in self.lifecycles:
            raise NotFound(f"There is no kind of project “{kind}”.")
        return self.lifecycles[entry.lifecycle]

    def publish(self, session: Session, lifecycle: Lifecycle, at: dt.datetime) -> str:
        """Store `lifecycle` under its digest if it is new; return the digest. Moves no project."""
        if not projects.has_lifecycle(session, lifecycle.digest):
            row = {
                "digest": lifecycle.digest,
                "name": lifecycle.name,
                "version": lifecycle.document.version,
                "document": lifecycle.canonical,
                "published_at": at,
            }
            # somebody else may publish it this very moment
            outbox.insert_new(session, LifecycleVersion, row)
        return lifecycle.digest

    def url(self, path: str) -> str:
        """Return the full address of a page. Only `VFM_BASE_URL` builds it, never a request's Host header."""
        return f"{self.base_url.rstrip('/')}{path}"

    def role_title(self, role: str) -> str:
        """Return a role's title, or the role itself where the file no longer has it."""
        return self.roles[role].title if role in self.roles else role.replace("_", " ")
