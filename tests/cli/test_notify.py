"""`vfm mail notify-check`, and what `vfm check` says of mail by GOV.UK Notify or with tokens."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from tests.cli.conftest import Vfm
from tests.mail.notify_server import KEY, OTHER_KEY, SECRET, TEMPLATE, Notify, notify_server


@pytest.fixture
def notify() -> Iterator[Notify]:
    with notify_server() as found:
        yield found


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def by(vfm: Vfm, notify: Notify, **changed: str) -> Vfm:
    """Return the command line of a council that sends by Notify."""
    said = {
        "VFM_MAIL_URL": f"notify://127.0.0.1:{notify.port}",
        "VFM_NOTIFY_API_KEY": KEY,
        "VFM_NOTIFY_TEMPLATE_ID": TEMPLATE,
    }
    return Vfm({**vfm.env, **said, **changed})


def test_a_template_that_fits_is_well(vfm: Vfm, notify: Notify) -> None:
    assert "all well" in by(vfm, notify).run("mail", "notify-check").stdout
    assert by(vfm, notify).json("mail", "notify-check") == {
        "template": TEMPLATE,
        "well": True,
        "placeholders": ["subject", "body"],
    }


def test_a_template_that_does_not_fit_is_refused_with_the_cure(vfm: Vfm, notify: Notify) -> None:
    notify.template |= {"subject": "VfM", "body": "((body)) ((name))"}
    done = by(vfm, notify).run("mail", "notify-check", code=1)
    said = " ".join(done.stderr.split())
    assert "its subject has no ((subject)). Write ((subject)) into it" in said
    assert "its body asks for ((name)), which is never sent. Take it out in Notify." in said


def test_a_wrong_key_is_said_so_and_not_shown(vfm: Vfm, notify: Notify) -> None:
    done = by(vfm, notify, VFM_NOTIFY_API_KEY=OTHER_KEY).run("mail", "notify-check", code=1)
    assert "set VFM_NOTIFY_API_KEY" in " ".join(done.stderr.split())
    assert "0000-4000" not in done.output
    assert SECRET not in done.output


def test_it_is_for_a_council_that_sends_by_notify(vfm: Vfm) -> None:
    assert "VFM_MAIL_URL" in vfm.run("mail", "notify-check", code=1).stderr


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"VFM_MAIL_URL": "notify://"}, ["VFM_NOTIFY_API_KEY", "VFM_NOTIFY_TEMPLATE_ID"]),
        ({"VFM_MAIL_URL": "smtp://relay.example?auth=xoauth2"}, ["VFM_MAIL_URL"]),
        (
            {"VFM_MAIL_URL": "smtp://vfm%40x.example@relay.example?auth=xoauth2"},
            ["VFM_SMTP_TOKEN_URL", "VFM_SMTP_CLIENT_ID", "VFM_SMTP_CLIENT_SECRET"],
        ),
        ({"VFM_SMTP_TOKEN_URL": "http://sign-in.example/token"}, ["VFM_SMTP_TOKEN_URL"]),
        ({"VFM_NOTIFY_CALLBACK_TOKEN": "short"}, ["VFM_NOTIFY_CALLBACK_TOKEN"]),
    ],
)
def test_check_names_each_setting_that_mail_lacks(
    vfm: Vfm, settings: dict[str, str], named: list[str]
) -> None:
    problems = Vfm({**vfm.env, **settings}).json("check", code=1)
    assert [problem["file"] for problem in problems["problems"]] == named


def test_mail_that_cannot_leave_stops_the_start(vfm: Vfm) -> None:
    without_key = Vfm({**vfm.env, "VFM_MAIL_URL": "notify://"})
    for command in (("serve", "--port", free_port()), ("worker",)):
        assert "VFM_NOTIFY_API_KEY" in without_key.run(*command, code=1).stderr
