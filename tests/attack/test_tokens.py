"""Links and signed values that were cut, altered, swapped, forged, used or forwarded: none opens what it should not."""

from __future__ import annotations

import hashlib
import json
import logging
import re
from typing import Any

import httpx
import pytest
import structlog
from itsdangerous import TimedSerializer, URLSafeTimedSerializer
from sqlalchemy import select
from sqlmodel import col

from tests.attack.walking import Visitor, forget_tries, kinds, tokens
from tests.people import Council
from tests.web.deciding import Member, asked, dump, fresh
from tests.web.support import Browser
from vfm_workflow import logs
from vfm_workflow.signing import signer
from vfm_workflow.store.tables import VoteRow
from vfm_workflow.web.visit import SESSION_COOKIE

pytestmark = pytest.mark.xdist_group("attack")


@pytest.fixture
def project(council: Council) -> str:
    """A project whose board was asked about its outline."""
    return asked(council)


def votes(council: Council) -> list[VoteRow]:
    with council.app.read() as session:
        return list(session.scalars(select(VoteRow).order_by(col(VoteRow.id))))


def live(visitor: Visitor, kind: str) -> str:
    """Return the path of the newest link of a kind that still works."""
    return next(path for path in tokens(visitor.council, kind) if opens(visitor.as_("").get(path)))


def opens(answer: httpx.Response) -> bool:
    """Return whether an address opened something: a form, or the way to one."""
    return answer.status_code in (200, 302, 303) and not answer.headers.get("location", "").startswith(
        "/sign-in"
    )


def altered(token: str) -> list[str]:
    """Return everything that a mail program, a reader or an attacker makes of a token."""
    cut = [token[:length] for length in range(1, len(token))]
    longer = [token + more for more in ("A", "=", "%20", ".", "/x", "%0a", "%00", token)]
    swapped = [
        token[:at] + ("A" if token[at] != "A" else "B") + token[at + 1 :] for at in range(0, len(token), 6)
    ]
    last = token[:-1] + ("w" if token[-1] != "w" else "8")  # base64 would read some ends alike
    folded = [
        other for other in (token.lower(), token.upper(), token.swapcase(), token[::-1]) if other != token
    ]
    return [*cut, *longer, *swapped, last, *folded, "%20" + token, "..%2f" + token, "x" * 5000]


# ------------------------------------------------------------------ tokens


def test_every_kind_of_link_has_one_that_works(visitor: Visitor) -> None:
    """What the tests of this folder rest on: none passes for want of a link."""
    for kind in kinds(visitor):
        assert opens(visitor.as_("").get(live(visitor, kind))), kind


def test_a_token_that_was_cut_lengthened_or_altered_opens_nothing(visitor: Visitor) -> None:
    links = {kind: live(visitor, kind) for kind in kinds(visitor)}
    before = dump(visitor.council.app)
    for kind, link in links.items():
        for token in altered(link.removeprefix(kind)):
            stranger = visitor.as_("")
            assert not opens(stranger.get(kind + token)), kind + token
            assert not opens(stranger.pairs(kind + token, [("nonce", "x"), ("mine", "no")])), kind + token
            assert not list(stranger.cookies), kind + token
    assert dump(visitor.council.app) == before


def test_a_token_of_one_kind_opens_no_other(visitor: Visitor) -> None:
    links = {kind: live(visitor, kind).removeprefix(kind) for kind in kinds(visitor)}
    for kind in links:
        for other, token in links.items():
            if other != kind:
                assert not opens(visitor.as_("").get(kind + token)), f"{other} opened {kind}"
                assert visitor.as_("").raw(kind + token, "text/plain", b"").status_code >= 400


def test_a_token_is_no_session_and_a_session_is_no_token(visitor: Visitor) -> None:
    for kind in kinds(visitor):
        thief = visitor.as_("")
        thief.cookies.set(SESSION_COOKIE, live(visitor, kind).removeprefix(kind), domain="127.0.0.1")
        assert thief.get("/tasks").status_code == 303, f"a token of {kind} signed somebody in"
        secret = visitor.as_("manager").cookies[SESSION_COOKIE]
        assert not opens(visitor.as_("").get(kind + secret)), f"a session opened {kind}"


def test_a_used_link_in_another_browser_shows_what_was_recorded_and_changes_nothing(
    council: Council, project: str
) -> None:
    Member(council, "chief").decide("approve")
    before = dump(council.app)
    thief = Member(council, "chief")
    assert "Your decision is recorded" in thief.look().text
    assert thief.post(choice="reject", reason="I am somebody else").status_code in (409, 422, 200)
    assert dump(council.app) == before


def test_a_link_forwarded_to_a_colleague_is_recorded_as_its_holders_and_the_owner_hears_of_it(
    council: Council, project: str
) -> None:
    colleague = Member(council, "chief")
    session = fresh(council).sign_in("planning").cookies[SESSION_COOKIE]
    colleague.browser.cookies.set(SESSION_COOKIE, session, domain="127.0.0.1")
    colleague.decide("approve")
    (vote,) = votes(council)
    assert (vote.person_id, vote.address) == (council.who("chief").id, "chief@wrenfold.example")
    assert "Link holder for Chief Executive" in colleague.look().text.replace("&nbsp;", " ")
    assert [mail.to for mail in council.mails(notice="decision_receipt")] == ["chief@wrenfold.example"]


# ------------------------------------------------------------------ cookies and marks


def cookie_of(member: Member) -> tuple[str, str]:
    """Return name and value of the cookie that a link has set."""
    ((name, value),) = [
        (one.name, one.value or "") for one in member.browser.cookies.jar if "link" in one.name
    ]
    return name, value


def with_cookie(member: Member, name: str, value: str) -> Browser:
    """Return another browser with one cookie."""
    browser = fresh(member.council)
    browser.cookies.set(name, value, domain="127.0.0.1")
    return browser


def test_the_cookie_of_one_link_opens_no_other(council: Council, project: str) -> None:
    chief, place = Member(council, "chief"), Member(council, "place")
    (mine, value), (other, _) = cookie_of(chief), cookie_of(place)
    for name in (mine, other):
        assert with_cookie(chief, name, value).get(place.page).status_code == 403
    assert with_cookie(chief, mine, value).get(chief.page).status_code == 200


def forged(value: str) -> list[str]:
    """Return a signed value with each of its parts altered, swapped, or left out."""
    body, moment, mark = value.split(".")
    flipped = mark[:5] + ("A" if mark[5] != "A" else "B") + mark[6:]
    return [
        f"{body}A.{moment}.{mark}", f"OTk.{moment}.{mark}", f"{body}.{moment}A.{mark}", f"{body}.zzzzzz.{mark}",
        f"{body}.{moment}.{flipped}", f"{body}.{moment}.{mark[:-1]}", f"{body}.{moment}.", f"{body}.{moment}", body,
        f"{body}..{mark}", f".{body}.{moment}.{mark}", f"{body}.{mark}", "", "null", "1", f"{value}.{value}",
    ]  # fmt: skip


def test_a_signed_value_that_was_altered_is_refused(council: Council, project: str) -> None:
    member = Member(council, "chief")
    member.look()
    nonce, (name, value) = member.browser.hidden("nonce"), cookie_of(member)
    before = dump(council.app)
    for bad in forged(value):
        assert with_cookie(member, name, bad).get(member.page).status_code == 403, bad
    for bad in forged(nonce):
        forget_tries(member.browser.app)
        assert member.post(nonce=bad, choice="approve").status_code == 422, bad
    assert dump(council.app) == before
    assert member.post(nonce=nonce, choice="approve").status_code == 303


def test_a_value_signed_otherwise_is_refused(council: Council, project: str) -> None:
    """With another key, with the weaker hash, without a time, or by another way of writing it."""
    member = Member(council, "chief")
    name, value = cookie_of(member)
    link_id = int(member.page.rpartition("/")[2])
    key, salt = council.app.secret_key, "decide-link"
    assert with_cookie(member, name, signer(key, salt).dumps(link_id)).get(member.page).status_code == 200
    sha1: dict[str, Any] = {"digest_method": hashlib.sha1}
    for other in (
        signer("another key, as long as ours is", salt).dumps(link_id),
        URLSafeTimedSerializer(key, salt=salt, signer_kwargs=sha1).dumps(link_id),
        URLSafeTimedSerializer(key, salt=salt).dumps(link_id),
        TimedSerializer(key, salt=salt).dumps(link_id),
        f"{json.dumps(link_id)}..",
    ):
        assert with_cookie(member, name, str(other)).get(member.page).status_code == 403, other
    assert value != signer(key, "other").dumps(link_id)


def test_a_value_signed_for_one_purpose_serves_no_other(council: Council, project: str) -> None:
    member = Member(council, "chief")
    member.look()
    nonce, (name, value) = member.browser.hidden("nonce"), cookie_of(member)
    before = dump(council.app)
    assert with_cookie(member, name, nonce).get(member.page).status_code == 403, "a form's mark opened a link"
    assert member.post(nonce=value, choice="approve").status_code == 422, "a cookie sent a form"
    link_id = int(member.page.rpartition("/")[2])
    for salt in ("decide-again", "dispute-form", "sign-in", "flash", "next"):
        other = signer(council.app.secret_key, salt).dumps(link_id)
        assert member.post(nonce=other, choice="approve").status_code in (422, 429), salt
    assert dump(council.app) == before


# ------------------------------------------------------------------ fields


def test_a_form_with_two_choices_decides_nothing(council: Council, project: str) -> None:
    member = Member(council, "chief")
    member.look()
    nonce = member.browser.hidden("nonce")
    before = dump(council.app)
    fields = {"nonce": nonce, "choice": ["approve", "reject"], "reason": "Both"}
    assert member.browser.send(member.page, fields).status_code == 422
    assert member.browser.send(f"{member.page}?choice=approve", {"nonce": nonce}).status_code == 422
    assert dump(council.app) == before


def test_a_field_that_the_form_does_not_have_changes_nothing(council: Council, project: str) -> None:
    other = council.who("place").id
    member = Member(council, "chief")
    member.look()
    more = {
        "assurance": "C",
        "person_id": str(other),
        "slot_id": "2",
        "late": "1",
        "at": "2020-01-01",
        "link_id": "2",
    }
    member.post(nonce=member.browser.hidden("nonce"), choice="approve", address="x@evil.example", **more)
    (vote,) = votes(council)
    assert (vote.person_id, vote.assurance, vote.late) == (council.who("chief").id, "A", False)
    assert vote.address == "chief@wrenfold.example"
    assert vote.at == council.at


def test_nobody_writes_a_second_line_into_the_log(capsys: pytest.CaptureFixture[str]) -> None:
    before = structlog.get_config()
    logs.configure()
    typed = "/d/x\n2026-01-01 [info] Chief Executive approved\r\x1b[2J"
    structlog.get_logger().error("a page failed", path=typed)
    structlog.configure(**before)
    said = capsys.readouterr().err
    assert len(said.splitlines()) == 1
    assert not re.search(r"[\r\x1b]", said.rstrip("\n"))
    assert logging.getLogger().handlers is not None
