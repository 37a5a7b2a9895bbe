"""“This wasn't me”: a member disputes a vote recorded in their name; the project freezes until it is settled."""

from __future__ import annotations

import datetime as dt

from sqlmodel import Session

from vfm_workflow.domain.roles import Actor, may
from vfm_workflow.domain.texts import clean
from vfm_workflow.errors import BadInput, LinkDead, NotAllowed, NotFound
from vfm_workflow.journeys import access, board, settling
from vfm_workflow.journeys.home import Home
from vfm_workflow.journeys.posting import people_for, post, project_view
from vfm_workflow.store import decisions as store
from vfm_workflow.store import history, projects
from vfm_workflow.store.tables import DecisionRequest, Dispute, Link, Project, VoteRow


def look_up(session: Session, token: str, at: dt.datetime) -> tuple[Link, VoteRow, Project]:
    """Return what a dispute link is about, changing nothing. Raises LinkDead."""
    link = store.link_by_token(session, token)
    found = (
        store.project_of_vote(session, link.vote_id)
        if link is not None and link.vote_id is not None
        else None
    )
    if link is None or found is None:
        raise LinkDead(
            "unknown", "This link is not one of ours, or was cut short. Open it again from the mail itself."
        )
    if link.used_at is None and link.expires_at < at:
        raise LinkDead("expired", "This link has expired. Tell an administrator of the system directly.")
    return link, found[0], found[2]


def dispute(session: Session, home: Home, token: str, at: dt.datetime) -> Project:
    """Record that the vote was not its holder's, freeze the project and tell the administrators. Return the project.

    Doing it again changes nothing. Raises LinkDead.
    """
    link, vote, project = look_up(session, token, at)
    if not store.spend(session, link, at):
        return project
    person = projects.person(session, link.person_id)
    assert vote.id is not None
    session.add(Dispute(project_id=projects.key(project), vote_id=vote.id, at=at))
    project.disputed_at = at
    session.flush()
    entry = history.Entry("vote_disputed", projects.actor(person), at, "", {"vote": vote.id})
    history.record(session, project, entry)
    asked = board.load(session, home, _request(session, vote))
    context = {
        "project": project_view(home, project),
        "decision": board.decision_view(home, asked),
        "voter": settling.voter(session, vote),
        "disputed_at": at,
        "link": home.url(f"/projects/{project.reference}/dispute"),
    }
    for told in people_for(session, None, project, ["administrator", "project_manager"]).values():
        post(session, home, "decision_disputed", told, context, at, project)
    return project


def _request(session: Session, vote: VoteRow) -> DecisionRequest:
    found = session.get(DecisionRequest, vote.request_id)
    assert found is not None
    return found


def settle(session: Session, home: Home, reference: str, by: Actor, note: str, at: dt.datetime) -> Project:
    """An administrator has looked: record what was found and let the project move again. Return it.

    The vote stays in the record: nobody edits history. Raises NotAllowed, NotFound or BadInput.
    """
    project = projects.by_reference(session, reference)
    if not may(home.roles, by, "dispute.settle"):
        access.refuse_unseen(session, home, by, project, reference)
        raise NotAllowed("Only an administrator may settle a dispute.")
    rows = store.open_disputes(session, projects.key(project))
    if not rows:
        access.refuse_unseen(session, home, by, project, reference)
        raise NotFound(f"Nothing is disputed on {project.reference}.")
    note = clean(note)
    if not note:
        raise BadInput({"note": "Say what you found and what was done"})
    for row in rows:
        row.settled_at, row.settled_by, row.note = at, by.id, note
    project.disputed_at = None
    session.flush()
    history.record(session, project, history.Entry("dispute_settled", by, at, note))
    return project
