"""Consultees and heads of service answer by the links in their mails, as their readers would."""

from __future__ import annotations

import datetime as dt

from sqlmodel import Session

from vfm_workflow.demo.voting import Links
from vfm_workflow.domain.advice import read_advice
from vfm_workflow.errors import LinkDead, NotFound
from vfm_workflow.journeys import consulting, ideas, links
from vfm_workflow.journeys.home import Home
from vfm_workflow.store import projects
from vfm_workflow.store.links import Purpose, Question, of_link


class Asked:
    """The newest link of each question: what the mailboxes hold."""

    def __init__(self, links: Links) -> None:
        self._links = links
        self._held: dict[Question, str] = {}

    def newest(self, session: Session, home: Home, question: Question) -> int:
        """Return the id of the newest link that asks a question. Raises NotFound."""
        self._links.sort(session, home)
        for token in self._links.others:
            purposes: tuple[Purpose, ...] = ("consult", "idea")
            for purpose in purposes:
                try:
                    self._held[of_link(links.look_up(session, token, purpose))] = token
                except LinkDead:
                    continue  # of the other purpose, or a receipt's
        self._links.others.clear()
        if question not in self._held:
            raise NotFound(f"Nobody was asked: {question}.")
        return links.look_up(session, self._held[question], question.purpose).id or 0


def advise(
    session: Session,
    home: Home,
    asked: Asked,
    reference: str,
    key: str,
    stance: str,
    text: str,
    at: dt.datetime,
) -> None:
    """Answer as the consultee would: open the newest link, fill in the page, send it. Raises VfmError."""
    project = projects.by_reference(session, reference)
    link_id = asked.newest(session, home, Question("consult", projects.key(project), key))
    done = consulting.answer(session, home, link_id, read_advice(stance, text), at)
    if done.again:
        raise NotFound(f"{key} has nothing to answer on {reference} any more.")


def reply(session: Session, home: Home, asked: Asked, idea_id: int, text: str, at: dt.datetime) -> None:
    """Reply to an idea as the head of the service would, by the link in their mail. Raises VfmError."""
    link_id = asked.newest(session, home, Question("idea", idea_id=idea_id))
    ideas.reply_by_link(session, home, link_id, at, text)
