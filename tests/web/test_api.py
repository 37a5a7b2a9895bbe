"""Figures for programs: by a token, what its person may read, a page at a time, and the same as the pages show."""

from __future__ import annotations

import asyncio
import base64
import csv
import io
import json
import re
from typing import Any

import httpx
import pytest

from tests.access_support import everything, verify
from tests.figures_support import moment, submit
from tests.library_support import record, stocked, token
from tests.people import Council
from tests.web.support import BASE, Browser
from vfm_workflow.journeys import tokens
from vfm_workflow.journeys.feeds import FEEDS
from vfm_workflow.store import projects


class Machine:
    """A program in front of the application: it shows a token, and no browser's headers."""

    def __init__(self, council: Council, shown: str = "", *, basic: bool = False) -> None:
        self.app = Browser(council).app
        said = base64.b64encode(f"anybody:{shown}".encode()).decode()
        self.headers = {"authorization": f"Basic {said}" if basic else f"Bearer {shown}"} if shown else {}

    def ask(self, method: str, path: str, **given: Any) -> httpx.Response:
        async def run() -> httpx.Response:
            transport = httpx.ASGITransport(self.app)
            async with httpx.AsyncClient(transport=transport, base_url=BASE) as client:
                return await client.request(method, path, headers=self.headers, **given)

        return asyncio.run(run())

    def data(self, path: str) -> list[dict[str, Any]]:
        answer = self.ask("GET", path)
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()["data"]
        return found

    def table(self, path: str) -> list[dict[str, str]]:
        answer = self.ask("GET", path)
        assert answer.headers["content-type"].startswith("text/csv")
        return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))

    def post(self, body: Any) -> httpx.Response:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.ask("POST", "/api/readings", content=content)


def machine(council: Council, key: str, scope: str = "read", *, basic: bool = False) -> Machine:
    return Machine(council, token(council, key, scope), basic=basic)


def furnish(council: Council) -> None:
    """Make a project with everything, one that is only begun, and two months of a measure of the library."""
    everything(council)
    council.at = moment(2026, 5, 8)
    submit(council, "VFM-0001", "2026-04")
    verify(council, "VFM-0001", "2026-04")
    record(council, "SS-01", "2026-03", "70.25")
    record(council, "SS-01", "2026-04", numerator="2735253", denominator="39606")


@pytest.fixture
def full(council: Council) -> Council:
    """The same council."""
    furnish(council)
    return council


# ------------------------------------------------------------------ who is let in


def test_without_a_token_there_is_nothing_and_with_one_there_is(full: Council) -> None:
    paths = [f"/api/{name}{end}" for name in FEEDS for end in ("", ".csv")] + ["/api/projects/VFM-0001"]
    nobody, bearer, basic = Machine(full), machine(full, "chief"), machine(full, "chief", basic=True)
    for path in paths:
        answer = nobody.ask("GET", path)
        assert answer.status_code == 401, path
        assert {"Basic", "Bearer"} <= set(re.findall(r"[A-Z]\w+", answer.headers["www-authenticate"]))
        assert set(answer.json()) == {"error"}
        assert bearer.ask("GET", path).status_code == basic.ask("GET", path).status_code == 200, path


def test_what_is_no_token_is_refused_alike(full: Council) -> None:
    ended = token(full, "manager")
    with full.app.write() as session:
        held = tokens.hold(session, full.home, ended, full.at)
        tokens.end(session, held.actor, held.id, full.at)
    said = {
        Machine(full, shown).ask("GET", "/api/projects").text
        for shown in (ended, "vfm_" + "x" * 43, "secret", full.app.secret_key)
    }
    assert len(said) == 1
    for header in (
        "Basic",
        "Basic %%%",
        "Basic " + base64.b64encode(b"\xff\xfe").decode(),
        "Digest x",
        "Bearer",
    ):
        asking = Machine(full)
        asking.headers = {"authorization": header}
        assert asking.ask("GET", "/api/projects").status_code == 401


def test_a_session_is_no_token_and_a_calendar_s_address_reads_no_figures(full: Council) -> None:
    assert Browser(full).sign_in("chief").get("/api/projects").status_code == 401
    answer = machine(full, "chief", "calendar").ask("GET", "/api/projects")
    assert answer.status_code == 403
    assert "serves nothing else" in answer.json()["error"]


def test_too_many_requests_of_one_token_are_refused_and_another_s_are_not(full: Council) -> None:
    busy = machine(full, "chief")
    other = token(full, "finance")
    seen = [busy.ask("GET", "/api/milestones").status_code for _ in range(121)]
    assert (seen[0], seen[119], seen[120]) == (200, 200, 429)
    assert "Too many tries" in busy.ask("GET", "/api/milestones").json()["error"]
    busy.headers = {"authorization": f"Bearer {other}"}
    assert busy.ask("GET", "/api/milestones").status_code == 200


def test_that_it_was_used_is_seen_by_its_person(full: Council) -> None:
    machine(full, "chief").ask("GET", "/api/projects")
    chief = Browser(full).sign_in("chief")
    chief.get("/account/tokens")
    assert "Last used" in chief.text
    assert "8 May 2026" in chief.text


# ------------------------------------------------------------------ what is answered


def test_every_list_has_its_columns_in_json_and_csv_and_both_say_the_same(full: Council) -> None:
    asking = machine(full, "chief")
    for name, feed in FEEDS.items():
        rows, table = asking.data(f"/api/{name}"), asking.table(f"/api/{name}.csv")
        assert rows, name
        assert {tuple(row) for row in rows} == {feed.columns}, name
        assert {tuple(row) for row in table} == {feed.columns}, name
        assert len(rows) == len(table)
        for row, cells in zip(rows, table, strict=True):
            for column, value in row.items():
                cell = cells[column]
                if value is None:
                    assert cell == "", (name, column)
                elif isinstance(value, bool):
                    assert cell == ("yes" if value else "no"), (name, column)
                elif isinstance(value, int | float):
                    assert float(cell) == value, (name, column)
                else:
                    assert cell.removeprefix("'") == value, (name, column)


def test_a_reading_is_the_number_its_page_shows(full: Council) -> None:
    rows = {row["month"]: row for row in machine(full, "chief").data("/api/readings?measure=SS-01")}
    assert (rows["2026-04"]["value"], rows["2026-04"]["numerator"], rows["2026-04"]["denominator"]) == (
        69.06, 2735253, 39606,
    )  # fmt: skip
    page = Browser(full).sign_in("chief")
    page.get("/measures/SS-01")
    assert "69.06 £2,735,253 ÷ 39,606" in page.text
    assert rows["2026-04"]["recorded_by"] == "Head of Street Scene"


def test_savings_add_up_to_what_the_project_s_page_says(full: Council) -> None:
    rows = [row for row in machine(full, "chief").data("/api/savings") if row["project"] == "VFM-0001"]
    assert [(row["year"], row["expected"], row["delivered"]) for row in rows] == [
        ("2025/26", 0, 6666.67),
        ("2026/27", 80000, 6666.67),
        ("2027/28", 210000, 0),
    ]
    page = Browser(full).sign_in("chief")
    page.get("/projects/VFM-0001/savings")
    total = sum(row["expected"] for row in rows)
    assert f"£{total:,.0f}" in page.text
    assert "£13,333.34 from March 2026 to April 2026" in page.text


def test_a_project_s_own_address_has_all_its_parts(full: Council) -> None:
    answer = machine(full, "chief").ask("GET", "/api/projects/vfm-0001").json()
    assert answer["reference"] == "VFM-0001"
    assert {
        part: bool(answer[part]) for part in ("measures", "readings", "savings", "returns", "milestones")
    } == (dict.fromkeys(("measures", "readings", "savings", "returns", "milestones"), True))
    assert {row["project"] for row in answer["readings"]} == {"VFM-0001"}


def test_lists_are_paged_and_the_pages_put_together_are_the_list(full: Council) -> None:
    asking = machine(full, "chief")
    whole = asking.data("/api/readings")
    assert len(whole) > 3
    found, path, pages = [], "/api/readings?per_page=2", 0
    while path:
        answer = asking.ask("GET", path)
        body = answer.json()
        assert body["total"] == len(whole)
        found += body["data"]
        assert ('rel="next"' in answer.headers.get("link", "")) == bool(body["next"])
        path, pages = (body["next"] or "").removeprefix(full.home.base_url), pages + 1
    assert found == whole
    assert pages == -(-len(whole) // 2)


def test_filters_narrow_and_what_is_no_filter_is_refused(full: Council) -> None:
    asking = machine(full, "chief")
    assert {row["month"] for row in asking.data("/api/readings?from=2026-04&to=2026-04")} == {"2026-04"}
    assert {row["department"] for row in asking.data("/api/projects?department=pe")} == {"PE"}
    assert {row["project"] for row in asking.data("/api/returns?project=vfm-0001")} == {"VFM-0001"}
    assert asking.data("/api/readings?project=VFM-0002") == []
    answer = asking.ask("GET", "/api/readings?colour=red&page=0&per_page=9999&from=May")
    assert answer.status_code == 422
    assert set(answer.json()["fields"]) == {"colour", "page", "per_page", "from"}


def test_cells_that_a_spreadsheet_would_run_are_inert(full: Council) -> None:
    with full.app.write() as session:
        projects.by_reference(session, "VFM-0002").title = "=HYPERLINK(A1)"
    asking = machine(full, "chief")
    assert "=HYPERLINK(A1)" in {row["title"] for row in asking.data("/api/projects")}
    assert "'=HYPERLINK(A1)" in {row["title"] for row in asking.table("/api/projects.csv")}


def test_what_is_not_there_is_json_too(full: Council) -> None:
    asking = machine(full, "chief")
    for path in ("/api/nothing", "/api/projects/VFM-9999", "/api/"):
        answer = asking.ask("GET", path)
        assert (answer.status_code, answer.headers["content-type"]) == (404, "application/json"), path
    assert asking.ask("DELETE", "/api/projects").status_code == 405


# ------------------------------------------------------------------ what each may read


def seen(council: Council, key: str) -> dict[str, set[str]]:
    """Return list → the projects that somebody's token reads there."""
    asking = machine(council, key)
    column = {"projects": "reference"}
    return {
        name: {row[column.get(name, "project")] or "" for row in asking.data(f"/api/{name}")}
        for name in FEEDS
    }


def test_each_reads_the_projects_that_their_pages_show(full: Council) -> None:
    both = {"VFM-0001", "VFM-0002"}
    assert seen(full, "chief")["projects"] == seen(full, "board")["projects"] == both
    for who in ("mentor", "partner", "legal"):
        assert seen(full, who)["projects"] == {"VFM-0001"}, who
    for who in ("stranger", "hr", "elsewhere", "admin"):
        found = seen(full, who)
        assert not any(found.values()), who
    assert seen(full, "mentor")["savings"] == set(), "a mentor does not read savings"
    assert seen(full, "partner")["savings"] == {"VFM-0001"}
    assert "" not in seen(full, "mentor")["readings"], "the library is for who reads reports"
    assert machine(full, "stranger").ask("GET", "/api/projects/VFM-0001").status_code == 404


def test_members_read_what_the_release_clock_has_let_out_and_no_more(full: Council) -> None:
    def months(who: str) -> list[tuple[str | None, str]]:
        rows = machine(full, who).data("/api/readings")
        return sorted({(row["project"], row["month"]) for row in rows}, key=str)

    # 8 May: quarter 4 (to March) is out to portfolio holders since 30 April, to the others on 1 June.
    assert months("holder") == [("VFM-0001", "2026-03"), (None, "2026-03")]
    assert months("group") == []
    holder = machine(full, "holder")
    (row,) = holder.data("/api/projects")
    assert (row["reference"], row["manager"], row["next_milestone"]) == ("VFM-0001", None, None)
    assert row["rag"] == "green"
    assert machine(full, "group").data("/api/projects")[0]["rag"] is None
    assert [row["month"] for row in holder.data("/api/returns")] == ["2026-03"]
    assert holder.data("/api/returns")[0]["spend"] is None
    assert holder.data("/api/milestones") == []
    delivered = {row["year"]: row["delivered"] for row in holder.data("/api/savings")}
    officers = {row["year"]: row["delivered"] for row in machine(full, "chief").data("/api/savings")}
    assert delivered == {"2025/26": 6666.67, "2026/27": 0, "2027/28": 0}
    assert officers == {"2025/26": 6666.67, "2026/27": 6666.67, "2027/28": 0}
    assert all(row["agreed"] or row["target"] is None for row in holder.data("/api/measures"))
    full.at = moment(2026, 6, 2)
    assert machine(full, "group").data("/api/returns")


def test_a_return_that_is_not_verified_is_not_released(full: Council) -> None:
    full.at = moment(2026, 6, 8)
    submit(full, "VFM-0001", "2026-05")
    full.at = moment(2026, 8, 10)
    holder = machine(full, "holder")
    assert [row["month"] for row in holder.data("/api/returns")] == ["2026-03", "2026-04"]
    assert "2026-05" not in {row["month"] for row in holder.data("/api/readings") if row["project"]}


def test_no_text_of_an_outline_comes_out_exempt_or_not(full: Council) -> None:
    asking = machine(full, "chief")
    texts = [asking.ask("GET", f"/api/{name}").text for name in (*FEEDS, "projects/VFM-0001")]
    page = Browser(full).sign_in("chief")
    page.get("/projects/VFM-0001/outline")
    for section in full.home.outline.outline:
        words = f"{section.key}0 {section.key}1"
        assert words in page.text
        assert not [text for text in texts if words in text]


# ------------------------------------------------------------------ readings by program


def test_a_program_records_readings_once_however_often_it_sends_them(full: Council) -> None:
    asking = machine(full, "performance", "write")
    body = {
        "readings": [{"measure": "SS-01", "month": "2026-02", "numerator": 2740000, "denominator": 39600}]
    }
    first = asking.post(body)
    assert first.status_code == 200, first.text
    assert first.json() == {
        "rows": 1, "new": 1, "corrections": 0, "unchanged": 0, "problems": [], "batch": first.json()["batch"],
    }  # fmt: skip
    again = asking.post(body).json()
    assert (again["new"], again["unchanged"], again["batch"]) == (0, 1, None)
    row = next(row for row in asking.data("/api/readings?measure=SS-01") if row["month"] == "2026-02")
    assert (row["value"], row["source"]) == (69.19, "api")


def test_anything_wrong_leaves_all_of_it_out_and_is_named_by_row_and_field(full: Council) -> None:
    asking = machine(full, "performance", "write")
    before = asking.data("/api/readings")
    answer = asking.post(
        {
            "readings": [
                {"measure": "SS-01", "month": "2026-02", "value": "70.10"},
                {"measure": "SS-01", "month": "2026-03", "value": 71.5},
                {"measure": "SS-44", "month": "2026-03", "value": 71.5},
                {"measure": "SS-01", "month": "2027-03", "value": 71.5},
                {"measure": "SS-01", "month": "2026-01", "value": 1e300},
                {"measure": "SS-01", "month": "2026-01", "value": True},
                {"measure": "SS-01", "month": "2026-01", "price": 1},
                "SS-01",
            ]
        }
    )
    assert answer.status_code == 422
    assert [(bad["row"], bad["field"]) for bad in answer.json()["problems"]] == [
        (2, "reason"), (3, "measure"), (4, "month"), (5, "value"), (6, "value"), (7, "price"), (8, ""),
    ]  # fmt: skip
    assert (answer.json()["new"], answer.json()["batch"]) == (0, None)
    assert asking.data("/api/readings") == before


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'{"readings": []}', b'{"readings": 3}', b"[" * 100_000, b"\xff"]
)
def test_what_is_no_such_request_is_refused(full: Council, body: bytes) -> None:
    answer = machine(full, "performance", "write").post(body)
    assert answer.status_code == 422
    assert set(answer.json()) == {"error", "fields"}


def test_a_token_that_reads_does_not_record_and_one_s_department_is_one_s_own(full: Council) -> None:
    body = {"readings": [{"measure": "SS-01", "month": "2026-02", "value": "70.10"}]}
    assert machine(full, "performance").post(body).status_code == 403
    assert machine(full, "planning", "write").post(body).json()["problems"][0]["field"] == "measure"
    assert machine(full, "head", "write").post(body).status_code == 200


def test_the_library_answers_with_this_year_s_figures(council: Council) -> None:
    stocked(council)
    rows = {row["code"]: row for row in machine(council, "chief").data("/api/measures")}
    assert (rows["SS-01"]["year"], rows["SS-01"]["baseline"], rows["SS-01"]["target"], rows["SS-01"]["agreed"]) == (
        "2026/27", 71, 68, True,
    )  # fmt: skip
    assert rows["SS-01"]["tolerance"] == 0.5
