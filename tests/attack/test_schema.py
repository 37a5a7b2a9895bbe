"""Schemathesis over every route, by the schema that the application has and the forms that its pages show."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import httpx
import hypothesis
import pytest
import schemathesis
import structlog
from hypothesis import HealthCheck, Phase

from tests.attack.test_corpus import STARTS, starts
from tests.attack.walking import Visitor, Walk, schema, shape, walk
from tests.web.deciding import dump
from tests.web.support import BASE
from vfm_workflow.web import visit as visits

pytestmark = pytest.mark.xdist_group("attack")

EXAMPLES = 6
"""Examples for each route and person: enough to reach each branch in time, since the corpus goes deeper."""
SETTINGS = hypothesis.settings(
    max_examples=EXAMPLES,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
KNOWN = {
    "reference": ["VFM-0001", "VFM-0002", "VFM-0003", "VFM-0004", "vfm-1", "VFM-9999"],
    "period": ["2026-09", "2026-10", "2099-13"],
    "code": ["SS", "PE"],
    "key": ["finance", "legal"],
}
"""Values of paths that lead somewhere, to be mixed with those that do not."""
METHODS = ("get", "post")


def described(visitor: Visitor) -> dict[str, Any]:
    """Return the application's schema with what it does not say: values that exist, and the fields of its forms."""
    found: dict[str, Any] = copy.deepcopy(schema(visitor))
    walks = [walk(visitor.as_(key), STARTS) for key in ("manager", "admin")]
    walks.append(walk(visitor.as_(""), starts(visitor.as_(""), "link")))
    for path, operations in found["paths"].items():
        for method in list(operations):
            if method not in METHODS:
                del operations[method]
                continue
            operation = operations[method]
            operation["operationId"] = f"{method} {path}"
            for parameter in operation.get("parameters", []):
                _mixed(parameter)
            if method == "post":
                operation["requestBody"] = _body(walks, path)
    return found


def _mixed(parameter: dict[str, Any]) -> None:
    known = KNOWN.get(parameter["name"])
    if parameter["schema"].get("type") == "integer":
        parameter["schema"] = {
            "anyOf": [{"type": "integer", "minimum": 1, "maximum": 12}, {"type": "integer"}]
        }
    elif known:
        parameter["schema"] = {"anyOf": [{"enum": known}, {"type": "string"}]}


def _body(walks: list[Walk], path: str) -> dict[str, Any]:
    here = shape(path.replace("{", "").replace("}", ""))
    names: dict[str, dict[str, Any]] = {}
    for found in walks:
        for (action, _), (_, form) in found.forms.items():
            if len(action.split("/")) == len(here.split("/")) and _fits(path, action):
                for one in form.fields:
                    options = [value for value in one.options if value] or ([one.value] if one.value else [])
                    mixed = [{"enum": sorted(set(options))}, {"type": "string"}]
                    names[one.name] = {"anyOf": mixed} if options else {"type": "string"}
    names = names or {"nonce": {"type": "string"}, "reason": {"type": "string"}}
    body = {"type": "object", "properties": names, "required": sorted(names)}
    return {"content": {"application/x-www-form-urlencoded": {"schema": body}}}


def _fits(path: str, action: str) -> bool:
    """Return whether the kind of page that a form goes to is this route."""
    pairs = zip(path.split("/"), action.split("/"), strict=True)
    return all(route.startswith("{") or route == kind for route, kind in pairs)


def armour(answer: Any, doing: str) -> None:
    """See that an answer has every header that none may be without."""
    said = {name.lower(): value for name, value in answer.headers.items()}
    said = {name: value[0] if isinstance(value, list) else value for name, value in said.items()}
    policy = said["content-security-policy"]
    assert "frame-ancestors 'none'" in policy, doing
    assert "base-uri 'none'" in policy, doing
    assert "default-src 'none'" in policy or "object-src 'none'" in policy, doing
    assert "unsafe" not in policy, doing
    assert said["x-content-type-options"] == "nosniff", doing
    assert said["referrer-policy"] in ("same-origin", "no-referrer"), doing
    assert said["cache-control"] == "no-store" or "/static/" in doing, doing
    assert not [name for name in said if name.startswith("access-control-")], doing
    assert "server" not in said, doing
    assert "x-powered-by" not in said, doing
    kind = said.get("content-type", "")
    if kind.startswith("text/"):
        assert "charset=utf-8" in kind, doing


def cases(document: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield each operation's name and the strategy of its cases."""
    loaded = schemathesis.openapi.from_dict(document)
    for result in loaded.get_all_operations():
        operation = result.ok()  # type: ignore[union-attr]  # a schema of ours that is none should fail
        yield f"{operation.method.upper()} {operation.path}", operation.as_strategy()


@pytest.mark.parametrize("key", ["", "manager"])
def test_whatever_is_sent_breaks_nothing(visitor: Visitor, key: str) -> None:
    document = described(visitor)
    person = visitor.as_(key)
    sent = [each(person, strategy, name) for name, strategy in cases(document)]
    assert sum(sent) > EXAMPLES * 30, "hardly anything was sent"


def each(person: Visitor, strategy: Any, name: str) -> int:
    """Send examples of one operation, always the same ones; return how many."""
    cookies, sent = dict(person.cookies), []

    @SETTINGS
    @hypothesis.given(strategy)
    def once(case: Any) -> None:
        given = case.as_transport_kwargs(base_url=BASE)
        person.cookies = httpx.Cookies(cookies)
        answer = person.sent(given["method"], given["url"], given.get("data"), given.get("params"))
        sent.append(answer.status_code)
        assert answer.status_code < 500, f"{name} {given}"
        assert "\n" not in answer.headers.get("location", "")
        armour(answer, name)

    once()
    return len(sent)


def test_every_answer_wears_its_armour(visitor: Visitor) -> None:
    for key in ("", "manager", "admin"):
        for path, answer in walk(
            visitor.as_(key), (*STARTS, "/nowhere", "/static/app.js", "/projects/VFM-9999")
        ).pages.items():
            armour(answer, path)
            for cookie in answer.headers.get_list("set-cookie"):
                assert "httponly" in cookie.lower(), path
                assert "samesite=lax" in cookie.lower(), path
    stranger = visitor.as_("")
    for path, answer in walk(stranger, starts(stranger, "link")).pages.items():
        armour(answer, path)


def test_no_post_is_taken_from_another_site(visitor: Visitor) -> None:
    manager = visitor.as_("manager")
    before = dump(visitor.council.app)
    posts = [path for path, operations in schema(visitor)["paths"].items() if "post" in operations]
    assert len(posts) > 20
    for path in posts:
        here = path.format_map(Known())
        for site, origin in (
            ("cross-site", "https://evil.example"), ("same-site", "https://other.example"), ("cross-site", "null"),
            ("", "https://evil.example"), ("", "http://127.0.0.1:8000.evil.example"), ("", "null"),
        ):  # fmt: skip
            headers = {"sec-fetch-site": site, "origin": origin} if site else {"origin": origin}
            answer = manager.bare("POST", here, headers)
            assert answer.status_code == 403, f"{here} from {site} {origin}: {answer.status_code}"
    assert dump(visitor.council.app) == before


class Known(dict[str, str]):
    """Something for each part of a path."""

    def __missing__(self, key: str) -> str:
        return KNOWN.get(key, ["1"])[0]


def test_nothing_is_served_that_no_page_leads_to(visitor: Visitor) -> None:
    for path in (
        "/openapi.json", "/docs", "/redoc", "/metrics", "/.git/HEAD", "/static/", "/static/../app.py", "/static/%2e%2e/app.py",
        "/static/..%2fapp.py", "/static//etc/passwd", "/vfm.sqlite3", "/secret.key", "/demo", "/.env", "/server-status",
    ):  # fmt: skip
        assert visitor.get(path).status_code in (404, 405), path
    for method in ("TRACE", "CONNECT", "PUT", "DELETE", "PATCH", "OPTIONS", "DEBUG"):
        for path in ("/projects", "/sign-in", "/static/app.js"):
            assert visitor._ask(method, path, None, False, None).status_code in (400, 403, 404, 405), (
                f"{method} {path}"
            )


def test_a_page_that_fails_tells_nothing_of_the_inside(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError("the disk at /srv/secret is full: SELECT digest FROM link")

    person = visitor.as_("manager")
    with structlog.testing.capture_logs() as logged:
        with monkeypatch.context() as broken:
            broken.setattr(visits.Visit, "read", fail)
            answer = person.bare("GET", "/projects", {})
        assert [line["event"] for line in logged if line["log_level"] == "error"]
    assert answer.status_code == 500
    for word in ("disk", "/srv", "SELECT", "Traceback", "OSError", ".py"):
        assert word not in answer.text, word
    armour(answer, "/projects")


def test_a_body_too_large_is_refused_before_it_is_read(visitor: Visitor) -> None:
    person = visitor.as_("manager")
    before = dump(visitor.council.app)
    answer = person.raw("/projects/new", "application/x-www-form-urlencoded", b"title=" + b"x" * 3_000_000)
    assert answer.status_code == 413
    many = b"&".join(b"f%d=x" % number for number in range(3000))
    assert person.raw("/projects/new", "application/x-www-form-urlencoded", many).status_code in (
        400,
        413,
        422,
    )
    assert dump(visitor.council.app) == before
