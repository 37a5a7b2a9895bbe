"""Mail by GOV.UK Notify: its own client against a server that speaks its API, over real sockets."""

from __future__ import annotations

import datetime as dt
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.mail.notify_server import KEY, OTHER_KEY, SECRET, TEMPLATE, Notify, error, notify_server
from tests.mail.test_smtp import Post, Script, server_context
from vfm_workflow.errors import ConfigError
from vfm_workflow.folders import shipped
from vfm_workflow.mail.message import DigestList, Mailbox, build
from vfm_workflow.mail.notify import (
    FIELDS,
    HOST,
    KEPT,
    NotifyTransport,
    Service,
    reference_of,
    template_problems,
)
from vfm_workflow.mail.transports import Answer, Outgoing, from_url, notify_service
from vfm_workflow.settings import Settings

LINK = "https://vfm.wrenfold.example/d/abc_DEF-123"
TEXT = f"Please decide on “£1.2m – parks”.\n\nRead and decide:\n{LINK}\n\n--\nYou get this mail because you are on the board.\n"
NOW = dt.datetime.now(dt.UTC)


def a_mail(number: int = 7, text: str = TEXT, digest: DigestList | None = None, **changed: Any) -> Outgoing:
    message_id = f"<{number}@wrenfold.example>"
    data = build(
        message_id=message_id,
        date=NOW,
        sender=Mailbox("Value for Money", "vfm@wrenfold.example"),
        to=Mailbox("", "place@wrenfold.example"),
        subject="Decide by Friday: the parks’ depot",
        text=text,
        html="<p>Not sent by Notify</p>",
        digest=digest,
    )
    given = {"sender": "vfm@wrenfold.example", "to": "place@wrenfold.example", "data": data, **changed}
    return Outgoing(number, message_id, **given)


class Phase:
    """Stands for the commit before the request, and counts it."""

    def __init__(self) -> None:
        self.committed = 0

    def __call__(self) -> None:
        self.committed += 1


@pytest.fixture
def notify() -> Iterator[Notify]:
    with notify_server() as found:
        yield found


Make = Callable[..., NotifyTransport]


@pytest.fixture
def transport(notify: Notify) -> Iterator[Make]:
    made: list[NotifyTransport] = []

    def make(service: Service | None = None, **options: Any) -> NotifyTransport:
        made.append(NotifyTransport(service or notify.service(), **options))
        return made[-1]

    yield make
    for each in made:
        each.close()


# ------------------------------------------------------------------ sending


def test_the_text_of_a_mail_goes_by_the_template_with_our_reference(notify: Notify, transport: Make) -> None:
    phase = Phase()
    answer = transport().send(a_mail(), phase)
    (row,) = notify.taken
    assert answer == Answer("sent", 201, f"GOV.UK Notify has it as {row['id']}")
    assert phase.committed == 1
    asked = row["asked"]
    assert (asked["email_address"], asked["template_id"]) == ("place@wrenfold.example", TEMPLATE)
    assert asked["reference"] == reference_of(7, "<7@wrenfold.example>")
    assert asked["personalisation"]["subject"] == "Decide by Friday: the parks’ depot"
    assert f"Read and decide:\n{LINK}\n" in asked["personalisation"]["body"]
    assert "Not sent by Notify" not in asked["personalisation"]["body"]
    assert "one_click_unsubscribe_url" not in asked


def test_a_digest_carries_its_unsubscribing_address(notify: Notify, transport: Make) -> None:
    digest = DigestList("digest.wrenfold.example", "https://vfm.wrenfold.example/u/x")
    transport().send(a_mail(digest=digest), Phase())
    assert notify.taken[0]["asked"]["one_click_unsubscribe_url"] == "https://vfm.wrenfold.example/u/x"


def test_the_phase_is_committed_before_anything_is_asked(notify: Notify, transport: Make) -> None:
    seen: list[int] = []
    transport().send(a_mail(), lambda: seen.append(len(notify.requests)))
    assert seen == [0]


def test_a_commit_that_fails_sends_nothing(notify: Notify, transport: Make) -> None:
    def fail() -> None:
        raise RuntimeError("the database is gone")

    with pytest.raises(RuntimeError, match="the database is gone"):
        transport().send(a_mail(), fail)
    assert notify.requests == []


@pytest.mark.parametrize(
    ("refusal", "outcome", "said"),
    [
        (error(400, "ValidationError", "email_address Not a valid email address"), "failed", "Not a valid"),
        (error(400, "BadRequestError", "Can’t send to this recipient"), "failed", "BadRequestError"),
        (error(403, "AuthError", "Invalid token: API key not found"), "retry", "AuthError"),
        (error(403, "BadRequestError", "Your system clock must be accurate"), "retry", "clock"),
        (error(404, "NotFound", "not found"), "retry", "404"),
        (error(429, "RateLimitError", "Exceeded rate limit for key type"), "retry", "RateLimitError"),
        (error(429, "TooManyRequestsError", "Exceeded send limits (50) for today"), "retry", "TooMany"),
        (error(500, "Exception", "Internal server error"), "retry", "Internal server error"),
        (error(503, "Exception", "Service unavailable"), "unknown", "503"),
    ],
    ids=lambda value: str(value[0]) if isinstance(value, tuple) else "",
)
def test_a_refusal_is_told_apart_by_its_status(
    notify: Notify, transport: Make, refusal: Any, outcome: str, said: str
) -> None:
    notify.refuse = refusal
    answer = transport().send(a_mail(), Phase())
    assert (answer.outcome, answer.code) == (outcome, refusal[0])
    assert said in answer.text


@pytest.mark.parametrize(
    ("raw", "outcome"),
    [
        ((201, b"<html>"), "unknown"),
        ((201, b"[]"), "unknown"),
        ((201, b"{}"), "unknown"),
        ((200, b'{"id": "1", "reference": "another"}'), "unknown"),
        ((302, b""), "retry"),
        ((400, b"<html>"), "failed"),
        ((500, b"<html>A proxy's own page</html>"), "unknown"),
        ((502, b""), "unknown"),
        ((504, b"[1]"), "unknown"),
    ],
    ids=str,
)
def test_an_answer_that_notify_does_not_give_is_never_taken_for_one(
    notify: Notify, transport: Make, raw: tuple[int, bytes], outcome: str
) -> None:
    notify.raw = raw
    assert transport().send(a_mail(), Phase()).outcome == outcome
    assert "GET /elsewhere" not in notify.requests


def test_the_wrong_key_keeps_the_mail_and_is_not_shown(notify: Notify, transport: Make) -> None:
    sending = transport(notify.service(key=OTHER_KEY))
    answer = sending.send(a_mail(), Phase())
    assert (answer.outcome, answer.code) == ("retry", 403)
    assert "Invalid token: API key not found" in answer.text
    shown = f"{answer!r} {sending.describe()} {sending._service!r}"
    assert "00000000-0000" not in shown
    assert SECRET not in shown


def test_a_clock_that_is_wrong_keeps_the_mail(notify: Notify, transport: Make) -> None:
    notify.skew_seconds = 90
    answer = transport().send(a_mail(), Phase())
    assert (answer.outcome, "clock" in answer.text) == ("retry", True)


def test_a_netrc_of_the_machine_does_not_replace_the_key(
    notify: Notify, transport: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login somebody password else\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    assert transport().send(a_mail(), Phase()).outcome == "sent"


def test_nobody_listening_is_tried_again(transport: Make) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        host = f"http://127.0.0.1:{free.getsockname()[1]}"
    answer = transport(Service(KEY, TEMPLATE, host, 5.0)).send(a_mail(), Phase())
    assert (answer.outcome, answer.code) == ("retry", None)
    assert "no answer (ConnectionError)" in answer.text


def test_a_certificate_nobody_trusts_is_tried_again(transport: Make) -> None:
    relay = Post(Script(), ssl_context=server_context())
    relay.start()
    answer = transport(Service(KEY, TEMPLATE, f"https://localhost:{relay.port}", 5.0)).send(a_mail(), Phase())
    relay.stop()
    assert (answer.outcome, answer.code) == ("retry", None)
    assert "SSLError" in answer.text


@pytest.mark.parametrize("to", ["a@x.example, e@e.example", "nobody", "a@x.example\n"])
def test_an_address_that_is_none_fails_for_good(notify: Notify, transport: Make, to: str) -> None:
    phase = Phase()
    assert transport().send(a_mail(to=to), phase).outcome == "failed"
    assert (phase.committed, notify.requests) == (0, [])


def test_a_mail_without_a_text_fails_for_good(notify: Notify, transport: Make) -> None:
    answer = transport().send(
        a_mail(data=b"Subject: Hello\r\nContent-Type: text/html\r\n\r\n<p>Hi</p>"), Phase()
    )
    assert (answer.outcome, notify.requests) == ("failed", [])


def test_a_transport_can_be_used_again_once_closed(notify: Notify, transport: Make) -> None:
    sending = transport()
    for number in (1, 2):
        assert sending.send(a_mail(number), Phase()).outcome == "sent"
        sending.close()


# ------------------------------------------------------------------ in doubt


@pytest.mark.parametrize("how", ["hang up", "hold", "502"])
def test_a_request_without_an_answer_leaves_it_unknown_and_notify_can_be_asked(
    notify: Notify, transport: Make, how: str
) -> None:
    notify.take_and = how
    sending = transport(notify.service(seconds=0.2 if how == "hold" else 5.0))
    answer = sending.send(a_mail(), Phase())
    assert answer.outcome == "unknown"
    found = sending.look_up(a_mail(), dt.datetime.now(dt.UTC))
    (row,) = notify.taken
    assert (found.outcome, found.text) == ("sent", f"Notify has it as {row['id']}, created")


def test_what_never_reached_notify_is_said_so(notify: Notify, transport: Make) -> None:
    transport().send(a_mail(8), Phase())
    assert transport().look_up(a_mail(7), NOW).outcome == "retry"


@pytest.mark.parametrize("status", ["permanent-failure", "temporary-failure", "technical-failure"])
def test_what_notify_has_given_up_is_said_so(notify: Notify, transport: Make, status: str) -> None:
    transport().send(a_mail(), Phase())
    notify.become(status)
    found = transport().look_up(a_mail(), NOW)
    assert (found.outcome, status in found.text) == ("failed", True)


@pytest.mark.parametrize("status", ["created", "sending", "delivered", "a status of the future"])
def test_what_notify_has_is_sent(notify: Notify, transport: Make, status: str) -> None:
    transport().send(a_mail(), Phase())
    notify.become(status)
    assert transport().look_up(a_mail(), NOW).outcome == "sent"


def test_a_mail_of_an_earlier_time_says_nothing_of_this_one(notify: Notify, transport: Make) -> None:
    notify.created_at = NOW - dt.timedelta(hours=3)
    transport().send(a_mail(), Phase())
    notify.become("permanent-failure")
    assert transport().look_up(a_mail(), NOW).outcome == "unknown"
    notify.created_at = None
    transport().send(a_mail(), Phase())
    assert transport().look_up(a_mail(), NOW).outcome == "sent"


def test_what_notify_no_longer_remembers_it_cannot_speak_of(notify: Notify, transport: Make) -> None:
    sending = transport(now=lambda: NOW + KEPT + dt.timedelta(minutes=1))
    assert sending.look_up(a_mail(), NOW).outcome == "unknown"


def test_a_notify_that_does_not_answer_or_refuses_the_key_cannot_say(notify: Notify, transport: Make) -> None:
    assert transport(notify.service(key=OTHER_KEY)).look_up(a_mail(), NOW).outcome == "unknown"
    for raw in ((200, b"<html>"), (200, b"[]"), (200, b'{"notifications": {}}'), (503, b"")):
        notify.raw = raw
        assert transport().look_up(a_mail(), NOW).outcome == "unknown"


# ------------------------------------------------------------------ the template


def test_the_texts_that_ship_are_a_template_that_fits(notify: Notify) -> None:
    folder = shipped() / "notifications" / "_notify"
    assert sorted(path.stem for path in folder.iterdir()) == sorted(FIELDS)
    for name in FIELDS:
        notify.template[name] = (folder / f"{name}.txt").read_text(encoding="utf-8")
    service = notify.service()
    assert template_problems(service) == []
    service.close()


@pytest.mark.parametrize(
    ("template", "what", "remedy"),
    [
        ({"subject": "A decision"}, "its subject has no ((subject)).", "Write ((subject)) into it"),
        ({"body": "Dear all"}, "its body has no ((body)).", "Write ((body)) into it"),
        ({"body": "Dear ((name)), ((body))"}, "its body asks for ((name)), which is never", "Take it out"),
        ({"body": "((body)) ((urgent??Now!))"}, "its body asks for ((urgent??now!))", "Take it out"),
        ({"type": "sms"}, "it is a template for “sms”.", "Make one for emails"),
    ],
)
def test_a_template_that_does_not_fit_is_named_with_its_cure(
    notify: Notify, template: dict[str, Any], what: str, remedy: str
) -> None:
    notify.template |= template
    service = notify.service()
    (problem,) = template_problems(service)
    service.close()
    assert what in problem.what
    assert remedy in problem.remedy


def test_placeholders_are_compared_as_notify_does(notify: Notify) -> None:
    notify.template |= {"subject": "VfM: (( Subject ))", "body": "((BODY))\n\nWrenfold"}
    service = notify.service()
    assert template_problems(service) == []
    service.close()


@pytest.mark.parametrize(
    ("options", "remedy"),
    [
        ({"key": OTHER_KEY}, "set VFM_NOTIFY_API_KEY"),
        ({"template": "00000000-0000-4000-8000-000000000000"}, "Copy the template's ID"),
    ],
)
def test_a_template_that_cannot_be_read_says_what_to_do(
    notify: Notify, options: dict[str, Any], remedy: str
) -> None:
    service = notify.service(**options)
    (problem,) = template_problems(service)
    service.close()
    assert remedy in problem.remedy


# ------------------------------------------------------------------ the address


def test_the_address_names_notify_itself_or_a_stand_in(tmp_path: Path) -> None:
    settings = Settings(notify_api_key=KEY, notify_template_id=TEMPLATE)
    assert from_url("notify://", tmp_path, settings).describe() == f"GOV.UK Notify ({HOST})"
    for url, host in (
        ("notify://127.0.0.1:6011", "http://127.0.0.1:6011"),
        ("notify://[::1]:6011", "http://[::1]:6011"),
        ("notify://notify.example", "https://notify.example"),
    ):
        assert notify_service(url, settings).host == host


@pytest.mark.parametrize(
    ("url", "said"),
    [
        (f"notify://{KEY}@", "takes nothing behind it"),
        ("notify:///key", "takes nothing behind it"),
        ("notify://?key=hunter2", "takes nothing behind it"),
        ("notify://host:port", "malformed"),
    ],
)
def test_a_bad_address_is_refused_and_no_key_in_it_is_shown(tmp_path: Path, url: str, said: str) -> None:
    with pytest.raises(ConfigError) as refused:
        from_url(url, tmp_path, Settings(notify_api_key=KEY, notify_template_id=TEMPLATE))
    (problem,) = refused.value.problems
    assert problem.file == "VFM_MAIL_URL"
    assert said in problem.what
    assert SECRET not in str(refused.value)
    assert "hunter2" not in str(refused.value)


def test_each_setting_that_is_missing_or_of_no_form_is_named(tmp_path: Path) -> None:
    for given, named in (
        ({}, ["VFM_NOTIFY_API_KEY", "VFM_NOTIFY_TEMPLATE_ID"]),
        ({"notify_api_key": f"x{SECRET}", "notify_template_id": TEMPLATE}, ["VFM_NOTIFY_API_KEY"]),
        ({"notify_api_key": KEY, "notify_template_id": "vfm"}, ["VFM_NOTIFY_TEMPLATE_ID"]),
    ):
        with pytest.raises(ConfigError) as refused:
            from_url("notify://", tmp_path, Settings.model_validate(given))
        assert [problem.file for problem in refused.value.problems] == named
        assert SECRET not in str(refused.value)
