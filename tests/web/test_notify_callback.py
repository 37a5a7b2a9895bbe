"""Where GOV.UK Notify tells what became of a mail: its token opens it, and nothing else does."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx
import pytest

from tests.mail.notify_server import CALLBACK_TOKEN
from tests.people import Council
from tests.web.deciding import asked
from tests.web.support import BASE, Browser
from vfm_workflow.mail.notify import reference_of
from vfm_workflow.settings import Loaded
from vfm_workflow.store.tables import OutboxMail

ID = "740e5834-3a29-46b4-9a6f-16142fde533a"


@pytest.fixture
def mail(council: Council) -> OutboxMail:
    """The mail that asked the Director of Place to decide, delivered."""
    asked(council)
    council.app.deliver(council.at)
    return council.mails(to="place", notice="decision_asked")[0]


def with_token(council: Council, token: str = CALLBACK_TOKEN) -> Council:
    loaded = council.app.loaded
    said = {"notify_callback_token": token}
    council.app.loaded = Loaded(loaded.settings.model_copy(update=said), loaded.folders)
    return council


def receipt(mail: OutboxMail, **changed: object) -> dict[str, object]:
    """Return what Notify posts, as its documentation has it."""
    assert mail.id is not None
    return {
        "id": ID,
        "reference": reference_of(mail.id, mail.message_id),
        "to": mail.to,
        "status": "permanent-failure",
        "created_at": "2026-03-02T09:15:30.000000Z",
        "completed_at": "2026-03-02T09:16:30.000000Z",
        "sent_at": "2026-03-02T09:15:31.000000Z",
        "notification_type": "email",
        "template_id": ID,
        "template_version": 1,
        **changed,
    }


def call(
    council: Council, body: object, authorization: str | None = f"Bearer {CALLBACK_TOKEN}", **headers: str
) -> httpx.Response:
    """Return the answer to what Notify posts: a request of no browser."""
    app = Browser(council).app
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    said = {"Content-Type": "application/json", **headers}
    if authorization is not None:
        said["Authorization"] = authorization

    async def ask() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=BASE) as client:
            return await client.post("/notify/callback", content=data, headers=said)

    return asyncio.run(ask())


def bounced(council: Council, mail: OutboxMail) -> bool:
    return next(row for row in council.mails() if row.id == mail.id).bounced_at is not None


def test_a_receipt_with_the_token_is_taken_in_and_may_come_again(council: Council, mail: OutboxMail) -> None:
    with_token(council)
    for _ in range(2):
        answer = call(council, receipt(mail))
        assert (answer.status_code, answer.content) == (204, b"")
    assert bounced(council, mail)
    browser = Browser(council).sign_in("admin")
    page = browser.get(f"/mail/{mail.id}").text
    assert page.count("GOV.UK Notify: the address is wrong") == 1


def test_a_mail_that_arrived_needs_no_word(council: Council, mail: OutboxMail) -> None:
    with_token(council)
    assert call(council, receipt(mail, status="delivered")).status_code == 204
    assert not bounced(council, mail)


@pytest.mark.parametrize(
    "said",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Bearer wrong",
        CALLBACK_TOKEN,
        f"Basic {CALLBACK_TOKEN}",
        f"Bearer {CALLBACK_TOKEN}x",
        f"Bearer {CALLBACK_TOKEN[:-1]}",
        "Bearer \xe9",
    ],
)
def test_nothing_but_the_token_opens_it(council: Council, mail: OutboxMail, said: str | None) -> None:
    with_token(council)
    authorization: Any = said.encode("latin-1") if said is not None else None
    answer = call(council, receipt(mail), authorization)
    assert answer.status_code == 401
    assert CALLBACK_TOKEN not in answer.text
    assert not bounced(council, mail)


def test_without_a_token_set_no_token_opens_it(council: Council, mail: OutboxMail) -> None:
    for said in (None, "Bearer ", f"Bearer {CALLBACK_TOKEN}"):
        assert call(council, receipt(mail), said).status_code == 401
    assert not bounced(council, mail)


def test_a_signed_in_administrator_needs_the_token_too(council: Council, mail: OutboxMail) -> None:
    with_token(council)
    assert Browser(council).sign_in("admin").post("/notify/callback", id=ID).status_code == 401


def test_another_site_cannot_have_a_browser_post_here(council: Council, mail: OutboxMail) -> None:
    with_token(council)
    answer = call(council, receipt(mail), Origin="https://evil.example")
    assert answer.status_code == 403
    assert not bounced(council, mail)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"\xff",
        b"[" * 100_000,
        b'{"id": "7", "status": "permanent-failure"}',
        b'{"id": 7, "status": "permanent-failure"}',
        f'{{"id": "{ID}"}}'.encode(),
        f'{{"id": "{ID}", "status": "<b>"}}'.encode(),
    ],
)
def test_what_is_no_receipt_is_said_so(council: Council, body: bytes) -> None:
    with_token(council)
    assert call(council, body).status_code == 400


def test_hostile_receipts_mark_nothing_and_break_nothing(council: Council, mail: OutboxMail) -> None:
    with_token(council)
    for number, reference in enumerate(
        ("0-" + "0" * 16, "9" * 30 + "-" + "0" * 16, "1\x00", "\ud800", 7, None)
    ):
        own = f"{number}{ID[1:]}"
        assert (
            call(council, receipt(mail, id=own, reference=reference, to="\x00<b>" * 999)).status_code == 204
        )
    assert not bounced(council, mail)
    assert Browser(council).sign_in("admin").get("/mail?state=undelivered").status_code == 200
