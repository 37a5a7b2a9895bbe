"""A mail by GOV.UK Notify goes once, wherever whoever sends it dies, and what Notify tells of it later is taken in."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import select

from tests.journeys.posts import Killed
from tests.journeys.test_deliver import attempts, mail, put, run
from tests.mail.notify_server import Notify, notify_server
from tests.people import MONDAY, Council, address
from tests.web.deciding import asked
from vfm_workflow.journeys import mail_log
from vfm_workflow.journeys.deliver import LEASE
from vfm_workflow.mail.notify import NotifyTransport, reference_of
from vfm_workflow.mail.notify_receipt import Receipt
from vfm_workflow.mail.transports import Answer, Outgoing
from vfm_workflow.store.tables import Bounce, OutboxMail

MINUTE = dt.timedelta(minutes=1)
ID = "740e5834-3a29-46b4-9a6f-16142fde533a"


@pytest.fixture
def notify() -> Iterator[Notify]:
    with notify_server() as found:
        found.created_at = MONDAY
        yield found


class DiesAfterwards(NotifyTransport):
    """The process ends once Notify has the mail, before anybody is told."""

    def send(self, mail: Outgoing, before_data: Callable[[], None]) -> Answer:
        super().send(mail, before_data)
        raise Killed


class DiesBefore(NotifyTransport):
    """The process ends when the database says that the mail is on its way, before Notify is asked."""

    def send(self, mail: Outgoing, before_data: Callable[[], None]) -> Answer:
        before_data()
        raise Killed


def until_settled(council: Council, notify: Notify) -> None:
    transport = NotifyTransport(notify.service(), lambda: council.at)
    run(council, transport, council.later(minutes=LEASE / MINUTE + 1), worker="another")
    transport.close()


def test_a_process_that_dies_once_notify_has_the_mail_sends_it_once(council: Council, notify: Notify) -> None:
    put(council)
    dying = DiesAfterwards(notify.service())
    with pytest.raises(Killed):
        run(council, dying)
    dying.close()
    assert mail(council).state == "sending"
    until_settled(council, notify)
    (row,) = notify.taken
    assert (mail(council).state, mail(council).answer) == ("sent", f"Notify has it as {row['id']}, created")
    assert [outcome for outcome, *_ in attempts(council)] == ["unknown", "found"]


def test_a_process_that_dies_before_notify_was_asked_loses_nothing(council: Council, notify: Notify) -> None:
    put(council)
    with pytest.raises(Killed):
        run(council, DiesBefore(notify.service()))
    until_settled(council, notify)
    assert len(notify.taken) == 1
    assert [outcome for outcome, *_ in attempts(council)] == ["unknown", "absent", "sent"]


@pytest.mark.parametrize("how", ["hang up", "502"])
def test_an_answer_that_got_lost_is_asked_for(council: Council, notify: Notify, how: str) -> None:
    put(council)
    notify.take_and = how
    transport = NotifyTransport(notify.service())
    assert run(council, transport).unknown == 1
    transport.close()
    until_settled(council, notify)
    assert (len(notify.taken), mail(council).state) == (1, "sent")


# ------------------------------------------------------------------ receipts


@pytest.fixture
def decision(council: Council) -> OutboxMail:
    """The mail that asked the Director of Place to decide, delivered."""
    asked(council)
    council.app.deliver(council.at)
    (found,) = council.mails(to="place", notice="decision_asked")
    return found


def receipt(about: OutboxMail, status: str = "permanent-failure", own: str = ID) -> Receipt:
    assert about.id is not None
    return Receipt(own, reference_of(about.id, about.message_id), status, about.to)


def again(council: Council, about: OutboxMail) -> OutboxMail:
    return next(row for row in council.mails() if row.id == about.id)


def told(council: Council) -> list[str]:
    council.app.tick(council.at)
    return [row.to for row in council.mails(notice="mail_undelivered")]


@pytest.mark.parametrize(
    ("status", "kind"),
    [("permanent-failure", "hard"), ("temporary-failure", "soft"), ("technical-failure", "soft")],
)
def test_a_failure_is_a_bounce_and_who_waits_hears_of_it_once(
    council: Council, decision: OutboxMail, status: str, kind: str
) -> None:
    seen = [council.app.take_receipt(receipt(decision, status), council.at) for _ in range(3)]
    assert seen == [True, False, False]
    assert again(council, decision).bounced_at == council.at
    assert told(council) == [address("manager"), address("admin")]
    assert told(council) == [address("manager"), address("admin")]
    with council.app.read() as session:
        (row,) = session.scalars(select(Bounce)).all()
    assert (row.kind, row.status, row.mail_id, row.recipient) == (kind, status, decision.id, decision.to)
    assert row.said.startswith("GOV.UK Notify: ")


@pytest.mark.parametrize("status", ["delivered", "sending", "a-status-of-the-future"])
def test_what_is_no_failure_changes_nothing(council: Council, decision: OutboxMail, status: str) -> None:
    assert not council.app.take_receipt(receipt(decision, status), council.at)
    assert again(council, decision).bounced_at is None
    assert told(council) == []


def test_a_receipt_of_another_installation_marks_no_mail_of_ours(
    council: Council, decision: OutboxMail
) -> None:
    foreign = reference_of(decision.id or 0, "<somebody-elses@wrenfold.example>")
    for reference in (foreign, "", "999999-0123456789abcdef", "7"):
        other = Receipt(
            ID.replace("7", str(len(reference) % 10)), reference, "permanent-failure", decision.to
        )
        assert council.app.take_receipt(other, council.at)
    assert again(council, decision).bounced_at is None


def test_a_mail_sent_again_after_a_failure_is_not_marked_by_the_old_receipt(
    council: Council, decision: OutboxMail
) -> None:
    council.app.take_receipt(receipt(decision), council.at)
    assert decision.id is not None
    with council.app.write() as session:
        mail_log.retry(session, council.home, decision.id, council.later(hours=1), council.who("admin"))
    council.app.deliver(council.at)
    council.app.take_receipt(receipt(decision), council.at)
    assert again(council, decision).bounced_at is None
    council.app.take_receipt(receipt(decision, own=ID.replace("7", "8")), council.at)
    assert again(council, decision).bounced_at == council.at
