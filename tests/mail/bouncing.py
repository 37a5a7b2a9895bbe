"""Reports as mail servers write them, for a mail with a given Message-ID and ENVID."""

from __future__ import annotations

POSTFIX = """\
Return-Path: <>
From: MAILER-DAEMON@relay.wrenfold.example (Mail Delivery System)
Subject: Undelivered Mail Returned to Sender
To: vfm@wrenfold.example
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="cut"
Message-Id: <20261123.{number}@relay.wrenfold.example>

This is a MIME-encapsulated message.

--cut
Content-Description: Notification
Content-Type: text/plain; charset=us-ascii

I'm sorry to have to inform you that your message could not be delivered.

--cut
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; relay.wrenfold.example
{envelope}X-Postfix-Queue-ID: 4F1D22BC

Final-Recipient: rfc822; {to}
Original-Recipient: rfc822;{to}
Action: {action}
Status: {status}
Remote-MTA: dns; mx.wrenfold.example
Diagnostic-Code: smtp; {said}

--cut
Content-Description: Undelivered Message Headers
Content-Type: text/rfc822-headers

{returned}Subject: What we sent

--cut--
"""

EXIM = """\
Return-path: <>
X-Failed-Recipients: {to}
Auto-Submitted: auto-replied
From: Mail Delivery System <Mailer-Daemon@relay.wrenfold.example>
To: vfm@wrenfold.example
References: {message_id}
Subject: Mail delivery failed: returning message to sender
Message-Id: <E1-{number}@relay.wrenfold.example>

This message was created automatically by mail delivery software.

A message that you sent could not be delivered to one or more of its recipients:

  {to}
    host mx.wrenfold.example [192.0.2.25]
    SMTP error from remote mail server after RCPT TO:<{to}>:
    550 5.1.1 <{to}>: no such mailbox here
"""

AWAY = """\
From: Director of Place <place@wrenfold.example>
To: vfm@wrenfold.example
Subject: Automatic reply: A decision is asked for
Auto-Submitted: auto-replied
In-Reply-To: {message_id}
References: {message_id}
Message-Id: <away-{number}@wrenfold.example>

I am away until Monday.
"""


def postfix(
    message_id: str = "",
    *,
    to: str = "place@wrenfold.example",
    envelope: str = "",
    action: str = "failed",
    status: str = "5.1.1",
    said: str = "550 5.1.1 no such mailbox here",
    number: int = 1,
) -> bytes:
    """Return a report as Postfix writes it; without `message_id` it returns no headers that name the mail."""
    return POSTFIX.format(
        to=to,
        envelope=f"Original-Envelope-Id: {envelope}\n" if envelope else "",
        action=action,
        status=status,
        said=said,
        returned=f"Message-ID: {message_id}\n" if message_id else "",
        number=number,
    ).encode()


def exim(message_id: str, to: str = "place@wrenfold.example", number: int = 1) -> bytes:
    """Return a report as Exim writes it: text, and no standard part."""
    return EXIM.format(message_id=message_id, to=to, number=number).encode()


def away(message_id: str, number: int = 1) -> bytes:
    """Return somebody's automatic reply."""
    return AWAY.format(message_id=message_id, number=number).encode()
