"""Files and requests of machines that mean harm: refused or shown inert, and never a fault of ours."""

from __future__ import annotations

import asyncio
import base64
import json
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.attack.corpus import FIGURES, VALUES
from tests.attack.walking import Snapshot, Visitor
from tests.journeys.jobbing import work
from tests.library_support import COST, READINGS, csv_of, token
from tests.people import Council
from tests.web.deciding import dump
from tests.web.support import BASE
from vfm_workflow.journeys import importing, library
from vfm_workflow.journeys.feeds import FEEDS

pytestmark = pytest.mark.xdist_group("attack")
HOSTILE = [*VALUES.values(), *FIGURES.values()]
QUIET = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))


def stocked(council: Council) -> None:
    with council.app.write() as session:
        library.save(session, council.home, council.actor(session, "head"), council.at, form=COST)


def ask(visitor: Visitor, method: str, path: str, shown: str, **given: Any) -> httpx.Response:
    """Return the answer to a program, which sends no browser's headers."""
    visitor.forget_tries()

    async def run() -> httpx.Response:
        transport = httpx.ASGITransport(visitor.app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url=BASE) as client:
            return await client.request(method, path, headers={"authorization": f"Bearer {shown}"}, **given)

    return asyncio.run(run())


@pytest.mark.parametrize("kind", sorted(importing.IMPORTERS))
def test_a_hostile_file_is_refused_by_line_and_changes_nothing(visitor: Visitor, kind: str) -> None:
    council = visitor.council
    stocked(council)
    columns = [column.name for column in importing.IMPORTERS[kind].columns]
    by = "admin" if kind == "people" else "performance"
    rows = [",".join('"' + text.replace('"', '""') + '"' for _ in columns) for text in HOSTILE]
    data = "\r\n".join([",".join(columns), *rows]).encode("utf-8", "replace")
    before = dump(council.app)
    with council.app.read() as session:
        plan = importing.look(session, council.home, kind, data, council.actor(session, by), council.at)
    assert plan.bad
    assert not plan.new
    assert dump(council.app) == before


def test_what_a_hostile_file_says_is_shown_inert(visitor: Visitor) -> None:
    council = visitor.council
    stocked(council)
    person = visitor.as_("performance")
    rows = [
        ("<script>alert(1)</script>", "2026-01", "1", "", "", ""),
        ("SS-01", '"><img src=x onerror=alert(1)>', "1"),
    ]
    files = {
        "file": ("<script>alert(2)</script>.csv", csv_of(READINGS, *[r + ("",) * (6 - len(r)) for r in rows]))
    }
    answer = person.pairs("/imports", [("kind", "readings")], files)
    assert answer.status_code == 303
    assert work(council)
    page = person.get(answer.headers["location"])
    assert "things are wrong" in page.text
    for word in ("<script>alert", "<img src=x"):
        assert word not in page.text


@QUIET
@given(data=st.binary(max_size=400))
def test_whatever_bytes_are_sent_as_a_file_they_are_read_or_refused(
    shipped_data: Council, data: bytes
) -> None:
    council = shipped_data
    with council.app.read() as session:
        who = council.actor(session, "performance")
        for kind in ("readings", "savings", "milestones"):
            plan = importing.look(
                session, council.home, kind, b"measure,month,value\n" + data, who, council.at
            )
            assert plan.bad or plan.rows or not data.strip()


@pytest.fixture(scope="module")
def shipped_data(stage: tuple[Visitor, Snapshot]) -> Council:
    """The council, to be looked at alone."""
    return stage[0].council


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)


def test_whatever_json_is_sent_it_is_refused_in_json_and_changes_nothing(visitor: Visitor) -> None:
    council = visitor.council
    stocked(council)
    shown = token(council, "performance", "write")
    ask(visitor, "GET", "/api/readings", shown)  # so that its use is noted already
    before = dump(council.app)

    @QUIET
    @given(
        JSON
        | st.fixed_dictionaries(
            {
                "readings": st.lists(
                    st.dictionaries(st.sampled_from(["measure", "month", "value", "x"]), JSON, max_size=4)
                )
            }
        )
    )
    def attack(body: Any) -> None:
        answer = ask(visitor, "POST", "/api/readings", shown, content=json.dumps(body).encode())
        assert answer.status_code in (200, 422), answer.text
        assert isinstance(answer.json(), dict)

    attack()
    assert dump(council.app) == before


@pytest.mark.parametrize("path", [*(f"/api/{name}" for name in FEEDS), "/api/projects.csv"])
def test_hostile_parameters_are_refused_or_find_nothing(visitor: Visitor, path: str) -> None:
    shown = token(visitor.council, "chief")
    for number, text in enumerate(HOSTILE):
        name = ("project", "department", "measure", "from", "to", "page", "per_page")[number % 7]
        answer = ask(visitor, "GET", path, shown, params={name: text[:500]})
        assert answer.status_code in (200, 400, 414, 422), (name, text, answer.text)
        assert "Traceback" not in answer.text


def test_a_token_that_was_cut_altered_or_swapped_opens_nothing(visitor: Visitor) -> None:
    shown = token(visitor.council, "chief")
    calendar = token(visitor.council, "chief", "calendar")
    forged = [
        shown[:-1], shown[1:], shown + "A", shown.upper(), shown.swapcase(), shown.replace("vfm_", ""), "vfm_", "vfm_ ",
        shown[:20] + ("A" if shown[20] != "A" else "B") + shown[21:], f"{shown} {shown}",
        base64.b64encode(shown.encode()).decode(),
    ]  # fmt: skip
    for text in forged:
        assert ask(visitor, "GET", "/api/projects", text).status_code == 401, text
    assert ask(visitor, "GET", "/api/projects", shown).status_code == 200
    assert ask(visitor, "GET", "/api/projects", calendar).status_code == 403
    for text in (
        calendar[:-1],
        calendar + "A",
        calendar.upper(),
        "..%2f" + calendar,
        shown,
        calendar + "%00",
    ):
        assert visitor.as_("").get(f"/calendar/{text}.ics").status_code == 404, text
        visitor.forget_tries()
    assert visitor.as_("").get(f"/calendar/{calendar}.ics").status_code == 200


def test_no_browser_of_another_site_records_by_a_program_s_token(visitor: Visitor) -> None:
    stocked(visitor.council)
    shown = token(visitor.council, "performance", "write")
    headers = {
        "authorization": f"Bearer {shown}", "sec-fetch-site": "cross-site", "origin": "https://evil.example",
    }  # fmt: skip
    assert visitor.bare("POST", "/api/readings", headers).status_code == 403
