"""Mails that come back though the server took them: the reports are read, and an administrator looks into them."""

from __future__ import annotations

from functools import partial

from sqlmodel import Session

from vfm_workflow.domain.roles import Actor
from vfm_workflow.journeys import mail_log, undelivered
from vfm_workflow.mail.transports import Outgoing
from vfm_workflow.simulation import words
from vfm_workflow.simulation.errors import Broken
from vfm_workflow.simulation.life import Life
from vfm_workflow.simulation.relay import Arrival

BOUNCES, READ_TWICE, NAMES_NO_MAIL, AGAIN = 0.003, 0.1, 0.1, 0.3
"""Shares of mails that come back, of reports that are read twice, of those that name the mail by its envelope alone, and
of mails that an administrator sends again rather than deals with otherwise."""
KINDS = {("failed", "5.1.1"): 7, ("failed", "5.2.2"): 2, ("delayed", "4.4.1"): 2}
"""Action and status of a report, as often as it is given."""
REPORT = """\
From: MAILER-DAEMON@relay.council.example
To: vfm@council.example
Subject: Undelivered Mail Returned to Sender
Message-ID: <{number}@relay.council.example>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="cut"

--cut
Content-Type: text/plain

Your message could not be delivered.

--cut
Content-Type: message/delivery-status

Reporting-MTA: dns; relay.council.example
Original-Envelope-Id: {envelope}

Final-Recipient: rfc822; {to}
Action: {action}
Status: {status}
Diagnostic-Code: smtp; the mailbox cannot take it

--cut
Content-Type: text/rfc822-headers

{headers}Subject: What was sent

--cut--
"""


class Bouncing:
    """What comes back, and what is done about it."""

    def __init__(self, life: Life) -> None:
        self.life = life
        self._reports = 0

    def comes_back(self, arrival: Arrival, *, read: bool) -> bool:
        """Return whether a mail comes back, so that nobody reads it; its report comes within some hours.

        One to somebody who has left (not `read`) always does.
        """
        life = self.life
        if not life.faults or (read and not life.chance.happens(BOUNCES)):
            return False
        action, status = life.chance.weighted(KINDS) if read else ("failed", "5.1.1")
        data = self._report(arrival.mail, action, status)
        life.plan(life.now + life.chance.minutes(1, 600), partial(self._take, arrival.mail, data, status))
        return action != "delayed"

    def _report(self, mail: Outgoing, action: str, status: str) -> bytes:
        self._reports += 1
        alone = self.life.chance.happens(NAMES_NO_MAIL)
        headers = "" if alone else f"Message-ID: {mail.message_id}\n"
        said = REPORT.format(
            number=self._reports, envelope=mail.id, to=mail.to, action=action, status=status, headers=headers
        )
        return said.encode()

    def _take(self, mail: Outgoing, data: bytes, status: str) -> None:
        life = self.life
        for number in range(1 + life.chance.happens(READ_TWICE)):
            (taken,) = life.app.take_bounce(data, life.now)
            if taken.mail_id != mail.id:
                raise Broken(f"the report about mail {mail.id} was matched to {taken.mail_id}")
            if taken.new != (number == 0):
                raise Broken(f"the report about mail {mail.id} counted {number + 1} times")
        life.injected[f"mails that came back: {status}"] += 1
        if not status.startswith("4"):
            life.in_days(1, 9, partial(self._look_into, mail))

    def _look_into(self, mail: Outgoing) -> None:
        """An administrator sends it again, or says that it needs nothing more."""
        life, again = self.life, self.life.chance.happens(AGAIN)
        by = life.chance.one(life.of_role("administrator")).address
        note = words.text(life.chance, 6)

        def retry(session: Session, actor: Actor) -> object:
            return mail_log.retry(session, life.home, mail.id, life.now, actor)

        def deal(session: Session, actor: Actor) -> object:
            return undelivered.deal(session, life.home, mail.id, note, actor, life.now)

        if not again:
            life.act("undelivered mail dealt with", by, deal)
        elif life.act("undelivered mail sent again", by, retry, tries=0) is not None:
            life.relay.ask_again(mail.id)
