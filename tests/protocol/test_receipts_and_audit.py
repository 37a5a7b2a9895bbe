"""Points 11 and 12 of decisions by email: receipts, “this was not me”, and the record."""

from __future__ import annotations

import json

from sqlalchemy import select
from sqlmodel import col

from tests.people import Council
from tests.protocol.support import head, links, votes
from tests.web.deciding import PERSON, Member, dump, fresh, link_in, newest
from vfm_workflow.journeys import disputes
from vfm_workflow.store import decisions, history
from vfm_workflow.store.tables import History

# ---------------------------------------------------------------- point 11: receipts and disputes


def test_point_11_receipts_tell_the_member_the_manager_and_the_others_with_no_live_link_inside(
    council: Council, project: str
) -> None:
    Member(council, "place").decide("approve", reason="A good case")
    receipt = newest(council, "place", "decision_receipt")
    told = {mail.to.partition("@")[0] for mail in council.mails(notice="decision_vote_cast")}
    assert told == {"manager", "chief", "resources", "housing", "customers"}
    for mail in (receipt, *council.mails(notice="decision_vote_cast")):
        assert not [url for url in council.links_in(mail) if "/d/" in url]
    body = council.read_mail(receipt).get_body(("plain",))
    assert body is not None
    assert "A good case" in body.get_content()


def test_point_11_this_was_not_me_shows_on_get_and_freezes_on_post(council: Council, project: str) -> None:
    Member(council, "place").decide("approve")
    link = link_in(council, newest(council, "place", "decision_receipt"), "/dispute/")
    browser, before = fresh(council), dump(council.app)
    assert browser.get(link).status_code == 200
    assert head(browser, link).status_code == 200
    assert "Opening this page changes nothing" in browser.get(link).text
    nonce = browser.hidden("nonce")
    assert browser.post(link, nonce=nonce).status_code == 422, "an empty form, as a scanner sends it"
    assert browser.post(link, mine="no").status_code == 422
    assert dump(council.app) == before
    done = browser.post(link, nonce=nonce, mine="no")
    assert done.status_code == 200
    assert "The project is stopped" in browser.text
    assert council.project(project).disputed_at == council.at
    told = {mail.to.partition("@")[0] for mail in council.mails(notice="decision_disputed")}
    assert told == {"admin", "manager"}


def test_point_11_while_it_is_disputed_nobody_decides_and_afterwards_the_same_links_work(
    council: Council, project: str
) -> None:
    Member(council, "place").decide("approve")
    link = link_in(council, newest(council, "place", "decision_receipt"), "/dispute/")
    chief = Member(council, "chief")
    chief.look()
    nonce = chief.browser.hidden("nonce")
    with council.app.write() as session:
        disputes.dispute(session, council.home, link.removeprefix("/dispute/"), council.at)
    chief.look()
    assert "Nobody can decide at the moment" in chief.text
    assert chief.post(nonce=nonce, choice="approve").status_code == 403
    with council.app.write() as session:
        admin = council.actor(session, "admin")
        disputes.settle(session, council.home, project, admin, "They had forgotten", council.at)
    assert chief.decide("approve").status_code == 303


# ---------------------------------------------------------------- point 12: audit


def test_point_12_the_record_says_who_what_how_and_on_which_text(council: Council, project: str) -> None:
    Member(council, "chief").decide("approve", reason="A good case")
    (vote,) = votes(council)
    (link,) = links(council, "chief")[:1]
    with council.app.read() as session:
        row = session.scalars(select(History).where(col(History.event) == "vote")).one()
        request = decisions.open_requests(session)[0]
        version = decisions.newest_version(session, request.project_id, "outline")
        broken = list(history.verify(session))
    assert version is not None
    assert broken == []
    detail = json.loads(row.detail)
    assert detail["slot"] == vote.slot_id == link.slot_id
    assert detail["digest"] == version.digest
    assert detail["assurance"] == vote.assurance == "A"
    assert detail["address"] == vote.address == "chief@wrenfold.example"
    assert detail["user_agent"] == vote.user_agent == PERSON["user-agent"]
    assert detail["message_id"] == vote.message_id == newest(council, "chief").message_id
    assert (row.actor, row.reason) == ("Chief Executive", "A good case")


def test_point_12_the_page_says_link_holder_for_somebody_never_signed_by(
    council: Council, project: str
) -> None:
    member = Member(council, "chief")
    member.decide("approve")
    member.look()
    assert "Link holder for Chief Executive, level A (link sent to chief@wrenfold.example)" in member.text
    assert "signed by" not in member.text.lower()
