"""What proves the protocol as a whole: 8 racing posts on each of 200 links, few queries a page, and no token in any log."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import socket
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from sqlalchemy import event

from tests.people import Council
from tests.protocol.support import change_the_outline, deputise, votes
from tests.web.deciding import Member, asked, link_in, newest
from tests.web.support import BASE, Browser
from vfm_workflow.store import audit

BOARDS, RACERS = 40, 8
"""40 boards of five are 200 links."""
KEYS = ("chief", "place", "resources", "housing", "customers")
OURS = {"sec-fetch-site": "same-origin", "origin": BASE}


def test_point_06_of_8_racing_posts_on_each_of_200_links_exactly_one_decides(council: Council) -> None:
    for number in range(BOARDS):
        asked(council, f"Waste rounds {number}")
    mails = council.mails(notice="decision_asked")
    assert len(mails) == BOARDS * len(KEYS)
    paths = [next(urlsplit(url).path for url in council.links_in(mail) if "/d/" in url) for mail in mails]
    app = Browser(council).app

    async def race(number: int, path: str) -> Counter[int]:
        # each link from an address of its own: what a whole office may send in a minute is not what is raced here
        transport = httpx.ASGITransport(app, client=(f"10.0.{number // 250}.{number % 250 + 1}", 50_000))
        async with httpx.AsyncClient(transport=transport, base_url=BASE, headers=OURS) as client:
            page = (await client.get(path)).headers["location"]
            nonce = re.search(r'name="nonce" value="([^"]+)"', (await client.get(page)).text)
            assert nonce is not None
            fields = {"nonce": nonce[1], "choice": "approve"}
            answers = await asyncio.gather(*(client.post(page, data=fields) for _ in range(RACERS)))
            return Counter(answer.status_code for answer in answers)

    async def races() -> list[Counter[int]]:
        return [await race(number, path) for number, path in enumerate(paths)]

    found = asyncio.run(races())
    assert set(map(str, found)) == {str(Counter({200: RACERS - 1, 303: 1}))}
    assert Counter(vote.slot_id for vote in votes(council)) == Counter(range(1, len(paths) + 1))
    assert len(council.mails(notice="decision_receipt")) == len(paths)
    with council.app.read() as session:
        assert list(audit.verify(session)) == []


# ---------------------------------------------------------------- speed


@contextmanager
def counted(council: Council) -> Iterator[list[str]]:
    """Yield the statements that the database is asked meanwhile, those of the raw driver among them."""
    asked_for: list[str] = []

    def watch(connection: object, *_: object) -> None:
        connection.set_trace_callback(  # type: ignore[attr-defined]  # a connection of sqlite3
            lambda sql: (
                asked_for.append(sql) if re.match(r"\s*(SELECT|WITH|INSERT|UPDATE|DELETE)", sql) else None
            )
        )

    event.listen(council.app.database.engine, "checkout", watch)
    try:
        yield asked_for
    finally:
        event.remove(council.app.database.engine, "checkout", watch)


def test_a_decision_page_answers_in_under_15_queries(council: Council, project: str) -> None:
    Member(council, "place").decide("approve")
    change_the_outline(council, project, "why0 why1 " + "another reason " * 20)
    council.do(project, "replace_outline")
    deputise(council, "housing", "planning")
    for key in ("place", "resources"):
        Member(council, key, "decision_superseded").decide("approve", reason="A good case")
    Member(council, "planning", "decision_passed").decide("approve")
    member = Member(council, "chief", "decision_superseded")
    member.look()  # warms what is kept for the process
    with counted(council) as statements:
        assert member.look().status_code == 200
    assert "What changed since version 1" in member.text
    assert "Head of Planning for Director of Housing" in member.text
    assert 0 < len(statements) < 15, "\n".join(statements)


# ---------------------------------------------------------------- logs


@pytest.fixture
def port() -> int:
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def test_point_04_no_token_is_in_anything_the_real_server_writes(
    council: Council, project: str, port: int, tmp_path: Path
) -> None:
    """The server is asked for a page by its token, well and ill: answered, refused, malformed, and with its database gone."""
    token = link_in(council, newest(council, "chief"))
    council.approve(project, "place")
    dispute = link_in(council, newest(council, "place", "decision_receipt"), "/dispute/")
    data = council.app.loaded.data
    council.app.set_demo_now(council.at)  # the server's clock stands where the council's does
    address = f"http://127.0.0.1:{port}"
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("VFM_")},
        "VFM_DATA": str(data), "VFM_BASE_URL": address, "PYTHONUNBUFFERED": "1",
    }  # fmt: skip
    log = tmp_path / "server.log"
    run = "from vfm_workflow.cli import main; main()"
    command = [sys.executable, "-c", run, "serve", "--port", str(port), "--web-only"]
    with (
        log.open("wb") as written,
        subprocess.Popen(
            command, env=environment, stdout=written, stderr=subprocess.STDOUT, cwd=Path(__file__).parents[2]
        ) as server,
    ):
        try:
            _wait(address)
            with httpx.Client(base_url=address) as client:
                assert client.get(token).status_code == 303
                assert client.get(dispute).status_code == 200
                assert client.get(f"{token}x").status_code == 410
                assert client.get(f"{token}?next=1").status_code == 303
                assert client.put(token).status_code in (403, 405)
            with contextlib.suppress(
                httpx.TransportError
            ):  # whoever speaks no HTTP may be cut off before the answer
                httpx.request("BREW", f"{address}{token}")
            with closing(socket.create_connection(("127.0.0.1", port))) as raw:
                raw.sendall(f"GET {token} HTTP/9.9\r\n\r\n".encode())
                raw.recv(1000)
            with closing(sqlite3.connect(data / "vfm.sqlite3")) as database:
                database.execute("ALTER TABLE link RENAME TO lost")
            # each by a connection of its own: the server closes the one on which a page failed
            broken = [httpx.get(f"{address}{path}").status_code for path in (token, dispute)]
        finally:
            server.terminate()
    said = log.read_text(encoding="utf-8", errors="replace")
    assert broken == [500, 500]
    assert "a page failed" in said, "the failures are in the log"
    for path in (token, dispute):
        assert path.rpartition("/")[2] not in said


def _wait(address: str) -> None:
    until = time.monotonic() + 60
    while True:
        try:
            httpx.get(f"{address}/sign-in")
            return
        except httpx.TransportError:
            assert time.monotonic() < until, "the server did not start"
            time.sleep(0.2)


def test_every_point_of_the_protocol_has_a_test_named_after_it() -> None:
    names = " ".join(path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_*.py"))
    found = {int(number) for number in re.findall(r"def test_point_(\d\d)_", names)}
    assert found == set(range(1, 13))
