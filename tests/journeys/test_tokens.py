"""A token reads what its person may read: shown once, kept as a digest, ended at will, at its day, and when they leave."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from sqlalchemy import select
from sqlmodel import col

from tests.library_support import token
from tests.people import Council, address
from vfm_workflow.errors import BadInput, LinkDead, NotAllowed, NotFound
from vfm_workflow.journeys import exporting, leaving, personal, tokens
from vfm_workflow.store import people
from vfm_workflow.store.decisions import token_digest
from vfm_workflow.store.tables import AccessToken


def held(council: Council, shown: str) -> tokens.Held:
    with council.app.read() as session:
        return tokens.hold(session, council.home, shown, council.at)


def rows(council: Council) -> list[AccessToken]:
    with council.app.read() as session:
        return list(session.scalars(select(AccessToken).order_by(col(AccessToken.id))))


def test_a_token_stands_for_its_person_and_only_its_digest_is_kept(council: Council) -> None:
    shown = token(council, "manager")
    assert shown.startswith("vfm_")
    assert len(shown) > 40
    found = held(council, shown)
    assert (found.actor.address, found.scope) == (address("manager"), "read")
    (row,) = rows(council)
    assert row.digest == token_digest(shown)
    assert shown not in str(vars(row))


def test_it_works_until_the_end_of_its_last_day(council: Council) -> None:
    shown = token(council, "manager", days="30")
    council.at += dt.timedelta(days=30)
    assert held(council, shown).actor.address == address("manager")
    council.at += dt.timedelta(days=1)
    with pytest.raises(LinkDead):
        held(council, shown)


def test_its_person_ends_it_and_nobody_else(council: Council) -> None:
    shown = token(council, "manager")
    token_id = held(council, shown).id
    with council.app.write() as session:
        for who in ("other", "admin"):
            with pytest.raises(NotFound):
                tokens.end(session, council.actor(session, who), token_id, council.at)
        manager = council.actor(session, "manager")
        assert tokens.end(session, manager, token_id, council.at)
        assert not tokens.end(session, manager, token_id, council.at)
    with pytest.raises(LinkDead):
        held(council, shown)


def test_it_ends_when_its_person_leaves_and_stays_ended_when_they_come_back(council: Council) -> None:
    shown = token(council, "legal")
    with council.app.write() as session:
        leaving.leave(session, council.home, address("legal"), council.actor(session, "admin"), council.at)
    with pytest.raises(LinkDead):
        held(council, shown)
    assert rows(council)[0].ended_at == council.at


def test_an_administrator_ends_all_of_somebody_s_and_nobody_else_does(council: Council) -> None:
    shown = token(council, "manager")
    with council.app.write() as session:
        person = council.actor(session, "manager").id
        with pytest.raises(NotAllowed):
            tokens.end_all(session, council.home, person, council.at, council.actor(session, "head"))
        admin = council.actor(session, "admin")
        assert tokens.end_all(session, council.home, person, council.at, admin) == 1
        assert people.changes(session, person)[0].what == "tokens_ended"
    with pytest.raises(LinkDead):
        held(council, shown)


@pytest.mark.parametrize("shown", ["", "vfm_", "vfm_" + "x" * 43, "x" * 47, "Bearer x"])
def test_what_was_never_made_is_not_found(council: Council, shown: str) -> None:
    token(council, "manager")
    with pytest.raises(NotFound):
        held(council, shown)


def test_a_year_is_the_most_and_what_is_missing_is_named(council: Council) -> None:
    with council.app.write() as session, pytest.raises(BadInput) as error:
        tokens.make(session, council.home, council.actor(session, "manager"), council.at, {"days": "3650"})
    assert set(error.value.fields) == {"scope", "name", "days"}
    token(council, "manager", days="365")
    assert (rows(council)[0].expires_on - council.at.date()).days == 365


def test_a_token_that_records_is_for_who_records(council: Council) -> None:
    for who in ("performance", "finance", "head"):
        token(council, who, "write")
    with pytest.raises(BadInput):
        token(council, "manager", "write")


def test_nobody_has_more_than_twenty_that_work(council: Council) -> None:
    shown = [token(council, "manager") for _ in range(tokens.MOST_ALIVE)]
    with pytest.raises(BadInput):
        token(council, "manager")
    with council.app.write() as session:
        tokens.end(session, council.actor(session, "manager"), held(council, shown[0]).id, council.at)
    token(council, "manager")


def test_one_made_for_something_else_is_refused(council: Council) -> None:
    calendar = held(council, token(council, "manager", "calendar"))
    with pytest.raises(NotAllowed, match="made to"):
        tokens.refuse_scope(calendar, "read", "write")


def test_that_it_was_used_is_noted_once_a_minute(council: Council) -> None:
    found = held(council, token(council, "manager"))
    for seconds in (0, 30, 90):
        at = council.at + dt.timedelta(seconds=seconds)
        with council.app.write() as session:
            tokens.note_used(session, found, at)
        expected = council.at + dt.timedelta(seconds=90 if seconds == 90 else 0)
        assert rows(council)[0].last_used_at == expected


def test_it_stands_in_no_export_and_its_person_gets_to_know_of_it(council: Council) -> None:
    shown = token(council, "manager")
    folder = council.app.loaded.data / "out"
    exporting.export(council.app.read, folder, lambda done, total, said: None)
    written = (folder / "access_token.json").read_text(encoding="utf-8")
    assert json.loads(written)[0]["name"] == "read of manager"
    assert token_digest(shown) not in written
    with council.app.read() as session:
        mine = personal.export(session, address("manager"), council.actor(session, "manager"))
    assert mine["access_token"][0]["name"] == "read of manager"
    assert token_digest(shown) not in personal.as_json(mine)
