"""Mail by GOV.UK Notify: one request a mail, and a question that settles what became of it.

Each request carries a reference of ours. Where a request got no answer, or this program ended before it, Notify is asked
for that reference (`look_up`): so a mail goes once. What a refusal means is decided by its status and, where its
documentation says so, by its error type, never by its words:

- 201: Notify has it;
- 400: it will not take this mail, ever (`failed`);
- 403, 429 and any other refusal: the key, the clock, the limit or the way there is wrong, and not the mail (`retry`);
- 500 with Notify's own error: documented as not processed (`retry`);
- any other 5xx, or no answer once the request may have been read: nobody knows (`unknown`).

The client (`notifications-python-client`) is loaded only where it is used: it is the extra `notify`.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol, cast

from vfm_workflow.domain.texts import said as machine_words
from vfm_workflow.errors import BadInput, ConfigError, Problem
from vfm_workflow.mail.message import ascii_address
from vfm_workflow.mail.notify_text import parts_of, plain
from vfm_workflow.mail.transports import Answer, Outgoing, Transport

HOST = "https://api.notifications.service.gov.uk"
SECONDS = 30.0
"""The longest wait for a connection, and for the next piece of an answer."""
FIELDS = ("subject", "body")
"""What is sent to be filled into the template in Notify."""
KEPT = dt.timedelta(days=6)
"""Notify forgets a message after seven days: what was handed over longer ago it cannot speak of."""
BEFORE = dt.timedelta(minutes=5)
"""By so much a message may be older, by Notify's clock, than the moment at which it was handed over by ours."""
GIVEN_UP = ("permanent-failure", "temporary-failure", "technical-failure")

_UUID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_KEY = re.compile(rf"(?:.*-)?{_UUID}-{_UUID}", re.DOTALL)
UUID = re.compile(_UUID)


class Api(Protocol):
    """What is used of Notify's own client, which says no types."""

    def send_email_notification(self, **what: Any) -> Any: ...
    def get_all_notifications(self, *, template_type: str, reference: str) -> Any: ...
    def get_template(self, template_id: str) -> Any: ...


@dataclass
class Service:
    """One service in Notify: its key, and the template that mails go by."""

    key: str = field(repr=False)
    template: str
    host: str = HOST
    seconds: float = SECONDS
    _api: Any = field(default=None, init=False, repr=False)

    def __post_init__(self) -> None:
        """Raise ConfigError, without the key, where key or template are of no form that Notify gives out."""
        if not _KEY.fullmatch(self.key):
            what = "this is no key of GOV.UK Notify: it ends in two UUIDs."
            raise ConfigError(
                [Problem("VFM_NOTIFY_API_KEY", None, what, "Copy the whole key when you make it.")]
            )
        if not UUID.fullmatch(self.template):
            what = "this is no template's ID: it is a UUID."
            remedy = "In Notify, open the template and press “Copy template ID”."
            raise ConfigError([Problem("VFM_NOTIFY_TEMPLATE_ID", None, what, remedy)])

    def api(self) -> Api:
        """Return the client. Raises ConfigError where it is not installed."""
        if self._api is None:
            try:
                from notifications_python_client.notifications import NotificationsAPIClient
            except ImportError as error:
                what = "mail by GOV.UK Notify needs its client, which is not installed."
                remedy = "Install vfm-workflow[notify], or send by a relay."
                raise ConfigError([Problem("VFM_MAIL_URL", None, what, remedy)]) from error
            made = NotificationsAPIClient(self.key, base_url=self.host, timeout=self.seconds)  # type: ignore[no-untyped-call]  # says no types
            made.request_session.max_redirects = 0  # the key's token goes nowhere else
            made.request_session.auth = _as_it_is  # nor does a .netrc of the machine replace it
            self._api = made
        return cast(Api, self._api)

    def close(self) -> None:
        """Let go of its connections."""
        if self._api is not None:
            self._api.request_session.close()


def _as_it_is(request: Any) -> Any:
    return request


class NotifyTransport(Transport):
    """Sends each mail's text by one template of a service in Notify."""

    def __init__(self, service: Service, now: Callable[[], dt.datetime] | None = None) -> None:
        """`now` replaces the machine's clock."""
        self._service = service
        self._now = now or (lambda: dt.datetime.now(dt.UTC))

    def send(self, mail: Outgoing, before_data: Callable[[], None]) -> Answer:
        """Return what became of the message; see `Transport.send`."""
        subject, text, unsubscribe = parts_of(mail.data)
        try:
            to = ascii_address(mail.to)
        except BadInput as error:
            return Answer("failed", None, machine_words(str(error)))
        if not subject or not text:
            return Answer("failed", None, "the mail has no subject or no text that Notify could send")
        api = self._service.api()
        reference = reference_of(mail.id, mail.message_id)
        before_data()
        try:
            found = api.send_email_notification(
                email_address=to,
                template_id=self._service.template,
                personalisation={"subject": subject, "body": plain(text)},
                reference=reference,
                one_click_unsubscribe_url=unsubscribe or None,
            )
        except _api_error() as error:
            return _refusal(error)
        if not isinstance(found, dict) or found.get("reference") != reference or not _id(found):
            return Answer(
                "unknown", None, "the answer is not the one that Notify gives when it has a message"
            )
        return Answer("sent", 201, f"GOV.UK Notify has it as {_id(found)}")

    def look_up(self, mail: Outgoing, since: dt.datetime) -> Answer:
        """Return what Notify says of the message's reference; see `Transport.look_up`."""
        reference = reference_of(mail.id, mail.message_id)
        try:
            found = self._service.api().get_all_notifications(template_type="email", reference=reference)
        except _api_error() as error:
            return Answer("unknown", _status(error), f"Notify cannot be asked: {_said(error)}")
        rows = found.get("notifications") if isinstance(found, dict) else None
        if not isinstance(rows, list):
            return Answer("unknown", None, "Notify's answer is not a list of messages")
        hits = [
            row for row in rows if isinstance(row, dict) and row.get("reference") == reference and _id(row)
        ]
        newer = [row for row in hits if (made := _moment(row.get("created_at"))) and made >= since - BEFORE]
        if newer:
            return _found(max(newer, key=lambda row: str(row["created_at"])))
        if hits:
            return Answer("unknown", None, "Notify has this mail from an earlier time alone")
        if self._now() - since > KEPT:
            return Answer("unknown", None, "it was handed over longer ago than Notify remembers")
        return Answer("retry", None, "Notify never had it")

    def close(self) -> None:
        """Let go of the connection."""
        self._service.close()

    def describe(self) -> str:
        """Return the service's address in words."""
        return f"GOV.UK Notify ({self._service.host})"


def reference_of(mail_id: int, message_id: str) -> str:
    """Return what a mail is called at Notify: `{id}-{hash of its Message-ID}`, no personal information in it."""
    return f"{mail_id}-{hashlib.sha256(message_id.encode()).hexdigest()[:16]}"


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a template, and what to do about it."""

    what: str
    remedy: str


def template_problems(service: Service) -> list[Fault]:
    """Return what is wrong with the template in Notify; an empty list where mails can go by it."""
    try:
        found = service.api().get_template(service.template)
    except _api_error() as error:
        return [
            Fault(f"it cannot be read: {_said(error)}.", _CURES.get(_status(error) or 0, "Try again later."))
        ]
    if not isinstance(found, dict):
        return [Fault("what came back is no template.", "Look at the address in VFM_MAIL_URL.")]
    if found.get("type") != "email":
        kind = machine_words(str(found.get("type")))
        return [
            Fault(
                f"it is a template for “{kind}”.",
                "Make one for emails in Notify, and set VFM_NOTIFY_TEMPLATE_ID.",
            )
        ]
    return list(_placeholders(found))


_COPY = "Copy the template's ID in Notify, from the service that the key belongs to."
_CURES = {
    400: _COPY,
    403: "Make a key in Notify under “API integration”, set VFM_NOTIFY_API_KEY, and see that this machine's clock is right.",
    404: _COPY,
}
_PLACEHOLDER = re.compile(r"\(\(([^()]+)\)\)")


def _placeholders(template: dict[str, Any]) -> Iterator[Fault]:
    for name in FIELDS:
        there = [each.strip().lower() for each in _PLACEHOLDER.findall(str(template.get(name) or ""))]
        if name not in there:
            yield Fault(
                f"its {name} has no (({name})).", f"Write (({name})) into it, as _notify/{name}.txt has it."
            )
        for each in sorted({each for each in there if each not in FIELDS}):
            yield Fault(
                f"its {name} asks for (({machine_words(each)})), which is never sent.",
                "Take it out in Notify.",
            )


def _found(row: dict[str, Any]) -> Answer:
    status = row.get("status")
    said = f"Notify has it as {_id(row)}, {machine_words(str(status))}"
    return Answer("failed" if status in GIVEN_UP else "sent", None, said)


def _api_error() -> type[Exception]:
    from notifications_python_client.errors import APIError

    return APIError


def _status(error: Exception) -> int | None:
    """Return the status of a refusal, None where there was no answer."""
    response = getattr(error, "response", None)
    return response.status_code if response is not None else None


def _errors(error: Exception) -> list[dict[str, Any]]:
    said = getattr(error, "message", None)
    return [each for each in said if isinstance(each, dict)] if isinstance(said, list) else []


def _said(error: Exception) -> str:
    """Return the words of a refusal, or why there was no answer."""
    status = _status(error)
    if status is None:
        return machine_words(f"no answer ({type(error.__cause__ or error).__name__})")
    words = "; ".join(f"{each.get('error')}: {each.get('message')}" for each in _errors(error))
    return machine_words(f"{status} {words}")


def _refusal(error: Exception) -> Answer:
    """Return the answer for a request that was not taken, or of which nobody knows."""
    status = _status(error)
    if status is None:
        began = "" if _never_sent(error) else " after the message was handed over"
        return Answer("unknown" if began else "retry", None, f"Notify: {_said(error)}{began}")
    if status == 400:
        return Answer("failed", status, _said(error))
    if status < 300 or (status >= 500 and not (status == 500 and _errors(error))):
        return Answer("unknown", status, _said(error))
    return Answer("retry", status, _said(error))


def _never_sent(error: Exception) -> bool:
    """Return whether a failed request cannot have been read: no connection was made, or its certificate not trusted."""
    import ssl

    from urllib3 import exceptions

    before = (
        exceptions.NewConnectionError,
        exceptions.ConnectTimeoutError,
        exceptions.ProxyError,
        ssl.SSLCertVerificationError,
    )
    return any(isinstance(each, before) for each in _reasons(error))


def _reasons(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and what it was raised from or about, each once."""
    waiting, seen = [error], set[int]()
    while waiting:
        each = waiting.pop()
        if id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        more = [each.__cause__, each.__context__, getattr(each, "reason", None), *each.args]
        waiting += [one for one in more if isinstance(one, BaseException)]


def _id(row: dict[str, Any]) -> str:
    found = row.get("id")
    return found if isinstance(found, str) and UUID.fullmatch(found) else ""


def _moment(text: object) -> dt.datetime | None:
    try:
        found = dt.datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return found.replace(tzinfo=dt.UTC) if found is not None and found.tzinfo is None else found
