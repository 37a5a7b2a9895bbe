"""The board is asked on a frozen text; its links die when their reason does; only what it had before it counts."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from sqlalchemy import select, update
from sqlmodel import col

from tests.people import Council, address
from vfm_workflow.domain import summary
from vfm_workflow.domain.decisions import Ballot
from vfm_workflow.errors import AlreadyDecided, LinkDead, NotAllowed, Unready
from vfm_workflow.journeys import board, dates, decide, disputes, people, projects, settling, writing
from vfm_workflow.store import decisions as decision_store
from vfm_workflow.store import facts, history
from vfm_workflow.store import projects as project_store
from vfm_workflow.store.tables import (
    Condition,
    DecisionRequest,
    Link,
    Person,
    Slot,
    Version,
    VoteRow,
)


@pytest.fixture
def asked(council: Council) -> str:
    """A project whose outline is before CMT."""
    reference = council.create()
    council.outline_ready(reference)
    council.do(reference, "submit_outline")
    return reference


def requests(council: Council, reference: str) -> list[DecisionRequest]:
    with council.app.read() as session:
        return decision_store.requests_of(session, council.project(reference).id or 0)


def links(council: Council, request: DecisionRequest) -> list[Link]:
    with council.app.read() as session:
        mine = select(col(Slot.id)).where(col(Slot.request_id) == request.id)
        return list(session.scalars(select(Link).where(col(Link.slot_id).in_(mine)).order_by(col(Link.id))))


def edit(council: Council, reference: str, text: str, key: str = "why", by: str = "manager") -> None:
    """Change one section of the outline."""
    with council.app.write() as session:
        actor = council.actor(session, by)
        writing.save_section(session, council.home, reference, "outline", key, text, actor, council.at)


def on_the_board(council: Council, request: DecisionRequest) -> set[str]:
    with council.app.read() as session:
        names = project_store.names(
            session, [slot.person_id for slot in decision_store.slots(session, request.id or 0)]
        )
        return set(names.values())


def why_dead(council: Council, link_id: int) -> LinkDead:
    with council.app.read() as session, pytest.raises(LinkDead) as dead:
        decide.refuse_dead(
            session, council.home, decide.open_link(session, council.home, link_id), council.at
        )
    return dead.value


# ------------------------------------------------------------------ who is asked, and what


def test_each_member_of_the_board_gets_one_link_and_the_database_keeps_no_token(
    council: Council, asked: str
) -> None:
    (request,) = requests(council, asked)
    assert on_the_board(council, request) == {
        "Chief Executive",
        "Director of Place",
        "Director of Resources",
        "Director of Housing",
        "Director of Customers",
    }
    mails = council.mails(notice="decision_asked")
    assert len(mails) == len(links(council, request)) == 5
    digests = {link.digest for link in links(council, request)}
    for mail in mails:
        (token,) = {url.rpartition("/d/")[2] for url in council.links_in(mail) if "/d/" in url}
        assert decision_store.token_digest(token) in digests
        assert token not in digests


def test_the_mail_says_what_is_decided_by_when_and_on_which_version(council: Council, asked: str) -> None:
    (request,) = requests(council, asked)
    with council.app.read() as session:
        version = session.get(Version, request.version_id)
    assert version is not None
    body = council.read_mail(council.mails(notice="decision_asked")[0]).get_body(("plain",))
    assert body is not None
    text = body.get_content()
    assert f"{version.number}" in text
    assert version.digest[:8] in text
    assert f"{asked} · Street Scene" in text, "a department has a name; its code means nothing to a reader"
    assert "9 March 2026" in text  # five working days after Monday 2 March
    assert "3 of the 5 members must decide, the Chief Executive among them" in text


def test_the_author_and_the_sponsor_are_not_on_the_board(council: Council) -> None:
    reference = council.create("Shared roofs", manager="other", department="PE")
    with council.app.write() as session:
        project = project_store.by_reference(session, reference)
        project.sponsor_id = council.actor(session, "place").id
    council.outline_ready(reference)
    council.do(reference, "submit_outline", "other")
    (request,) = requests(council, reference)
    assert "Director of Place" not in on_the_board(council, request)
    assert len(on_the_board(council, request)) == 4


def test_a_director_who_manages_a_project_does_not_decide_it(council: Council) -> None:
    reference = council.create()
    with council.app.write() as session:
        project_store.by_reference(session, reference).manager_id = council.actor(session, "resources").id
    council.outline_ready(reference)
    council.do(reference, "submit_outline", "resources")
    (request,) = requests(council, reference)
    assert "Director of Resources" not in on_the_board(council, request)


def test_somebody_made_sponsor_after_the_mail_went_out_can_no_longer_decide(
    council: Council, asked: str
) -> None:
    with council.app.write() as session:
        project_store.by_reference(session, asked).sponsor_id = council.actor(session, "place").id
    with pytest.raises(NotAllowed, match="you cannot decide on it"):
        council.decide(asked, "place", "approve")
    assert links(council, requests(council, asked)[0])[0].used_at is None, "the link is not spent"


def test_somebody_who_has_left_can_no_longer_decide(council: Council, asked: str) -> None:
    link_id = council.link_of(asked, "place")
    with council.app.write() as session:
        person = project_store.person_by_address(session, address("place"))
        person.active = False
    with council.app.write() as session, pytest.raises(LinkDead, match="Director of Place has left"):
        decide.cast(session, council.home, link_id, Ballot("approve", "", ()), council.at)


def test_where_nobody_on_the_board_may_decide_the_event_is_refused_and_nothing_changes(
    council: Council,
) -> None:
    reference = council.create()
    council.outline_ready(reference)
    with council.app.write() as session:
        session.execute(
            update(Person).where(col(Person.role).in_(["chief_executive", "cmt_member"])).values(active=False)
        )
    before = council.project(reference).revision
    with pytest.raises(NotAllowed, match="Nobody may decide this"):
        council.do(reference, "submit_outline")
    assert (council.stage(reference), council.project(reference).revision) == ("outline", before)
    assert requests(council, reference) == []
    assert council.mails() == []


# ------------------------------------------------------------------ what was frozen


def test_the_board_sees_the_frozen_text_and_never_the_live_row(council: Council, asked: str) -> None:
    edit(council, asked, "Something that CMT has not been asked about. " * 10)
    with council.app.read() as session:
        opened = decide.open_link(session, council.home, council.link_of(asked, "chief"))
        shown = json.dumps(opened.asked.snapshot)
    assert "why0" in shown
    assert "has not been asked about" not in shown


def test_a_text_that_has_not_changed_cannot_be_sent_again(council: Council, asked: str) -> None:
    with pytest.raises(Unready, match="not ready"):
        council.do(asked, "replace_outline")


def test_a_changed_text_supersedes_links_die_and_votes_are_void(council: Council, asked: str) -> None:
    council.approve(asked, "chief", "place")
    old_link = council.link_of(asked, "resources")
    edit(council, asked, "The rounds cost £71 a household. " * 10)
    council.do(asked, "replace_outline")
    first, second = requests(council, asked)
    assert (first.state, second.state) == ("superseded", "open")
    assert all(link.used_at or link.revoked_at for link in links(council, first))
    dead = why_dead(council, old_link)
    assert "a newer version was sent" in str(dead)
    council.approve(asked, "resources", "housing")
    assert council.stage(asked) == "cmt_approval", "the two votes on the first version do not count"
    council.decide(asked, "chief", "approve")
    assert council.stage(asked) == "initial_stage"


def test_the_superseded_mail_shows_what_changed_in_the_same_thread(council: Council, asked: str) -> None:
    edit(council, asked, council_text(council, asked).replace("why3", "£71 a household"))
    council.do(asked, "replace_outline")
    mails = council.mails(notice="decision_superseded")
    assert len(mails) == 5
    read = council.read_mail(mails[0])
    body = read.get_body(("plain",))
    assert body is not None
    text = body.get_content()
    assert "why3" in text
    assert "£71 a household" in text
    first = council.read_mail(council.mails(notice="decision_asked")[0])
    assert read["References"] == first["References"]
    assert read["Message-ID"] != first["Message-ID"]


def council_text(council: Council, reference: str) -> str:
    with council.app.read() as session:
        found = facts.load(
            session,
            project_store.by_reference(session, reference),
            {"sections"},
            council.home.calendar,
            council.home.outline,
            council.at.date(),
        )
    return found.sections["outline"]["why"]


def test_baselines_come_from_the_frozen_dates_even_if_the_manager_edited_afterwards(
    council: Council, asked: str
) -> None:
    (milestone,) = council.milestones(asked)
    with council.app.write() as session:
        manager = council.actor(session, "manager")
        dates.change_milestone(
            session, council.home, asked, milestone.id or 0, manager, council.at, forecast=dt.date(2027, 3, 1)
        )
        dates.add_milestone(
            session, council.home, asked, "Slipped in later", dt.date(2027, 4, 1), manager, council.at
        )
    council.approve(asked)
    first, second = council.milestones(asked)
    assert first.baseline == milestone.forecast
    assert first.forecast == dt.date(2027, 3, 1)
    assert second.baseline is None


def test_new_dates_that_cmt_refuses_set_no_baseline(council: Council) -> None:
    reference = council.create()
    council.to_implementation(reference)
    (milestone,) = council.milestones(reference)
    with council.app.write() as session:
        manager = council.actor(session, "manager")
        dates.propose(
            session,
            council.home,
            reference,
            {milestone.id or 0: dt.date(2027, 3, 1)},
            "The supplier is late",
            manager,
            council.at,
        )
    council.do(reference, "ask_rebaseline")
    for key in ("chief", "place", "resources"):
        council.decide(reference, key, "reject", reason="Find another supplier")
    (after,) = council.milestones(reference)
    assert (after.baseline, after.forecast) == (milestone.baseline, milestone.forecast)


# ------------------------------------------------------------------ on hold, withdrawn, decided


def test_a_hold_puts_the_decision_aside_and_resuming_asks_again_on_the_same_text(
    council: Council, asked: str
) -> None:
    council.decide(asked, "chief", "approve")
    old = council.link_of(asked, "place")
    council.do(asked, "hold", "head", reason="An election")
    assert "on hold" in str(why_dead(council, old))
    waiting = {mail.to for mail in council.mails(notice="decision_withdrawn")}
    assert waiting == {address(key) for key in ("place", "resources", "housing", "customers")}
    edit_refused(council, asked)
    council.later(days=7)
    council.do(asked, "resume", "head")
    held, again = requests(council, asked)
    assert (held.state, again.state, again.version_id) == ("held", "open", held.version_id)
    assert again.deadline > held.deadline
    council.approve(asked)
    assert council.stage(asked) == "initial_stage"


def edit_refused(council: Council, reference: str) -> None:
    with pytest.raises(NotAllowed, match="On hold"):
        edit(council, reference, "Quietly changed")


def test_a_later_hold_does_not_ask_again_what_was_decided_meanwhile(council: Council, asked: str) -> None:
    council.do(asked, "hold", "head", reason="An election")
    council.do(asked, "resume", "head")
    council.approve(asked)
    council.do(asked, "hold", "head", reason="A budget")
    council.do(asked, "resume", "head")
    assert council.stage(asked) == "initial_stage"
    assert [request.state for request in requests(council, asked)] == ["held", "decided"]


def test_a_project_held_twice_in_a_row_is_asked_about_once(council: Council, asked: str) -> None:
    for reason in ("An election", "A strike"):
        council.do(asked, "hold", "head", reason=reason)
        council.do(asked, "resume", "head")
    assert [request.state for request in requests(council, asked)] == ["held", "held", "open"]
    council.approve(asked)
    assert council.stage(asked) == "initial_stage"


def test_withdrawing_a_project_revokes_its_links_and_tells_whoever_had_not_decided(
    council: Council, asked: str
) -> None:
    council.decide(asked, "chief", "approve")
    link = council.link_of(asked, "place")
    council.do(asked, "withdraw", "head", reason="The grant fell through")
    (request,) = requests(council, asked)
    assert request.state == "withdrawn"
    assert all(found.used_at or found.revoked_at for found in links(council, request))
    assert len(council.mails(notice="decision_withdrawn")) == 4
    dead = why_dead(council, link)
    assert "Nothing is needed from you" in str(dead)


def test_a_vote_after_the_board_has_decided_is_recorded_and_changes_nothing(
    council: Council, asked: str
) -> None:
    council.approve(asked)
    recorded = council.decide(asked, "housing", "reject", reason="Too dear")
    assert recorded.vote.late
    assert recorded.outcome is None
    assert council.stage(asked) == "initial_stage"
    (request,) = requests(council, asked)
    assert request.outcome == "approve"


def test_the_same_decision_again_changes_nothing_and_another_is_refused_showing_the_first(
    council: Council, asked: str
) -> None:
    council.decide(asked, "chief", "approve")
    revision, mails = council.project(asked).revision, len(council.mails())
    assert council.decide(asked, "chief", "approve").again
    with pytest.raises(AlreadyDecided, match="recorded already: Approve"):
        council.decide(asked, "chief", "reject", reason="I have thought again")
    assert (council.project(asked).revision, len(council.mails())) == (revision, len(council.mails()))
    assert len(council.mails()) == mails


def test_an_expired_link_decides_nothing_and_a_new_one_goes_to_the_address_on_record(
    council: Council, asked: str
) -> None:
    link_id = council.link_of(asked, "chief")
    council.later(days=10)
    with pytest.raises(LinkDead, match="expired"):
        council.decide(asked, "chief", "approve")
    with council.app.write() as session:
        assert decide.send_again(session, council.home, link_id, council.at)
    assert council.mails()[-1].to == address("chief")
    council.decide(asked, "chief", "approve")
    with council.app.write() as session:
        assert not decide.send_again(session, council.home, link_id, council.at), "they have decided"


def test_a_link_that_still_works_is_not_sent_again(council: Council, asked: str) -> None:
    with council.app.write() as session:
        link_id = council.link_of(asked, "chief")
        assert not decide.send_again(session, council.home, link_id, council.at)


def test_conditions_of_an_approval_are_tracked_with_who_set_them(council: Council, asked: str) -> None:
    council.decide(asked, "chief", "approve_with_conditions", conditions="Ask the unions\nReport in May")
    council.approve(asked, "place", "resources")
    assert council.stage(asked) == "initial_stage"
    with council.app.read() as session:
        rows = list(session.scalars(select(Condition).order_by(col(Condition.id))))
        votes = {vote.id: vote.person_id for vote in session.scalars(select(VoteRow))}
        chief = council.actor(session, "chief").id
    assert [row.text for row in rows] == ["Ask the unions", "Report in May"]
    assert {votes[row.vote_id] for row in rows} == {chief}


def test_a_returned_outline_comes_back_to_its_manager_and_a_rejected_one_ends(
    council: Council, asked: str
) -> None:
    for key in ("chief", "place", "resources"):
        council.decide(asked, key, "return_for_changes", reason="Say what it costs")
    assert council.stage(asked) == "returned"
    edit(council, asked, "It costs £71 a household. " * 10)
    council.do(asked, "resubmit_outline")
    assert council.stage(asked) == "cmt_approval"
    for key in ("chief", "place", "resources"):
        council.decide(asked, key, "reject", reason="Too dear")
    assert council.stage(asked) == "rejected"


def test_everybody_concerned_hears_what_was_decided_and_nobody_gets_a_live_link_with_it(
    council: Council, asked: str
) -> None:
    council.approve(asked)
    told = {mail.to for mail in council.mails(notice="decision_made")}
    board_keys = ("chief", "place", "resources", "housing", "customers")
    assert told == {address(key) for key in ("manager", "head", *board_keys)}
    receipts = council.mails(notice="decision_receipt")
    assert {mail.to for mail in receipts} == {address(key) for key in ("chief", "place", "resources")}
    for mail in [*receipts, *council.mails(notice="decision_made")]:
        assert not any("/d/" in url for url in council.links_in(mail))


# ------------------------------------------------------------------ this was not me


def test_a_disputed_vote_freezes_the_project_until_an_administrator_has_looked(
    council: Council, asked: str
) -> None:
    council.decide(asked, "chief", "approve")
    (url,) = {
        url for url in council.links_in(council.mails(notice="decision_receipt")[0]) if "/dispute/" in url
    }
    token = url.rpartition("/")[2]
    with council.app.write() as session:
        disputes.dispute(session, council.home, token, council.at)
    told = {mail.to for mail in council.mails(notice="decision_disputed")}
    assert told == {address("admin"), address("manager")}
    for doing in (
        lambda: council.decide(asked, "place", "approve"),
        lambda: council.do(asked, "hold", "head", reason="Wait"),
        lambda: edit(council, asked, "Changed"),
    ):
        with pytest.raises(NotAllowed, match="frozen"):
            doing()
    revision = council.project(asked).revision
    with council.app.write() as session:  # again: changes nothing
        disputes.dispute(session, council.home, token, council.at)
    assert council.project(asked).revision == revision
    with council.app.write() as session, pytest.raises(NotAllowed, match="Only an administrator"):
        disputes.settle(
            session, council.home, asked, council.actor(session, "manager"), "It was me", council.at
        )
    with council.app.write() as session:
        disputes.settle(
            session, council.home, asked, council.actor(session, "admin"), "A shared phone", council.at
        )
    council.decide(asked, "place", "approve")
    with council.app.read() as session:
        assert list(history.verify(session)) == []


def test_a_token_of_another_kind_opens_nothing(council: Council, asked: str) -> None:
    mail = council.mails(notice="decision_asked")[0]
    (url,) = {url for url in council.links_in(mail) if "/d/" in url}
    token = url.rpartition("/")[2]
    with council.app.read() as session:
        assert decide.look_up(session, council.home, token).purpose == "decide"
        with pytest.raises(LinkDead, match="not one of ours"):
            disputes.look_up(session, token, council.at)
        for cut in (token[:-1], token + "x", "", "\x00"):
            with pytest.raises(LinkDead, match="not one of ours"):
                decide.look_up(session, council.home, cut)


# ------------------------------------------------------------------ in one transaction


def test_if_anything_fails_all_of_it_rolls_back_and_the_link_still_works(
    council: Council, asked: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    council.approve(asked, "chief", "place")
    before, mails = council.project(asked).revision, len(council.mails())

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(settling, "receipt", broken)  # the last thing a vote does
        with pytest.raises(RuntimeError, match="disk is full"):
            council.decide(asked, "resources", "approve")
    assert (council.stage(asked), council.project(asked).revision) == ("cmt_approval", before)
    assert len(council.mails()) == mails
    assert council.milestones(asked)[0].baseline is None
    council.decide(asked, "resources", "approve")
    assert council.stage(asked) == "initial_stage"


def test_the_deadline_is_said_as_people_say_it(council: Council, asked: str) -> None:
    with council.app.read() as session:
        found = board.load(session, council.home, requests(council, asked)[0])
        assert board.deadline_text(council.home, found) == "6pm on Monday 9 March 2026"


def test_a_summary_is_cut_at_a_word() -> None:
    assert summary.shorten("one two three", 9) == "one two …"
    assert summary.shorten("one\n two") == "one two"


def test_a_new_project_of_the_same_people_is_asked_about_separately(council: Council, asked: str) -> None:
    other = council.create("Garden waste")
    council.outline_ready(other)
    council.do(other, "submit_outline")
    council.approve(other)
    assert (council.stage(asked), council.stage(other)) == ("cmt_approval", "initial_stage")
    with council.app.read() as session:
        who = people.actor_by_address(session, address("chief"))
        assert projects.open_project(session, council.home, asked, who).reference == asked
