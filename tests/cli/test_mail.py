"""The delivery log: listed, opened, and another try for what failed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sqlalchemy import update
from sqlmodel import col

from tests.cli.conftest import Vfm
from tests.mail.bouncing import away, exim, postfix
from tests.people import Council
from vfm_workflow.errors import NotAllowed, NotFound
from vfm_workflow.journeys import mail_log
from vfm_workflow.store import mail_log as store
from vfm_workflow.store.tables import OutboxMail


@pytest.fixture
def asked(council: Council) -> Council:
    """A council whose CMT is asked to decide: five mails wait."""
    council.outline_ready(council.create())
    council.do("VFM-0001", "submit_outline")
    return council


def settle(council: Council, mail_id: int, state: str) -> None:
    with council.app.write() as session:
        session.execute(
            update(OutboxMail).where(col(OutboxMail.id) == mail_id).values(state=state, settled_at=council.at)
        )


def test_the_log_is_newest_first_and_by_state(vfm: Vfm, asked: Council) -> None:
    settle(asked, 2, "failed")
    listed = vfm.json("mail", "list")
    assert [row["id"] for row in listed] == [5, 4, 3, 2, 1]
    assert listed[0]["reference"] == "VFM-0001"
    assert [row["id"] for row in vfm.json("mail", "list", "--state", "failed")] == [2]
    assert [row["id"] for row in vfm.json("mail", "list", "--search", "chief@")] == [listed[-1]["id"]]


def test_a_long_log_says_that_there_is_more(vfm: Vfm, asked: Council) -> None:
    done = vfm.run("mail", "list", "--limit", "2", "--json")
    assert len(json.loads(done.stdout)) == 2
    assert "2 of 5 mails" in done.stderr
    assert len(vfm.json("mail", "list", "--limit", "0")) == 5
    assert "No mail." in vfm.run("mail", "list", "--state", "failed").stderr


def test_a_state_that_does_not_exist_is_being_used_wrongly(vfm: Vfm) -> None:
    assert "waiting" in vfm.run("mail", "list", "--state", "lost", code=2).stderr


def test_the_states_of_the_option_are_those_of_the_log() -> None:
    from typing import get_args

    from vfm_workflow.cli.mail import State

    assert get_args(State) == (*store.STATES, store.UNDELIVERED)


def test_a_mail_is_opened_with_headers_text_and_what_the_server_said(vfm: Vfm, asked: Council) -> None:
    vfm.run("deliver", "--at", "2026-03-02T09:00")
    shown = vfm.json("mail", "show", "1")
    assert shown["state"] == "sent"
    assert dict(shown["headers"])["To"].endswith("<chief@wrenfold.example>")
    assert f"{asked.home.base_url}/d/" in shown["text"]
    assert [attempt["outcome"] for attempt in shown["attempts"]] == ["sent"]
    assert "written to" in shown["attempts"][0]["answer"]
    text = vfm.run("mail", "show", "1").stdout
    assert "Message-ID: <" in text
    assert "Mail 1 (decision_asked) is sent." in text


def test_a_waiting_mail_says_when_it_leaves(vfm: Vfm, asked: Council) -> None:
    assert "It leaves from Mon 02 Mar 2026 09:00." in vfm.run("mail", "show", "1").stdout


@pytest.mark.parametrize("state", ["failed", "unknown"])
def test_a_mail_that_failed_goes_again_with_the_same_bytes(vfm: Vfm, asked: Council, state: str) -> None:
    before = asked.mails()[0].data
    settle(asked, 1, state)
    assert vfm.json("mail", "retry", "1", "--at", "2026-03-02T10:00")["state"] == "waiting"
    assert asked.mails()[0].data == before
    assert vfm.json("deliver", "--at", "2026-03-02T10:00")["sent"] == 5
    shown = vfm.json("mail", "show", "1")
    assert [attempt["outcome"] for attempt in shown["attempts"]] == ["retried", "sent"]
    assert shown["attempts"][0]["answer"] == "asked for by the operator"


@pytest.mark.parametrize("state", ["waiting", "opening", "sending", "sent"])
def test_a_mail_that_did_not_fail_is_not_sent_twice(vfm: Vfm, asked: Council, state: str) -> None:
    settle(asked, 1, state)
    refused = vfm.json("mail", "retry", "1", code=1)
    assert refused["error"] == "not_allowed"
    assert f"is {state}" in refused["message"]


def test_a_mail_that_does_not_exist_is_said(vfm: Vfm) -> None:
    assert vfm.json("mail", "show", "99", code=1)["error"] == "not_found"
    assert vfm.json("mail", "retry", "99", code=1)["error"] == "not_found"


def test_only_who_may_read_the_log_reads_it(asked: Council) -> None:
    with asked.app.read() as session:
        for outsider in ("manager", "holder"):
            with pytest.raises(NotAllowed, match="delivery log"):
                mail_log.listed(session, asked.home, asked.who(outsider))
            with pytest.raises(NotAllowed, match="delivery log"):
                mail_log.show(session, asked.home, 1, asked.who(outsider))
        assert mail_log.listed(session, asked.home, asked.who("auditor"))[1] == 5


def test_who_reads_the_log_may_not_act_for_its_readers(asked: Council) -> None:
    with asked.app.read() as session:
        operators = mail_log.show(session, asked.home, 1, None).text
        auditors = mail_log.show(session, asked.home, 1, asked.who("auditor")).text
    assert f"{asked.home.base_url}/d/{mail_log.HIDDEN}" in auditors
    (link,) = {link for link in asked.links_in(asked.mails()[0]) if "/d/" in link}
    assert link in operators
    assert link not in auditors
    assert link.rpartition("/")[2] not in auditors


def test_only_an_administrator_sends_again_and_the_log_says_who(asked: Council) -> None:
    settle(asked, 1, "failed")
    with asked.app.write() as session:
        with pytest.raises(NotAllowed, match="send a mail again"):
            mail_log.retry(session, asked.home, 1, asked.at, asked.who("auditor"))
        mail_log.retry(session, asked.home, 1, asked.at, asked.who("admin"))
        assert [row.answer for row in store.attempts(session, 1)] == ["asked for by Administrator"]
        with pytest.raises(NotFound):
            mail_log.retry(session, asked.home, 77, asked.at, asked.who("admin"))


def test_the_log_is_counted_by_state(asked: Council) -> None:
    settle(asked, 1, "failed")
    with asked.app.read() as session:
        assert store.counts(session) == {"failed": 1, "waiting": 4}
        assert store.page(session, project_id=1, limit=1)[1] == 5
        assert store.page(session, project_id=2) == ([], 0)


def test_what_came_back_is_piped_in_or_read_from_a_folder(vfm: Vfm, asked: Council, tmp_path: Path) -> None:
    asked.app.deliver(asked.at)
    mail = asked.mails(to="place")[0]
    file = tmp_path / "one.eml"
    file.write_bytes(postfix(mail.message_id))
    done = vfm.run("mail", "bounce", file)
    assert f"hard: mail {mail.id}, place@wrenfold.example: 550 5.1.1 no such mailbox here" in done.stdout
    assert "(read before)" in vfm.run("mail", "bounce", typed=postfix(mail.message_id)).stdout
    assert [row["id"] for row in vfm.json("mail", "list", "--state", "undelivered")] == [mail.id]
    row = next(line for line in vfm.run("mail", "list").stdout.splitlines() if line.startswith(f"{mail.id} "))
    assert row.split("  ")[1].strip() == "came back", (
        "the mail server took it, and that is not what became of it"
    )
    vfm.run("mail", "dealt", mail.id, "Told by telephone")
    assert vfm.json("mail", "list", "--state", "undelivered") == []
    assert "dealt with already" in vfm.run("mail", "dealt", mail.id, "Again", code=1).stderr

    box = tmp_path / "box"
    for part in ("new", "cur", "tmp"):
        (box / part).mkdir(parents=True)
    other = asked.mails(to="chief")[0]
    (box / "new" / "1.relay").write_bytes(exim(other.message_id, other.to, number=2))
    (box / "new" / "2.relay").write_bytes(away(other.message_id))
    (shown,) = vfm.json("mail", "bounce", "--folder", box)
    assert (shown["mail"], shown["kind"]) == (other.id, "hard")
    assert sorted(path.name for path in (box / "cur").iterdir()) == ["1.relay:2,S", "2.relay:2,S"]
    assert "Nothing came back." in vfm.run("mail", "bounce", "--folder", box).stderr


def test_a_folder_that_is_no_mailbox_is_named(vfm: Vfm, asked: Council, tmp_path: Path) -> None:
    said = vfm.run("mail", "bounce", "--folder", tmp_path, code=1).stderr
    assert "is no mailbox folder: it needs the folders new and cur" in said
    assert "not both" in vfm.run("mail", "bounce", tmp_path, "--folder", tmp_path, code=1).stderr
    assert "reports nothing" in vfm.run("mail", "bounce", typed=b"Subject: Hello\n\nHello").stderr
