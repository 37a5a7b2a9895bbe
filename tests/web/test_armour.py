"""What every answer carries and every request meets: policy, cookies, other sites, other hosts, methods, sizes."""

from __future__ import annotations

import asyncio
import datetime as dt
import re
import secrets
import sys
from types import ModuleType

import httpx
import pytest
from fastapi import APIRouter

from tests.people import Council, address
from tests.web.support import BASE, Browser, gets, posts
from vfm_workflow.journeys import signin
from vfm_workflow.settings import Loaded
from vfm_workflow.store import projects
from vfm_workflow.web import access, pages
from vfm_workflow.web.app import create
from vfm_workflow.web.visit import SESSION_COOKIE, local_path

PUBLIC = "https://vfm.wrenfold.example"
FOR_MACHINES = {"/notify/callback", "/api/readings"}
"""No page sends these, so none is shown in answer."""


@pytest.fixture
def browser(council: Council) -> Browser:
    return Browser(council).sign_in("admin")


def concrete(path: str) -> str:
    values = {"reference": "VFM-0001", "period": "2026-03", "token": "x" * 43, "code": "SS"}
    return re.sub(r"{(\w+)(:\w+)?}", lambda found: values.get(found[1], "1"), path)


def ask(council: Council, method: str, path: str, headers: dict[str, str]) -> httpx.Response:
    """Ask a council whose address is public, with exactly these headers and without raising."""
    council.app.demo_now = lambda: council.at  # type: ignore[method-assign]  # a clock that stands still
    app = create(council.app, clock=False)

    async def send() -> httpx.Response:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url=PUBLIC) as client:
            return await client.request(method, path, headers=headers)

    return asyncio.run(send())


@pytest.fixture
def public(council: Council) -> Council:
    """A council whose pages are at an https address."""
    loaded = council.app.loaded
    council.app.loaded = Loaded(loaded.settings.model_copy(update={"base_url": PUBLIC}), loaded.folders)
    return council


# ------------------------------------------------------------------ what every answer carries


def check(answer: httpx.Response, where: str) -> None:
    policy = answer.headers["content-security-policy"]
    assert "unsafe-" not in policy, where
    assert "default-src 'self'" in policy or "default-src 'none'" in policy, where
    assert "*" not in policy, where
    for needed in ("frame-ancestors", "base-uri 'none'", "form-action"):
        assert needed in policy, where
    assert answer.headers["x-content-type-options"] == "nosniff", where
    assert answer.headers["x-frame-options"] in ("DENY", "SAMEORIGIN"), where
    assert answer.headers["cross-origin-opener-policy"] == "same-origin", where
    assert answer.headers["cross-origin-resource-policy"] == "same-origin", where
    assert answer.headers["referrer-policy"] in ("same-origin", "no-referrer"), where
    assert answer.headers["cache-control"] == (
        "no-store" if "/static/" not in where else "public, max-age=86400"
    )


def test_every_page_carries_the_whole_armour(browser: Browser) -> None:
    browser.council.create()
    paths = [concrete(path) for path in gets()]
    assert len(paths) > 40
    for path in (*paths, "/nothing", "/static/app.css", "/static/nothing"):
        check(browser.get(path), path)


def test_every_refusal_carries_it_too(browser: Browser) -> None:
    foreign = {"sec-fetch-site": "cross-site", "origin": "https://bad.example"}
    check(browser.send("/sign-out", {}, headers=foreign), "another site")
    check(browser.get("/", headers={"host": "bad.example"}), "another host")
    check(browser.send("/people/new", {"name": "x" * (2 * 1024 * 1024 + 1)}), "too large")
    check(browser.send("/people/new", {}), "422")


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> str:
    """A page that fails."""
    router = APIRouter()

    @router.get("/broken")
    def fail() -> None:
        raise RuntimeError("it broke")

    module = ModuleType("broken")
    monkeypatch.setattr(module, "router", router, raising=False)
    monkeypatch.setitem(sys.modules, f"{pages.__name__}.broken", module)
    monkeypatch.setattr(pages, "ADDRESSES", {**pages.ADDRESSES, "broken": ("/broken",)})
    monkeypatch.setattr(access, "ACCESS", {**access.ACCESS, ("GET", "/broken"): access.ANYBODY})
    return "/broken"


def test_a_page_that_broke_carries_it_and_says_nothing_of_why(public: Council, broken: str) -> None:
    answer = ask(public, "GET", broken, {})
    assert answer.status_code == 500
    check(answer, "500")
    assert "it broke" not in answer.text
    assert "RuntimeError" not in answer.text


def test_the_nonce_of_a_page_is_new_each_time(browser: Browser) -> None:
    policies = {browser.get("/tasks").headers["content-security-policy"] for _ in range(3)}
    assert len(policies) == 3


def test_no_page_has_a_style_or_a_handler_of_its_own(browser: Browser) -> None:
    browser.council.create()
    for path in (concrete(path) for path in gets()):
        page = browser.get(path).text
        assert re.findall(r"<[^>]*\sstyle=", page) == [], path
        assert re.findall(r"<[^>]*\son[a-z]+=", page) == [], path
        assert re.findall(r"<(?:script|style)(?![^>]*nonce=)", page) == [], path


# ------------------------------------------------------------------ https


def test_hsts_is_said_off_this_machine_and_nowhere_else(public: Council) -> None:
    assert (
        ask(public, "GET", "/sign-in", {}).headers["strict-transport-security"].startswith("max-age=31536000")
    )


def test_on_this_machine_hsts_is_not_said(browser: Browser) -> None:
    assert "strict-transport-security" not in browser.get("/sign-in").headers


@pytest.mark.parametrize("base", [BASE, PUBLIC])
def test_every_cookie_is_out_of_reach_of_scripts_and_of_other_sites(council: Council, base: str) -> None:
    loaded = council.app.loaded
    council.app.loaded = Loaded(loaded.settings.model_copy(update={"base_url": base}), loaded.folders)
    with council.app.write() as session:
        person = projects.person_by_address(session, address("manager"))
        link = signin.mint(session, council.home, person, council.at, dt.timedelta(hours=1))
    path = link.removeprefix(council.home.base_url)
    council.app.demo_now = lambda: council.at  # type: ignore[method-assign]  # a clock that stands still
    app = create(council.app, clock=False)
    same = {"sec-fetch-site": "same-origin", "origin": base}

    async def go() -> list[str]:
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url=base, headers=same
        ) as client:
            asked = await client.post("/sign-in", data={"address": address("other")})
            page = await client.get(path)
            nonce = re.findall(r'name="nonce" value="([^"]*)"', page.text)[0]
            entered = await client.post(path, data={"nonce": nonce})
            assert entered.status_code == 303
            return [*asked.headers.get_list("set-cookie"), *entered.headers.get_list("set-cookie")]

    cookies = asyncio.run(go())
    assert any(SESSION_COOKIE in cookie for cookie in cookies)
    for cookie in cookies:
        assert "HttpOnly" in cookie
        assert "SameSite=lax" in cookie
        assert "Path=/" in cookie
        assert "Domain" not in cookie
        assert cookie.startswith("__Host-") == ("Secure" in cookie) == (base == PUBLIC)


# ------------------------------------------------------------------ other sites


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site", "origin": "https://bad.example"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site", "origin": "https://other.wrenfold.example"},
        {"origin": "https://bad.example"},
        {"origin": "null"},
        {"sec-fetch-site": "cross-site", "origin": "null"},
    ],
)
def test_every_form_refuses_to_be_sent_by_another_site(public: Council, headers: dict[str, str]) -> None:
    paths = [concrete(path) for path in posts()]
    assert len(paths) > 30
    for path in paths:
        answer = ask(public, "POST", path, headers)
        assert answer.status_code == 403, path
        assert "<html" not in answer.text, path  # before any page


def test_no_form_refuses_our_own_page(public: Council) -> None:
    ours = {"sec-fetch-site": "same-origin", "origin": PUBLIC}
    for path in (concrete(path) for path in posts() if path not in FOR_MACHINES):
        answer = ask(public, "POST", path, ours)
        assert "<html" in answer.text or answer.status_code == 303, (
            path
        )  # a page of ours said it, whatever it said


# ------------------------------------------------------------------ where a page may send people

OFF_SITE = [
    "https://bad.example/", "http://bad.example", "//bad.example", "///bad.example", "/\\bad.example", "\\\\bad.example",
    "/\\/bad.example", "/\t/bad.example", "/\n/bad.example", "\t//bad.example", " //bad.example", "javascript:alert(1)",
    "JaVaScRiPt:alert(1)", "data:text/html,x", "bad.example", "@bad.example", ".bad.example", "?next=//bad.example",
    "/\x00/bad.example", "https:bad.example", "https:/bad.example", "/%09/bad.example\r\nset-cookie: a=b", "", "#x",
    "/ok\r\nlocation: https://bad.example", "//bad.example/%2f..", "/\\\\bad.example", "/\x7f/bad.example",
]  # fmt: skip


@pytest.mark.parametrize("target", OFF_SITE)
def test_nothing_leads_off_the_site(target: str) -> None:
    assert local_path(target, "/safe") == "/safe"


@pytest.mark.parametrize(
    "target", ["/tasks", "/projects?stage=outline", "/projects/VFM-0001#x", "/a//b", "/%2F%2Fx"]
)
def test_a_path_of_ours_is_kept(target: str) -> None:
    assert local_path(target, "/safe") == target


@pytest.mark.parametrize("target", [target for target in OFF_SITE if target])
def test_sign_in_sends_nobody_off_the_site(browser: Browser, target: str) -> None:
    answer = browser.get(str(httpx.URL("/sign-in", params={"next": target})))
    assert answer.headers["location"] == "/tasks"


# ------------------------------------------------------------------ other hosts

POISON = [
    {"x-forwarded-host": "bad.example"},
    {"x-original-host": "bad.example"},
    {"x-host": "bad.example"},
    {"x-forwarded-server": "bad.example"},
    {"forwarded": "for=1.2.3.4;host=bad.example;proto=http"},
    {"x-forwarded-proto": "bad.example", "x-forwarded-port": "666"},
    {"x-original-url": "https://bad.example/", "x-rewrite-url": "https://bad.example/"},
    {"x-forwarded-prefix": "//bad.example"},
    {"referer": "https://bad.example/"},
]


@pytest.mark.parametrize("headers", POISON)
def test_what_a_request_says_of_its_host_reaches_no_page_redirect_mail_or_cookie(
    public: Council, headers: dict[str, str]
) -> None:
    for path in (
        "/",
        "/sign-in",
        "/tasks",
        "/tasks/",
        "/projects",
        "/nothing",
        "/about/privacy",
        "/sign-in/" + "x" * 43,
    ):
        answer = ask(public, "GET", path, headers)
        assert "bad.example" not in answer.text, path
        assert "bad.example" not in str(answer.headers), path
        assert not answer.headers.get("location", "/").startswith("http"), path
    browser = Browser(public)
    browser.send("/sign-in", {"address": address("manager")}, headers=headers)
    (mail,) = public.mails(notice="sign_in_link")
    assert "bad.example" not in mail.data.decode()
    assert all(link.startswith(public.home.base_url) for link in public.links_in(mail))


@pytest.mark.parametrize(
    "host",
    [
        "bad.example", "vfm.wrenfold.example.bad.example", "vfm.wrenfold.example@bad.example", "bad.example:443",
        "vfm.wrenfold.example:443@bad.example", "", "vfm.wrenfold.example/x", "vfm.wrenfold.example bad.example",
        "127.0.0.1.bad.example", "[::1].bad.example", "vfm.wrenfold.example:99999999", "x" * 300, "vfm.wrenfold.example#",
    ],
)  # fmt: skip
def test_a_request_for_another_host_is_turned_away(public: Council, host: str) -> None:
    answer = ask(public, "GET", "/sign-in", {"host": host})
    assert answer.status_code == 400
    assert "bad.example" not in answer.text + str(answer.headers)


@pytest.mark.parametrize(
    "host",
    [
        "vfm.wrenfold.example",
        "VFM.Wrenfold.Example",
        "vfm.wrenfold.example:443",
        "127.0.0.1:8000",
        "localhost",
        "[::1]:1",
    ],
)
def test_our_own_host_and_this_machines_are_answered(public: Council, host: str) -> None:
    assert ask(public, "GET", "/sign-in", {"host": host}).status_code == 200


def test_a_site_that_points_its_own_name_at_this_machine_is_turned_away(browser: Browser) -> None:
    assert browser.get("/tasks", headers={"host": "rebound.bad.example:8000"}).status_code == 400


# ------------------------------------------------------------------ methods and sizes


@pytest.mark.parametrize("method", ["TRACE", "TRACK", "CONNECT", "PUT", "DELETE", "PATCH", "OPTIONS", "BREW"])
def test_a_method_that_nothing_uses_is_refused_and_echoes_nothing(public: Council, method: str) -> None:
    for path in ("/", "/sign-in", "/projects/VFM-0001"):
        answer = ask(
            public,
            method,
            path,
            {"cookie": "canary=1", "sec-fetch-site": "same-origin", "x-canary": "canary"},
        )
        assert answer.status_code in (400, 403, 404, 405), path
        assert "canary" not in answer.text + str(answer.headers)


def test_headers_and_addresses_without_end_are_turned_away(public: Council) -> None:
    assert ask(public, "GET", "/sign-in", {f"x-{n}": "1" for n in range(120)}).status_code == 431
    assert ask(public, "GET", "/sign-in", {"x": "x" * 40_000}).status_code == 431
    assert ask(public, "GET", "/sign-in?next=" + "x" * 9_000, {}).status_code == 414


# ------------------------------------------------------------------ sessions


def test_whoever_plants_a_session_before_sign_in_holds_nothing_after_it(council: Council) -> None:
    browser = Browser(council)
    planted = secrets.token_urlsafe(32)
    browser.cookies.set(SESSION_COOKIE, planted, domain="127.0.0.1")
    browser.post("/sign-in", address=address("manager"))
    (link,) = [url for url in council.links_in(council.mails()[-1]) if "/sign-in/" in url]
    path = link.removeprefix(council.home.base_url)
    browser.get(path)
    browser.post(path, nonce=browser.hidden("nonce"))
    assert browser.cookies[SESSION_COOKIE] != planted
    browser.sign_out().cookies.set(SESSION_COOKIE, planted, domain="127.0.0.1")
    assert browser.get("/tasks").status_code == 303


def test_signing_out_ends_the_session_for_whoever_copied_the_cookie(council: Council) -> None:
    browser = Browser(council).sign_in("manager")
    thief = Browser(council)
    thief.cookies.set(SESSION_COOKIE, browser.cookies[SESSION_COOKIE], domain="127.0.0.1")
    assert thief.get("/tasks").status_code == 200
    browser.post("/sign-out")
    assert thief.get("/tasks").status_code == 303


# ------------------------------------------------------------------ what needs a fresh sign-in


def test_an_administrator_confirms_who_they_are_before_changing_who_somebody_is(browser: Browser) -> None:
    council = browser.council
    path = f"/people/{council.who('legal').id}/address"
    council.later(minutes=16)
    answer = browser.post(path, address="solicitor@wrenfold.example")
    assert answer.status_code == 403
    assert "You signed in more than 15 minutes ago. Confirm that it is you, then do it again." in browser.text
    assert 'href="/sign-in?confirm=1"' in answer.text
    assert "solicitor@wrenfold.example" in answer.text, "what was typed is kept"
    assert council.who("legal").id
    browser.sign_in("admin")
    assert browser.post(path, address="solicitor@wrenfold.example").status_code == 303
    with council.app.read() as session:
        assert projects.person_by_address(session, "solicitor@wrenfold.example").name == "Legal Officer"


def test_whatever_changes_who_somebody_is_needs_a_fresh_sign_in(browser: Browser) -> None:
    browser.council.later(minutes=16)
    fresh = {path for (_, path), need in access.ACCESS.items() if need.fresh}
    assert len(fresh) == 9
    for path in fresh:
        assert browser.send(concrete(path), {}).status_code == 403, path
        assert "Confirm that it is you" in browser.text
