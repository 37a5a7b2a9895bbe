"""Every role on every route: the answer is what `config/roles.yaml` says, and a stranger learns nothing.

What is expected is worked out here from the file's own scopes and from what each persona is, by hand; nothing of the
program's own checks is used for it.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from typing import Any

import httpx
import pytest
import yaml
from jinja2 import Environment, FunctionLoader

from tests.access_support import PERSONAS, Persona, everything
from tests.people import Council
from tests.web.support import BASE, Browser
from vfm_workflow.folders import shipped
from vfm_workflow.store import projects
from vfm_workflow.store.tables import Dispute
from vfm_workflow.web import access, pages, templating
from vfm_workflow.web.access import ACCESS, NO_PAGE, NOT_YOURS, Need

ROLES: dict[str, Any] = yaml.safe_load((shipped() / "config/roles.yaml").read_text(encoding="utf-8"))["roles"]
FULL, BEGUN, NOWHERE = "VFM-0001", "VFM-0002", "VFM-9999"
VALUES = {
    "condition_id": "1", "version_id": "1", "period": "2026-03", "milestone_id": "1", "element_id": "1",
    "measure_id": "1", "line_id": "1", "evidence_id": "1", "key": "legal", "request_id": "1", "mail_id": "1",
    "idea_id": "1", "code": "SS", "person_id": "999", "token": "unknown", "link_id": "999",
    "file_id": "1", "deputy_id": "1", "remark_id": "1", "job_id": "1", "digest": "0" * 64, "seal": "unknown",
    "claim_id": "1", "fence_id": "1", "number": "1",
    "measure_code": "SS-01", "batch_id": "999", "figures": "readings", "kind": "mtfp", "token_id": "999", "secret": "unknown",
}  # fmt: skip
"""What stands in a route's address: things that the project with everything has."""
ROUTES = sorted(ACCESS)


def test_every_route_says_who_may_have_it_and_every_line_is_a_route() -> None:
    assert set(access.routes(pages.routers())) == set(ACCESS)


def test_every_role_has_a_persona() -> None:
    assert {persona.role for persona in PERSONAS.values()} == set(ROLES)


# ------------------------------------------------------------------ what the file says


def scope_of(persona: Persona, permission: str, *, begun: bool) -> str | None:
    """Return the scope by which somebody has a permission on a project, None where they have it not."""
    ties = persona.begun if begun else persona.ties
    scope: str | None = ROLES[persona.role]["may"].get(permission)
    if scope == "all" or (scope == "released" and not begun) or scope in ties:
        return scope
    return None


def expected(persona: Persona | None, need: Need, *, begun: bool) -> str:
    """Return `open`, `sign in`, `never there` or `not yours`."""
    if need.of == "anybody":
        return "open"
    if persona is None:
        return "sign in"  # with what they typed kept, where they typed anything
    may = ROLES[persona.role]["may"]
    if need.of == "signed_in":
        return "open"
    if need.of == "role":
        if may.get(need.reads) is None or (may[need.reads] == "released" and not need.released):
            return "never there"
        return "open" if not need.does or any(does in may for does in need.does) else "not yours"
    if need.besides and need.besides in may:
        return "open"
    sees, reads = (scope_of(persona, name, begun=begun) for name in ("project.read", need.reads))
    if sees is None:
        return "never there"
    if reads is None or (reads == "released" and not need.released):
        return "not yours" if need.reads == "project.read" else "never there"
    does = need.keeps or not need.does or any(scope_of(persona, d, begun=begun) for d in need.does)
    return "open" if does else "not yours"


# ------------------------------------------------------------------ a quick client


class Client:
    """Asks the application as many people, in one loop; nothing is followed."""

    def __init__(self, council: Council) -> None:
        self.browser = Browser(council)
        self.cookies = {key: self._cookie(key) for key in PERSONAS}

    def _cookie(self, key: str) -> str:
        jar = self.browser.sign_in(key).cookies
        return "; ".join(f"{name}={value}" for name, value in jar.items())

    def ask(self, asked: Sequence[tuple[str | None, str, str]]) -> list[httpx.Response]:
        """Return the answers to (who, method, path) each, in order."""

        async def run() -> list[httpx.Response]:
            transport = httpx.ASGITransport(self.browser.app)
            headers = {"sec-fetch-site": "same-origin", "origin": BASE}
            found = []
            async with httpx.AsyncClient(transport=transport, base_url=BASE, headers=headers) as client:
                for who, method, path in asked:
                    cookie = {"cookie": self.cookies[who]} if who is not None else {}
                    data: dict[str, str] | None = {} if method == "POST" else None
                    client.cookies.clear()
                    found.append(await client.request(method, path, headers=cookie, data=data))
            return found

        return asyncio.run(run())


def plain(_: object) -> Environment:
    """Return templates that say an error's sentence and nothing else: what pages show is for other tests."""
    return Environment(loader=FunctionLoader(lambda _: "{{ error }}"), autoescape=True)


def said(answer: httpx.Response) -> str:
    """Return what an answer was, as `expected` says it."""
    if answer.status_code == 303 and answer.headers["location"].startswith("/sign-in"):
        return "sign in"
    if answer.status_code == 404 and (NO_PAGE in answer.text or "There is no project " in answer.text):
        return "never there"
    if answer.status_code == 403 and NOT_YOURS in answer.text:
        return "not yours"
    return "open" if answer.status_code < 500 else f"broken: {answer.status_code}"


def path_of(route: str, reference: str, **other: str) -> str:
    return re.sub(r"\{(\w+)\}", lambda found: {**VALUES, "reference": reference, **other}[found[1]], route)


@pytest.fixture
def client(council: Council) -> Client:
    full, begun = everything(council)
    assert (full, begun) == (FULL, BEGUN)
    return Client(council)


def freeze(council: Council) -> None:
    """Dispute a decision: nothing moves then, so that every post may be tried and nothing changes for the next."""
    with council.app.write() as session:
        project = projects.by_reference(session, FULL)
        project.disputed_at = council.at
        session.add(Dispute(project_id=projects.key(project), vote_id=1, at=council.at))


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_every_role_gets_on_every_route_what_the_matrix_says(
    council: Council, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    monkeypatch.setattr(templating, "environment", plain)
    everything(council)
    client = Client(council)
    freeze(council)
    asked, wanted = [], []
    for route in (route for known, route in ROUTES if known == method):
        need = ACCESS[method, route]
        for reference in (FULL, BEGUN) if need.of == "project" and method == "GET" else (FULL,):
            for who in (None, *PERSONAS) if need.of != "anybody" else (None,):
                persona = PERSONAS[who] if who is not None else None
                asked.append((who, method, path_of(route, reference)))
                wanted.append(expected(persona, need, begun=reference == BEGUN))
    answers = client.ask(asked)
    wrong = [
        f"{who} {method} {path}: {said(answer)} ({answer.status_code}), not {want}"
        for (who, method, path), answer, want in zip(asked, answers, wanted, strict=True)
        if said(answer) != want and not (path.startswith("/demo") and said(answer) == "never there")
        # where people sign in by a link, there is no service to be sent to
        and not (path in ("/sign-in/begin", "/sign-in/callback") and said(answer) == "never there")
        and not (path == "/" and said(answer) == "sign in")
        and not (path == "/sign-out" and said(answer) == "sign in")
        # an administrator finds the page of a dispute, and without one it was never there
        and not (who == "admin" and path == f"/projects/{BEGUN}/dispute" and said(answer) == "never there")
    ]  # fmt: skip
    assert not wrong, "\n".join(wrong)
    assert len(asked) > 700


COLUMNS = (
    "manager", "other", "head", "planning", "chief", "finance", "legal", "hr", "holder", "mentor", "elsewhere", "partner",
    "stranger", "board", "performance", "auditor", "admin",
)  # fmt: skip
MATRIX = """
/projects/VFM-0001            y y y y y y y - y y - y - y y y -
/projects/VFM-0001/outline    y y y y y y y - - y - y - y y y -
/projects/VFM-0001/measures   y y y y y y y - - y - y - y y y -
/projects/VFM-0001/versions/1 y y y y y y y - - y - y - y y y -
/projects/VFM-0001/decisions  y y y y y y - - - - - - - y y y -
/projects/VFM-0001/returns    y y y y y y y - - y - y - y y y -
/projects/VFM-0001/savings    y y y y y y - - - - - y - y y y -
/projects/VFM-0001/lessons    y y y y y y - - - y - y - y y y -
/projects/VFM-0001/history    y y y y y y - - - - - - - y y y -
/projects/VFM-0001/members    y n y n n n n - n n - n - n n n -
/projects/VFM-0001/exempt     n - y - y n n - n - - - - n - n -
/projects/VFM-0002            y y y y y y - - - - - - - y y y -
/projects/new                 y y y y n n n n - n n n n n n n -
/savings                      y y y y y y - - y - - y y y y y -
/projects/VFM-0001/savings/1/register y y y y y y - - - - - y - y y y -
/projects/VFM-0001/reviews    y y y y y y - - - - - y - y y y -
/returns                      y y y y y y y y - y y y y y y y -
/measures                     y y y y y y - - y - - - - y y y -
/measures/SS-01               y y y y y y - - y - - - - y y y -
/measures/add                 n n y y n y - - - - - - - n y n -
/measures/SS-01/figures       n n y y n y - - - - - - - n y n -
/measures/SS-01/readings      n n y y n n - - - - - - - n y n -
/imports                      n n n n n y n n n n n n n n y n y
/account/tokens               y y y y y y y y y y y y y y y y y
/mail                         - - - - y - - - - - - - - - y y y
/people                       - - - - - - - - - - - - - - - - y
/reports                      y y y y y y - - y - - - - y y y -
/reports/mtfp                 y y y y y y n n n n n n n y y y n
/reports/decisions/VFM-0001   y y y y y y - - - - - - - y y y -
/ideas                        y y y y y y - - y - - - - - y y -
"""
"""The pages that the domain's matrix speaks of, by hand, for each of COLUMNS: y they have it (200), n they may not do that
(403), - there is no such thing (404)."""
STATUS = {"y": 200, "n": 403, "-": 404}


def test_the_pages_of_the_domains_matrix_answer_as_it_says(client: Client) -> None:
    lines = [line.split() for line in MATRIX.strip().splitlines()]
    asked = [(who, "GET", page) for page, *_ in lines for who in COLUMNS]
    wanted = [STATUS[letter] for _, *letters in lines for letter in letters]
    wrong = [
        f"{who} {page}: {answer.status_code}, not {want}"
        for (who, _, page), answer, want in zip(asked, client.ask(asked), wanted, strict=True)
        if answer.status_code != want
    ]
    assert not wrong, "\n".join(wrong)


# ------------------------------------------------------------------ a stranger learns nothing


def bare(answer: httpx.Response, *names: str) -> tuple[int, str, dict[str, str]]:
    """Return an answer without its nonce and without the names that were asked for."""
    nonce = re.search(r"'nonce-([^']+)'", answer.headers.get("content-security-policy", ""))
    text, headers = answer.text, dict(answer.headers)
    for word in (nonce[1] if nonce else "", *names):
        if word:
            text = text.replace(word, "")
            headers = {name: value.replace(word, "") for name, value in headers.items()}
    return answer.status_code, text, {n: v for n, v in headers.items() if "request-id" not in n}


def test_a_project_one_may_not_see_answers_to_the_byte_like_one_that_never_was(client: Client) -> None:
    unseen = ["legal", "holder", "partner", "admin"]
    routes = [(method, route) for method, route in ROUTES if route.startswith("/projects/{reference}")]
    asked = [
        (who, method, path_of(route, reference))
        for who in unseen
        for method, route in routes
        for reference in (BEGUN, NOWHERE)
    ]
    answers = client.ask(asked)
    for index in range(0, len(asked), 2):
        there, never = answers[index], answers[index + 1]
        assert bare(there, BEGUN) == bare(never, NOWHERE), asked[index]
        assert there.status_code == 404, asked[index]


UNREADABLE = [
    ("holder", "GET", "/projects/{reference}/versions/{version_id}", "version_id", "1", "999"),
    ("holder", "GET", "/projects/{reference}/returns/{period}", "period", "2026-03", "2025-03"),
    ("holder", "POST", "/projects/{reference}/conditions/{condition_id}", "condition_id", "1", "999"),
    ("partner", "POST", "/projects/{reference}/conditions/{condition_id}", "condition_id", "1", "999"),
    ("legal", "GET", "/projects/{reference}/savings/{line_id}", "line_id", "1", "999"),
    ("manager", "GET", "/mail/{mail_id}", "mail_id", "1", "999"),
    ("holder", "POST", "/mail/{mail_id}/retry", "mail_id", "1", "999"),
    ("chief", "POST", "/people/departments/{code}/head", "code", "SS", "XX"),
    ("hr", "POST", "/ideas/{idea_id}", "idea_id", "1", "999"),
    ("hr", "POST", "/tasks/decisions/{request_id}/link", "request_id", "1", "999"),
]
"""(who, method, route, the name in its address, a value that is there, one that never was)."""


def test_what_one_may_not_read_answers_like_what_was_never_there(client: Client) -> None:
    for who, method, route, name, there, never in UNREADABLE:
        paths = [path_of(route, FULL, **{name: value}) for value in (there, never)]
        first, second = client.ask([(who, method, path) for path in paths])
        assert first.status_code == second.status_code == 404, (who, route)
        assert bare(first, paths[0]) == bare(second, paths[1]), (who, route)


def test_whoever_is_signed_out_is_sent_to_sign_in_whether_there_is_such_a_thing_or_not(
    client: Client,
) -> None:
    paths = [
        "/projects/VFM-0001",
        "/projects/VFM-9999",
        "/mail/1",
        "/mail/999",
        "/people",
        "/projects/VFM-0001/versions/1",
    ]
    for answer, path in zip(client.ask([(None, "GET", path) for path in paths]), paths, strict=True):
        assert answer.status_code == 303
        assert answer.headers["location"] == f"/sign-in?next={path.replace('/', '%2F')}"
