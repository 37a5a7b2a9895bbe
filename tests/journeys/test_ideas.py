"""Members propose ideas, and each is owed one reply (§14.1)."""

from __future__ import annotations

import pytest

from tests.people import Council
from vfm_workflow.errors import BadInput, NotAllowed, NotFound
from vfm_workflow.journeys import ideas


def propose(council: Council, by: str = "holder", text: str = "Share the depot with the county.") -> int:
    with council.app.write() as session:
        return ideas.propose(session, council.home, council.actor(session, by), council.at, text).id or 0


def reply(council: Council, idea_id: int, by: str = "head", text: str = "We will ask them in May.") -> None:
    with council.app.write() as session:
        ideas.reply(session, council.home, idea_id, council.actor(session, by), council.at, text)


def test_a_member_s_idea_waits_until_somebody_replies(council: Council) -> None:
    first = propose(council)
    second = propose(council, text="Solar roofs.")
    council.later(days=2)
    reply(council, first)
    with council.app.read() as session:
        rows = ideas.listing(session)
    assert [(row.id, row.by, row.replied_by) for row in rows] == [
        (second, "Portfolio Holder for Finance", None),
        (first, "Portfolio Holder for Finance", "Head of Street Scene"),
    ]
    assert rows[1].reply == "We will ask them in May."
    assert (rows[1].replied_on, rows[1].on) == (council.at.date(), (council.at.date().replace(day=2)))


def test_an_idea_is_replied_to_once(council: Council) -> None:
    idea = propose(council)
    reply(council, idea)
    with pytest.raises(NotAllowed, match="The Head of Street Scene replied on 2 March 2026 already: We will"):
        reply(council, idea, "chief", "No.")


def test_officers_have_ideas_elsewhere_and_members_do_not_reply(council: Council) -> None:
    with pytest.raises(NotAllowed, match="Ideas come from Members"):
        propose(council, "manager")
    idea = propose(council)
    for person in ("holder", "manager", "auditor"):
        with pytest.raises(NotAllowed, match="A Head of Service or a member of CMT replies"):
            reply(council, idea, person)


def test_nothing_is_no_idea_and_no_reply(council: Council) -> None:
    with pytest.raises(BadInput, match="Write your idea"):
        propose(council, text="\n")
    with pytest.raises(BadInput, match="Write the reply"):
        reply(council, propose(council), text="")
    with pytest.raises(NotFound, match="There is no such idea"):
        reply(council, 99)
