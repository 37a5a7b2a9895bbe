"""Points 1 to 3 of decisions by email: the token, the one live link of a seat, and the version it is bound to."""

from __future__ import annotations

import re

from tests.people import Council
from tests.protocol.support import change_the_outline, links
from tests.web.deciding import Member, dump, link_in, newest
from tests.web.support import BASE
from vfm_workflow.store import decisions

# ---------------------------------------------------------------- point 1: the token


def test_point_01_the_token_is_opaque_and_the_link_short_enough_for_any_mail_program(
    council: Council, project: str
) -> None:
    mail = newest(council, "chief")
    (address,) = {url for url in council.links_in(mail) if "/d/" in url}
    assert re.fullmatch(re.escape(BASE) + r"/d/[A-Za-z0-9_-]{43}", address)


def test_point_01_the_database_keeps_only_the_digest_of_a_token(council: Council, project: str) -> None:
    token = link_in(council, newest(council, "chief")).removeprefix("/d/")
    (link,) = links(council, "chief")
    assert link.digest == decisions.token_digest(token)
    kept = dump(council.app)
    del kept["outbox"]  # the mail itself, as its reader has it
    assert token not in repr(kept)


def test_point_01_one_link_a_member_and_the_choice_is_on_the_page(council: Council, project: str) -> None:
    Member(council, "chief").look()
    assert len(links(council, "chief")) == 1
    assert council.links_in(newest(council, "chief")) == [BASE + link_in(council, newest(council, "chief"))]


# ---------------------------------------------------------------- point 2: one live link a slot


def test_point_02_a_slot_has_at_most_one_live_link(council: Council, project: str) -> None:
    first = Member(council, "chief")
    council.later(days=3)
    council.app.tick(council.at)
    live = [link for link in links(council, "chief") if link.revoked_at is None]
    assert len(links(council, "chief")) == 2
    assert len(live) == 1
    gone = first.look()
    assert gone.status_code == 410
    assert "a newer link was sent. Use the link in the newest mail" in first.text
    assert Member(council, "chief", "decision_reminded").decide("approve").status_code == 303


def test_point_02_a_link_remembers_the_address_and_the_mail_it_went_in(
    council: Council, project: str
) -> None:
    (link,) = links(council, "chief")
    mail = newest(council, "chief")
    assert (link.address, link.message_id) == ("chief@wrenfold.example", mail.message_id)


# ---------------------------------------------------------------- point 3: bound to a version


def test_point_03_mail_and_page_name_the_same_version_and_fingerprint(council: Council, project: str) -> None:
    member = Member(council, "chief")
    member.look()
    body = council.read_mail(newest(council, "chief")).get_body(("plain",))
    assert body is not None
    found = re.search(r"Version (\d+), fingerprint ([0-9a-f]{8})", body.get_content())
    assert found is not None
    assert f"Version {found[1]} · {found[2]}" in member.text


def test_point_03_the_page_shows_the_frozen_text_never_the_live_row(council: Council, project: str) -> None:
    member = Member(council, "chief")
    change_the_outline(council, project, "written after the mail went out " * 20)
    member.look()
    assert "why0 why1" in member.text
    assert "written after the mail" not in member.text


def test_point_03_a_newer_version_kills_the_links_and_voids_the_votes_and_shows_what_changed(
    council: Council, project: str
) -> None:
    place, chief = Member(council, "place"), Member(council, "chief")
    place.decide("approve")
    change_the_outline(council, project, "why0 why1 " + "another reason " * 20)
    council.do(project, "replace_outline")
    assert chief.decide("approve").status_code == 410
    assert "The text has changed since" in chief.text
    assert "[added] another reason" in chief.text
    again = Member(council, "place", "decision_superseded")
    again.look()
    assert "What changed since version 1" in again.text
    assert "[removed] why2" in again.text
    assert "0 of 5 have decided" in again.text
    mails = [
        council.read_mail(council.mails(to="place", notice=name)[-1])
        for name in ("decision_asked", "decision_superseded")
    ]
    assert mails[0]["References"] == mails[1]["References"]
    council.decide(project, "chief", "approve")
    council.decide(project, "resources", "approve")
    assert council.stage(project) == "cmt_approval", "the vote on the first version counted"
