"""What is kept about somebody is handed out whole, to them and to nobody else; what is personal is let go in time."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from sqlalchemy import select

from tests.cli.conftest import Vfm
from tests.people import Council, address
from tests.web.support import Browser
from vfm_workflow.domain.calendar import months_before
from vfm_workflow.errors import NotAllowed, NotFound
from vfm_workflow.journeys import leaving, mail_log, personal
from vfm_workflow.store.tables import OutboxMail, WebSession, metadata


def kept(council: Council, whose: str, by: str | None) -> dict[str, list[dict[str, object]]]:
    with council.app.read() as session:
        actor = council.actor(session, by) if by else None
        return personal.export(session, address(whose), actor)


@pytest.fixture
def vfm(council: Council) -> Vfm:
    return Vfm({"VFM_DATA": str(council.app.loaded.data)})


@pytest.fixture
def busy(council: Council) -> Council:
    """A council in which the Director of Place has decided, signed in and been mailed."""
    council.outline_ready(council.create())
    council.do("VFM-0001", "submit_outline")
    council.decide("VFM-0001", "place", "approve", reason="It pays")
    council.app.deliver(council.at)
    Browser(council).sign_in("place")
    return council


def test_everything_that_names_a_person_is_in_their_own_export(busy: Council) -> None:
    found = kept(busy, "place", "place")
    assert found["person"][0]["address"] == address("place")
    assert found["vote"][0]["reason"] == "It pays"
    assert {"history", "link", "outbox", "person_change", "slot", "web_session"} <= set(found)
    text = personal.as_json(found)
    assert json.loads(text)["web_session"][0]["method"] == "link"
    assert "digest" not in found["web_session"][0], "the export opens nothing"
    assert "digest" not in found["link"][0]


def test_every_table_with_a_column_for_people_is_looked_at(busy: Council) -> None:
    named = {
        table.name
        for table in metadata.tables.values()
        if any(key.target_fullname == "person.id" for column in table.columns for key in column.foreign_keys)
    }
    assert len(named) > 25
    found = {key for whose in ("place", "manager", "admin", "head") for key in kept(busy, whose, None)}
    assert found <= named | {"person"}


def test_nobody_gets_anothers_but_whoever_runs_the_service(busy: Council) -> None:
    assert kept(busy, "place", "place") == kept(busy, "place", None)
    for by in ("admin", "chief", "manager", "auditor"):
        with pytest.raises(NotFound):
            kept(busy, "place", by)
    with pytest.raises(NotFound):
        kept(busy, "nobody", None)


def test_who_has_left_can_be_given_theirs(busy: Council) -> None:
    with busy.app.write() as session:
        leaving.leave(session, busy.home, address("legal"), None, busy.at)
    assert kept(busy, "legal", None)["person"][0]["left_at"] == busy.at


def test_it_is_a_file_on_the_page_and_at_the_command_line(busy: Council, vfm: Vfm) -> None:
    browser = Browser(busy)
    assert browser.get("/account/data").status_code == 303
    answer = browser.sign_in("place").get("/account/data")
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.json()["person"][0]["name"] == "Director of Place"
    assert "Download everything that is kept about you" in browser.get("/account").text
    assert json.loads(vfm.run("admin", "export-person", address("place")).stdout)["vote"]


@pytest.mark.parametrize(
    ("day", "months", "before"),
    [
        ("2026-11-28", 24, "2024-11-28"),
        ("2026-03-31", 1, "2026-02-28"),
        ("2024-03-31", 1, "2024-02-29"),
        ("2026-01-31", 2, "2025-11-30"),
        ("2026-01-15", 12, "2025-01-15"),
        ("2026-12-31", 1, "2026-11-30"),
    ],
)
def test_so_many_months_ago(day: str, months: int, before: str) -> None:
    assert months_before(dt.date.fromisoformat(day), months) == dt.date.fromisoformat(before)


def test_what_was_kept_long_enough_is_let_go_and_the_record_stays(busy: Council) -> None:
    with busy.app.read() as session:
        mails = len(session.scalars(select(OutboxMail)).all())
    busy.at += dt.timedelta(days=364)
    assert busy.app.tidy(busy.at) == (0, 0, 0, 0)
    busy.at = dt.datetime(2028, 6, 4, tzinfo=dt.UTC)
    tidied = busy.app.tidy(busy.at)
    sent = [mail for mail in busy.mails() if mail.state == "sent"]
    assert tidied.mail_texts == len(sent) > 0
    assert tidied.sessions == 1
    assert busy.app.tidy(busy.at) == (0, 0, 0, 0), "once is enough"
    assert len(busy.mails()) == mails
    assert all(mail.subject and mail.why and mail.answer for mail in sent)
    with busy.app.read() as session:
        assert session.scalars(select(WebSession)).all() == []
        shown = mail_log.show(session, busy.home, sent[0].id or 0, None)
        assert shown.text == "(The text of this mail is kept no longer.)"
    assert kept(busy, "place", None)["vote"][0]["reason"] == "It pays"


def test_a_mail_without_its_text_is_not_sent_again(busy: Council) -> None:
    with busy.app.write() as session:
        row = session.get(OutboxMail, 1)
        assert row is not None
        row.state = "failed"
    busy.at = dt.datetime(2028, 3, 4, tzinfo=dt.UTC)
    busy.app.tidy(busy.at)
    with busy.app.write() as session, pytest.raises(NotAllowed, match="kept no longer"):
        mail_log.retry(session, busy.home, 1, busy.at, None)


def test_what_waits_to_be_sent_is_never_let_go(busy: Council) -> None:
    with busy.app.write() as session:
        row = session.get(OutboxMail, 1)
        assert row is not None
        row.state = "waiting"
    busy.app.tidy(dt.datetime(2040, 1, 1, tzinfo=dt.UTC))
    assert busy.mails()[0].data


def test_the_command_says_what_was_let_go(busy: Council, vfm: Vfm) -> None:
    said = vfm.run("db", "tidy", "--at", "2030-01-01T09:00").stdout
    assert "the text of" in said
    assert "1 ended sessions" in said
    assert vfm.json("db", "tidy", "--at", "2030-01-01T09:00")["mail_texts"] == 0
