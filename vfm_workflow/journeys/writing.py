"""What a project writes is saved as it is written: sections and criteria (§7.4, §8.1)."""

from __future__ import annotations

import datetime as dt

from sqlmodel import Session

from vfm_workflow.domain.outline import MOST_CHARACTERS
from vfm_workflow.domain.roles import Actor
from vfm_workflow.domain.texts import clean as clean
from vfm_workflow.errors import BadInput, NotAllowed, NotFound, StaleRevision
from vfm_workflow.journeys import access, advance, gate
from vfm_workflow.journeys.home import Home
from vfm_workflow.store import projects
from vfm_workflow.store.decisions import token_digest
from vfm_workflow.store.tables import Criterion, Project, SectionText

DOCUMENTS = ("outline", "recommendations")


def writable(session: Session, home: Home, reference: str, by: Actor, work: str, permission: str) -> Project:
    """Return the project if `by` may do `work` on it in its stage. Raises NotFound or NotAllowed, saying which."""
    project = access.seen(session, home, reference, by)
    if not access.allowed(session, home, by, permission, project):
        raise NotAllowed(
            f"You may not change this on {project.reference}. Its project manager or Head of Service may."
        )
    advance.refuse_disputed(project)
    lifecycle = home.lifecycle(session, project)
    if not gate.is_open_for(lifecycle, project, {work}):
        stage = lifecycle.stages[project.stage].title
        raise NotAllowed(f"{project.reference} is in the stage {stage}, which does not take changes to this.")
    return project


def seen(text: str) -> str:
    """Return the mark of a text that a form carries, so that a later save can tell whether it changed meanwhile."""
    return token_digest(text)[:16]


def save_section(
    session: Session,
    home: Home,
    reference: str,
    document: str,
    key: str,
    text: str,
    by: Actor,
    at: dt.datetime,
    *,
    was: str | None = None,
) -> str:
    """Save a section as it is typed; return its new mark (see `seen`).

    `was` is the mark the form was loaded with: StaleRevision is raised, with the other text, where somebody else has
    saved a different one since. Raises BadInput, NotAllowed or NotFound too.
    """
    if document not in DOCUMENTS or key not in {section.key for section in home.outline.sections(document)}:
        raise NotFound(f"There is no section “{key}” in the {document}.")
    text = clean(text)
    if len(text) > MOST_CHARACTERS:
        raise BadInput(
            {key: f"This is {len(text):,} characters; at most {MOST_CHARACTERS:,} fit in a section"}
        )
    project = writable(session, home, reference, by, document, "outline.edit")
    row = session.get(SectionText, (projects.key(project), document, key))
    before = row.text if row else ""
    if was is not None and was != seen(before) and before != text:
        who = projects.person(session, row.updated_by).name if row else "Somebody"
        raise StaleRevision(
            f"{who} has changed this section since you opened it. Their text is below yours.", [before]
        )
    if row is None:
        row = SectionText(
            project_id=projects.key(project),
            document=document,
            key=key,
            text=text,
            updated_at=at,
            updated_by=by.id,
        )
        session.add(row)
    elif before != text:
        row.text, row.updated_at, row.updated_by = text, at, by.id
    session.flush()
    return seen(text)


def save_criterion(
    session: Session, home: Home, reference: str, key: str, evidence: str | None, by: Actor, at: dt.datetime
) -> None:
    """Choose a criterion with its evidence, or (with None) drop it. Raises NotFound, BadInput or NotAllowed."""
    if key not in {entry.key for entry in home.outline.criteria}:
        raise NotFound(f"There is no criterion “{key}”.")
    project = writable(session, home, reference, by, "outline", "outline.edit")
    row = session.get(Criterion, (projects.key(project), key))
    if evidence is None:
        if row is not None:
            session.delete(row)
    else:
        text = clean(evidence)
        if len(text) > MOST_CHARACTERS:
            raise BadInput(
                {f"criterion_{key}": f"The evidence must be {MOST_CHARACTERS:,} characters or fewer"}
            )
        if row is None:
            session.add(Criterion(project_id=projects.key(project), key=key, evidence=text))
        else:
            row.evidence = text
    session.flush()
