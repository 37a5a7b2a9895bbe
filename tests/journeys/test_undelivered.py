"""What came back is matched to its mail; who waits for an answer hears of it once; somebody looks into each."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import select

from tests.mail.bouncing import away, exim, postfix
from tests.people import Council, address
from tests.web.deciding import asked
from vfm_workflow.errors import BadInput, NotAllowed
from vfm_workflow.journeys import mail_log, undelivered
from vfm_workflow.store.tables import Bounce, OutboxMail


@pytest.fixture
def mail(council: Council) -> OutboxMail:
    """The mail that asked the Director of Place to decide, delivered."""
    asked(council)
    council.app.deliver(council.at)
    (found,) = council.mails(to="place", notice="decision_asked")
    assert found.state == "sent"
    return found


def again(council: Council, mail: OutboxMail) -> OutboxMail:
    return next(row for row in council.mails() if row.id == mail.id)


def told(council: Council) -> list[str]:
    council.app.tick(council.at)
    return [row.to for row in council.mails(notice="mail_undelivered")]


def test_a_report_marks_its_mail_and_the_manager_and_administrators_hear_once(
    council: Council, mail: OutboxMail
) -> None:
    (taken,) = council.app.take_bounce(postfix(mail.message_id, envelope=str(mail.id)), council.at)
    assert (taken.mail_id, taken.new) == (mail.id, True)
    assert again(council, mail).bounced_at == council.at
    assert told(council) == [address("manager"), address("admin")]
    assert told(council) == [address("manager"), address("admin")], "and not again"
    to_manager, to_admin = council.mails(notice="mail_undelivered")
    assert to_manager.subject == f"Not delivered: {mail.subject}"
    body = council.read_mail(to_manager).get_body(("plain",))
    assert body is not None
    text = " ".join(body.get_content().split())
    assert f"“{mail.subject}”, to place@wrenfold.example" in text
    assert "550 5.1.1 no such mailbox here" in text
    assert council.links_in(to_admin) and f"/mail/{mail.id}" in council.links_in(to_admin)[0]
    assert not any("/mail/" in link for link in council.links_in(to_manager)), (
        "the manager has no delivery log"
    )


def test_the_same_report_twice_is_one(council: Council, mail: OutboxMail) -> None:
    data = postfix(mail.message_id)
    assert [council.app.take_bounce(data, council.at)[0].new for _ in range(2)] == [True, False]
    with council.app.read() as session:
        assert len(session.scalars(select(Bounce)).all()) == 1


def test_the_envid_alone_needs_the_recipient_too(council: Council, mail: OutboxMail) -> None:
    forged = postfix(envelope=str(mail.id), to="stranger@elsewhere.example")
    assert council.app.take_bounce(forged, council.at)[0].mail_id is None
    assert again(council, mail).bounced_at is None
    honest = postfix(envelope=str(mail.id), to=mail.to, number=2)
    assert council.app.take_bounce(honest, council.at)[0].mail_id == mail.id


@pytest.mark.parametrize("envelope", ["0", "-1", "9" * 40, "x", "١٢"])
def test_an_envid_that_is_none_of_ours_matches_nothing(
    council: Council, mail: OutboxMail, envelope: str
) -> None:
    data = postfix(envelope=envelope, to=mail.to)
    assert council.app.take_bounce(data, council.at)[0].mail_id is None


def test_a_delay_marks_nothing_and_tells_nobody(council: Council, mail: OutboxMail) -> None:
    council.app.take_bounce(postfix(mail.message_id, action="delayed", status="4.4.1"), council.at)
    assert again(council, mail).bounced_at is None
    assert told(council) == []


def test_an_automatic_reply_is_passed_over(council: Council, mail: OutboxMail) -> None:
    assert council.app.take_bounce(away(mail.message_id), council.at) == []
    assert told(council) == []


def test_a_mail_that_the_server_refused_for_good_is_told_of_too(council: Council, mail: OutboxMail) -> None:
    with council.app.write() as session:
        row = session.get(OutboxMail, mail.id)
        assert row is not None
        row.state, row.settled_at, row.answer = "failed", council.at, "550 no such user"
    assert told(council) == [address("manager"), address("admin")]


def test_a_mail_that_nobody_has_to_answer_only_waits_on_the_page(council: Council, mail: OutboxMail) -> None:
    council.decide("VFM-0001", "place", "approve")
    council.app.deliver(council.at)
    (receipt,) = council.mails(notice="decision_receipt")
    council.app.take_bounce(exim(receipt.message_id), council.at)
    assert told(council) == []
    with council.app.read() as session:
        rows, _ = mail_log.listed(session, council.home, council.who("admin"), state="undelivered")
    assert [row.id for row in rows] == [receipt.id]


def test_what_came_back_long_ago_is_no_news(council: Council, mail: OutboxMail) -> None:
    council.app.take_bounce(postfix(mail.message_id), council.at)
    council.later(days=15)
    assert address("admin") not in told(council)


def test_somebody_says_what_was_done_about_it(council: Council, mail: OutboxMail) -> None:
    council.app.take_bounce(postfix(mail.message_id), council.at)
    admin = council.who("admin")

    def deal(note: str, key: str = "admin") -> None:
        with council.app.write() as session:
            undelivered.deal(session, council.home, mail.id or 0, note, council.who(key), council.at)

    with pytest.raises(NotAllowed, match="An administrator may"):
        deal("Done", "auditor")
    for nothing in ("", "  ", "x" * 1001):
        with pytest.raises(BadInput):
            deal(nothing)
    deal("Told by telephone")
    row = again(council, mail)
    assert (row.dealt_by, row.dealt_note) == (admin.id, "Told by telephone")
    with pytest.raises(NotAllowed, match="dealt with already"):
        deal("Once more")
    with council.app.read() as session:
        assert mail_log.listed(session, council.home, admin, state="undelivered") == ([], 0)


def test_a_mail_that_came_back_is_sent_again_with_the_same_bytes(council: Council, mail: OutboxMail) -> None:
    council.app.take_bounce(postfix(mail.message_id), council.at)
    with council.app.write() as session:
        mail_log.retry(session, council.home, mail.id or 0, council.at, council.who("admin"))
    row = again(council, mail)
    assert (row.state, row.bounced_at, row.data) == ("waiting", None, mail.data)
    assert council.app.deliver(council.at).sent == 1


def test_a_mail_that_arrived_needs_nothing(council: Council, mail: OutboxMail) -> None:
    with council.app.write() as session:
        with pytest.raises(NotAllowed, match="nothing to deal with"):
            undelivered.deal(session, council.home, mail.id or 0, "Done", council.who("admin"), council.at)
        with pytest.raises(NotAllowed, match="came back"):
            mail_log.retry(session, council.home, mail.id or 0, council.at, council.who("admin"))


def test_the_clock_tells_within_working_hours(council: Council, mail: OutboxMail) -> None:
    council.at = dt.datetime(2026, 3, 2, 22, 0, tzinfo=dt.UTC)
    council.app.take_bounce(postfix(mail.message_id), council.at)
    assert told(council) == []
    council.at = dt.datetime(2026, 3, 3, 8, 30, tzinfo=dt.UTC)
    assert len(told(council)) == 2
