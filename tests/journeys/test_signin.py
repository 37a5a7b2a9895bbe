"""Signing in by a one-use link: asked for by anyone, sent only to people, spent once, and sessions that end."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import select
from sqlmodel import col

from tests.people import Council, address
from vfm_workflow.errors import LinkDead
from vfm_workflow.journeys import signin
from vfm_workflow.store.decisions import token_digest
from vfm_workflow.store.tables import Link, Person, WebSession

LASTS, IDLE = dt.timedelta(hours=12), dt.timedelta(minutes=60)


def ask(council: Council, to: str) -> bool:
    with council.app.write() as session:
        return signin.ask(session, council.home, to, council.at)


def token(council: Council) -> str:
    """Ask for a link as the manager; return its token, read from the mail."""
    assert ask(council, address("manager"))
    mail = council.mails(notice="sign_in_link")[-1]
    (url,) = {url for url in council.links_in(mail) if "/sign-in/" in url}
    return url.rpartition("/")[2]


def sign_in(council: Council, with_token: str) -> str:
    with council.app.write() as session:
        secret, _ = signin.sign_in(
            session, council.home, with_token, council.at, lasts=LASTS, user_agent="Test"
        )
        return secret


def who(council: Council, secret: str) -> str | None:
    with council.app.read() as session:
        found = signin.who(session, secret, council.at, IDLE)
        return found.actor.address if found else None


def refused(council: Council, with_token: str) -> LinkDead:
    with council.app.write() as session, pytest.raises(LinkDead) as dead:
        signin.sign_in(session, council.home, with_token, council.at, lasts=LASTS)
    return dead.value


def test_a_link_signs_its_person_in_once(council: Council) -> None:
    link = token(council)
    secret = sign_in(council, link)
    assert who(council, secret) == address("manager")
    dead = refused(council, link)
    assert (dead.kind, dead.status) == ("used", 410)
    assert "Ask for a new one" in str(dead)


def test_looking_at_a_link_spends_nothing(council: Council) -> None:
    link = token(council)
    for _ in range(3):
        with council.app.read() as session:
            found, person = signin.look_up(session, link, council.at)
            assert (found.used_at, person.address) == (None, address("manager"))
    assert who(council, sign_in(council, link)) == address("manager")


def test_a_stranger_gets_no_mail_and_learns_nothing(council: Council) -> None:
    for stranger in (
        "nobody@wrenfold.example",
        "not an address",
        "",
        "manager@wrenfold.example, x@evil.example",
    ):
        assert ask(council, stranger) is False
    assert council.mails() == []


def test_an_address_is_found_however_it_is_typed(council: Council) -> None:
    assert ask(council, "  MANAGER@Wrenfold.Example ")
    assert council.mails()[0].to == address("manager")


def test_somebody_who_has_left_gets_no_link_and_an_old_one_stops_working(council: Council) -> None:
    link = token(council)
    leave(council)
    assert ask(council, address("manager")) is False
    assert refused(council, link).kind == "revoked"


def leave(council: Council) -> None:
    with council.app.write() as session:
        session.scalars(select(Person).where(col(Person.address) == address("manager"))).one().active = False


def test_a_link_to_an_address_that_was_changed_stops_working(council: Council) -> None:
    link = token(council)
    with council.app.write() as session:
        person = session.scalars(select(Person).where(col(Person.address) == address("manager"))).one()
        person.address = "new.manager@wrenfold.example"
    assert refused(council, link).kind == "revoked"


def test_a_link_lasts_half_an_hour(council: Council) -> None:
    link = token(council)
    council.later(minutes=30)
    sign_in(council, link)
    late = token(council)
    council.later(minutes=30, seconds=1)
    assert refused(council, late).kind == "expired"


def test_what_is_no_token_of_ours_is_unknown(council: Council) -> None:
    link = token(council)
    for wrong in (link[:-1], link + "A", "", "x" * 4000, "\x00", "é"):
        assert refused(council, wrong).kind == "unknown"


def test_asking_again_and_again_does_not_flood_a_mailbox(council: Council) -> None:
    assert [ask(council, address("manager")) for _ in range(7)] == [True] * signin.MOST_LINKS + [False] * 2
    assert len(council.mails()) == signin.MOST_LINKS
    assert ask(council, address("head")), "somebody else may ask"
    council.later(minutes=31)
    assert ask(council, address("manager")), "the old links have expired"


def test_the_mail_leaves_at_once_at_any_hour_and_says_how_long_it_lasts(council: Council) -> None:
    council.at = dt.datetime(2026, 12, 25, 3, 0, tzinfo=dt.UTC)
    token(council)
    (mail,) = council.mails()
    assert mail.not_before == council.at
    body = council.read_mail(mail).get_body(("plain",))
    assert body is not None
    assert "30 minutes" in body.get_content()


def test_the_database_keeps_neither_tokens_nor_secrets(council: Council) -> None:
    link = token(council)
    secret = sign_in(council, link)
    with council.app.read() as session:
        assert session.scalars(select(col(Link.digest))).one() == token_digest(link)
        assert session.scalars(select(col(WebSession.digest))).one() == token_digest(secret)


# ------------------------------------------------------------------ sessions


def test_a_session_ends_when_it_is_idle_and_use_keeps_it_awake(council: Council) -> None:
    secret = sign_in(council, token(council))
    council.later(minutes=59)
    with council.app.write() as session:
        signin.seen(session, secret, council.at)
        found = signin.who(session, secret, council.at, IDLE)
        assert found is not None
        assert found.seen_at == council.at
    council.later(minutes=59)
    assert who(council, secret) == address("manager")
    council.later(minutes=1)
    assert who(council, secret) is None


def test_a_session_ends_after_its_hours_however_busy(council: Council) -> None:
    secret = sign_in(council, token(council))
    for _ in range(23):
        council.later(minutes=30)
        with council.app.write() as session:
            signin.seen(session, secret, council.at)
    assert who(council, secret) == address("manager")
    council.later(minutes=30)
    with council.app.write() as session:
        signin.seen(session, secret, council.at)
    assert who(council, secret) is None


def test_signing_out_ends_one_session_and_leaves_the_other(council: Council) -> None:
    first, second = (sign_in(council, token(council)) for _ in range(2))
    with council.app.write() as session:
        signin.sign_out(session, first, council.at)
    assert (who(council, first), who(council, second)) == (None, address("manager"))


def test_a_leaver_is_signed_out_everywhere(council: Council) -> None:
    secret = sign_in(council, token(council))
    leave(council)
    assert who(council, secret) is None


def test_a_secret_that_never_was_signs_nobody_in(council: Council) -> None:
    for secret in ("", "x", "é" * 50):
        assert who(council, secret) is None
