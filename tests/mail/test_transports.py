"""Which transport an address names, and the one that writes to a folder."""

from __future__ import annotations

import datetime as dt
import errno
import os
from pathlib import Path
from typing import Any

import pytest

from vfm_workflow.errors import ConfigError
from vfm_workflow.mail.folder import FolderTransport, file_name
from vfm_workflow.mail.smtp import SmtpTransport
from vfm_workflow.mail.transports import ACCEPTED, Outgoing, Relay, check, from_url, relay_of

MAIL = Outgoing(
    7,
    "<7@wrenfold.example>",
    "vfm@wrenfold.example",
    "chief@wrenfold.example",
    b"Subject: Hello\r\n\r\nHi\r\n",
)


MOMENT = dt.datetime(2026, 3, 2, 9, 0, tzinfo=dt.UTC)


def nothing() -> None:
    """Stand for a commit that has nothing to do."""


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("folder:$VFM_DATA/mail", "mail"),
        ("folder:${VFM_DATA}/mail", "mail"),
        ("folder:", "mail"),
        ("folder:post/out", "post/out"),
    ],
)
def test_a_folder_is_within_the_data_folder(tmp_path: Path, url: str, expected: str) -> None:
    assert from_url(url, tmp_path).describe() == f"the folder {tmp_path / expected}"


@pytest.mark.parametrize("url", ["folder:{}/elsewhere", "folder://{}/elsewhere"])
def test_a_folder_may_be_anywhere_by_its_full_path(tmp_path: Path, url: str) -> None:
    assert (
        from_url(url.format(tmp_path), tmp_path / "var").describe() == f"the folder {tmp_path / 'elsewhere'}"
    )


@pytest.mark.parametrize(
    ("url", "relay"),
    [
        ("smtp://mail.example", Relay("mail.example", 587, "starttls")),
        ("smtp://mail.example:25?tls=starttls", Relay("mail.example", 25, "starttls")),
        ("smtp://127.0.0.1:2525?tls=none", Relay("127.0.0.1", 2525, "none")),
        ("smtp://localhost", Relay("localhost", 25, "none")),
        ("smtp://[::1]:2525", Relay("::1", 2525, "none")),
        ("smtp://localhost?tls=starttls", Relay("localhost", 587, "starttls")),
        ("smtps://mail.example", Relay("mail.example", 465, "implicit")),
        (
            "smtps://v%40x:p%40ss%3Aword@mail.example:4650",
            Relay("mail.example", 4650, "implicit", "v@x", "p@ss:word"),
        ),
    ],
)
def test_an_smtp_address_says_host_port_encryption_and_sign_in(url: str, relay: Relay) -> None:
    assert relay_of(url) == relay


def test_off_this_machine_mail_is_encrypted_unless_nobody_says_so(tmp_path: Path) -> None:
    transport = from_url("smtp://vfm:hunter2@mail.example", tmp_path)
    assert isinstance(transport, SmtpTransport)
    assert transport.describe() == "the SMTP relay mail.example:587, encrypted with STARTTLS, as vfm"


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("smtp://mail.example?tls=none", "for anyone on the way to read"),
        ("smtp://user:hunter2@10.0.0.5:25?tls=none", "for anyone on the way to read"),
        ("smtp://mail.example?tls=maybe", "tls=maybe is not known"),
        ("smtp://mail.example?tls=none&tls=starttls", "tls=none,starttls is not known"),
        ("smtp://mail.example?verify=no", "`verify` is no option"),
        ("smtps://mail.example?tls=starttls", "always encrypted"),
        ("smtp://mail.example:port", "malformed"),
        ("smtp://user:hunter2/x@mail.example:25", "malformed"),
        ("smtp://mail.example:99999", "malformed"),
        ("smtp://[::1", "malformed"),
        ("smtp:mail.example", "has no host"),
        ("smtp://mail.example/inbox", "goes on after its port"),
        ("smtp://:hunter2@mail.example", "a password without a user"),
        ("notify://key", "comes with a later release"),
        ("pigeon://loft", "“pigeon:” is no way to send mail"),
        ("", "no way to send mail is given"),
        ("folder://server/share", "is no folder"),
    ],
)
def test_a_bad_address_is_refused_by_the_settings_name_with_what_is_accepted(
    tmp_path: Path, url: str, said: str
) -> None:
    with pytest.raises(ConfigError) as refused:
        from_url(url, tmp_path)
    (problem,) = refused.value.problems
    assert (problem.file, problem.remedy) == ("VFM_MAIL_URL", ACCEPTED)
    assert said in problem.what
    assert "hunter2" not in str(refused.value)
    assert refused.value.__cause__ is None


def test_a_mail_in_the_folder_is_the_bytes_it_was_given(tmp_path: Path) -> None:
    transport = FolderTransport(tmp_path / "new" / "mail")
    answer = transport.send(MAIL, nothing)
    file = tmp_path / "new" / "mail" / file_name(MAIL)
    assert (answer.outcome, answer.text) == ("sent", f"written to {file.name}")
    assert file.read_bytes() == MAIL.data
    assert file.name.startswith("7-")
    transport.close()


def test_the_folder_can_be_asked_whether_it_has_a_mail(tmp_path: Path) -> None:
    transport = FolderTransport(tmp_path / "mail")
    assert transport.look_up(MAIL, MOMENT).outcome == "retry"
    (tmp_path / "mail").mkdir()
    (tmp_path / "mail" / f".{file_name(MAIL)}.4711").write_bytes(MAIL.data[:9])  # whoever wrote it was killed
    assert transport.look_up(MAIL, MOMENT).outcome == "retry"
    assert list((tmp_path / "mail").iterdir()) == []
    transport.send(MAIL, nothing)
    found = transport.look_up(MAIL, MOMENT)
    assert (found.outcome, found.text) == ("sent", f"{file_name(MAIL)} was written")
    (tmp_path / "file").write_text("in the way")
    assert FolderTransport(tmp_path / "file").look_up(MAIL, MOMENT).outcome == "unknown"


def test_the_log_of_a_postfix_is_part_of_its_address(tmp_path: Path) -> None:
    relay = relay_of("smtp://127.0.0.1:25?tls=none&log=/var/log/mail.log")
    assert (relay.tls, relay.log) == ("none", Path("/var/log/mail.log"))
    assert relay_of("smtps://mail.example?log=/var/log/mail.log").log == Path("/var/log/mail.log")
    assert relay_of("smtp://mail.example").log is None
    for bad in ("mail.log", "", "/a&log=/b"):
        with pytest.raises(ConfigError, match="is no absolute path of a file"):
            relay_of(f"smtp://127.0.0.1?log={bad}")


def test_a_log_that_cannot_be_read_is_named_by_the_check_and_does_not_stop_the_mail(tmp_path: Path) -> None:
    url = f"smtp://127.0.0.1:25?log={tmp_path}/mail.log"
    with pytest.raises(ConfigError, match="cannot be read: No such file or directory"):
        check(url, tmp_path)
    from_url(url, tmp_path).close()
    (tmp_path / "mail.log").touch()
    check(url, tmp_path)
    check("folder:mail", tmp_path)


def test_the_same_mail_twice_is_one_file_and_another_mail_is_another(tmp_path: Path) -> None:
    transport = FolderTransport(tmp_path)
    for mail in (MAIL, MAIL, Outgoing(7, "<other@x.example>", MAIL.sender, MAIL.to, b"Other\r\n")):
        assert transport.send(mail, nothing).outcome == "sent"
    assert len(list(tmp_path.iterdir())) == 2


def test_the_phase_is_committed_before_the_file_is_there(tmp_path: Path) -> None:
    there: list[bool] = []
    FolderTransport(tmp_path).send(MAIL, lambda: there.append((tmp_path / file_name(MAIL)).exists()))
    assert there == [False]


def test_a_commit_that_fails_writes_nothing(tmp_path: Path) -> None:
    def fail() -> None:
        raise RuntimeError("the database is gone")

    with pytest.raises(RuntimeError, match="the database is gone"):
        FolderTransport(tmp_path).send(MAIL, fail)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("failing", ["fsync", "replace"])
def test_a_full_disk_keeps_the_mail_for_later_and_leaves_no_half_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, failing, full)
        answer = FolderTransport(tmp_path).send(MAIL, nothing)
    assert answer.outcome == "retry"
    assert "No space left on device" in answer.text
    assert list(tmp_path.iterdir()) == []
    assert FolderTransport(tmp_path).send(MAIL, nothing).outcome == "sent"


def test_a_folder_that_is_a_file_is_said_so_before_anything_is_committed(tmp_path: Path) -> None:
    (tmp_path / "mail").write_text("in the way")
    committed: list[int] = []
    answer = FolderTransport(tmp_path / "mail").send(MAIL, lambda: committed.append(1))
    assert (answer.outcome, committed) == ("retry", [])
    assert "File exists" in answer.text
