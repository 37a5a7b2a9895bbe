"""Signing in with the council's own accounts: a real provider in a process of its own, and one that misbehaves."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
from joserfc.jwk import RSAKey
from sqlalchemy import select
from sqlmodel import col

from tests.people import Council, address
from tests.web.providers import (
    CLIENT,
    Provider,
    at_the_mock,
    away,
    misbehaving_provider,
    real_provider,
    there,
    with_accounts,
)
from tests.web.support import Browser
from vfm_workflow.domain.roles import Actor
from vfm_workflow.journeys import signin
from vfm_workflow.store import projects
from vfm_workflow.store.tables import Person, WebSession
from vfm_workflow.web.pages.oidc import ASKED_COOKIE
from vfm_workflow.web.visit import SESSION_COOKIE


@pytest.fixture(scope="module")
def mock() -> Iterator[str]:
    with real_provider() as issuer:
        yield issuer


@pytest.fixture
def real(council: Council, mock: str) -> Browser:
    """A browser of a council that signs in with the real provider."""
    return Browser(with_accounts(council, mock))


@pytest.fixture
def service() -> Iterator[Provider]:
    with misbehaving_provider() as provider:
        yield provider


@pytest.fixture
def browser(council: Council, service: Provider) -> Browser:
    """A browser of a council that signs in with the provider that misbehaves."""
    return Browser(with_accounts(council, service.issuer))


def person(council: Council, key: str = "manager") -> Person:
    with council.app.read() as session:
        return projects.person_by_address(session, address(key))


def change(council: Council, key: str, **fields: object) -> None:
    with council.app.write() as session:
        found = projects.person_by_address(session, address(key))
        for name, value in fields.items():
            setattr(found, name, value)


def sessions(council: Council) -> list[WebSession]:
    with council.app.read() as session:
        return list(session.scalars(select(WebSession).where(col(WebSession.ended_at).is_(None))))


def refused(browser: Browser, path: str, status: int = 403) -> str:
    """Come back with `path`; nobody may be signed in then. Return what the page says."""
    answer = browser.get(path)
    assert answer.status_code == status, browser.text
    assert sessions(browser.council) == []
    assert person(browser.council).identity is None
    assert SESSION_COOKIE not in browser.cookies
    return browser.text


# ------------------------------------------------------------------ with a real provider


def test_a_person_signs_in_with_the_councils_account_and_comes_to_the_page_they_wanted(real: Browser) -> None:
    real.get("/sign-in?next=/projects")
    assert "Sign in with your council account" in real.text
    path = at_the_mock(away(real, "/projects?stage=outline"), "real-1", email="Manager@Wrenfold.example")
    assert real.get(path).headers["location"] == "/projects?stage=outline"
    assert "signed in as Waste Project Manager" in real.get("/about/privacy", follow=True).text
    (session,) = sessions(real.council)
    assert session.method == "oidc"
    assert abs(session.confirmed_at - real.council.at) < dt.timedelta(minutes=1)


def test_the_service_is_asked_for_a_code_with_pkce_state_and_nonce_for_our_own_address(real: Browser) -> None:
    first, second = away(real), away(real)
    asked = {name: values[0] for name, values in parse_qs(urlsplit(first).query).items()}
    assert (
        asked.items()
        >= {
            "response_type": "code",
            "client_id": CLIENT,
            "redirect_uri": "http://127.0.0.1:8000/sign-in/callback",
            "code_challenge_method": "S256",
            "scope": "openid profile email",
        }.items()
    )
    again = {name: values[0] for name, values in parse_qs(urlsplit(second).query).items()}
    for name in ("state", "nonce", "code_challenge"):
        assert len(asked[name]) >= 43
        assert asked[name] != again[name]


def test_the_host_of_a_request_never_reaches_the_address_the_service_sends_people_back_to(
    real: Browser,
) -> None:
    foreign = {
        "x-forwarded-host": "bad.example",
        "x-forwarded-proto": "gopher",
        "forwarded": "host=bad.example",
    }
    assert "bad.example" not in real.get("/sign-in/begin", headers=foreign).headers["location"]


def test_a_code_works_once_also_for_whoever_copied_the_cookie(real: Browser) -> None:
    away_to = away(real)
    cookie = real.cookies[ASKED_COOKIE]
    path = at_the_mock(away_to, "real-1", email=address("manager"))
    assert real.get(path).status_code == 303
    thief = Browser(real.council)
    thief.cookies.set(ASKED_COOKIE, cookie, domain="127.0.0.1")
    assert thief.get(path).status_code == 403
    assert SESSION_COOKIE not in thief.cookies
    assert len(sessions(real.council)) == 1


def test_the_same_answer_again_in_the_same_browser_is_refused(real: Browser) -> None:
    path = at_the_mock(away(real), "real-1", email=address("manager"))
    real.get(path)
    real.sign_out()
    assert real.get(path).status_code == 403
    assert "This browser did not ask to sign in" in real.text


def test_somebody_who_says_no_at_the_service_is_not_signed_in(real: Browser) -> None:
    state = parse_qs(urlsplit(away(real)).query)["state"][0]
    refused(real, f"/sign-in/callback?error=access_denied&state={state}")


def test_an_answer_without_or_with_another_state_is_refused(real: Browser) -> None:
    path = at_the_mock(away(real), "real-1", email=address("manager"))
    code = parse_qs(urlsplit(path).query)["code"][0]
    refused(real, f"/sign-in/callback?code={code}")
    for state in ("", "guessed", "é", "x" * 5000):
        path = at_the_mock(away(real), "real-1", email=address("manager"))
        code = parse_qs(urlsplit(path).query)["code"][0]
        refused(real, f"/sign-in/callback?code={code}&state={state}")


def test_an_answer_to_another_browser_signs_nobody_in(real: Browser) -> None:
    path = at_the_mock(away(real), "real-1", email=address("manager"))
    victim = Browser(real.council)
    refused(victim, path)
    away(victim)
    refused(victim, path)


# ------------------------------------------------------------------ who it is


def test_the_first_sign_in_binds_the_identity_and_later_the_address_may_change(real: Browser) -> None:
    real.get(at_the_mock(away(real), "real-2", email=address("manager")))
    bound = person(real.council).identity
    assert bound is not None
    assert bound.endswith("|real-2")
    real.sign_out().get(at_the_mock(away(real), "real-2", email="renamed@wrenfold.example"))
    assert "signed in as Waste Project Manager" in real.get("/about/privacy").text


def test_another_identity_with_the_same_address_is_sent_to_an_administrator(real: Browser) -> None:
    real.get(at_the_mock(away(real), "real-3", email=address("manager")))
    real.sign_out()
    answer = real.get(at_the_mock(away(real), "real-4", email=address("manager")))
    assert (answer.status_code, len(sessions(real.council))) == (403, 1)
    assert "not the one that was used for this address before. See an administrator" in real.text


def test_an_administrator_lets_a_person_bind_a_new_account(real: Browser) -> None:
    council = real.council
    real.get(at_the_mock(away(real), "real-3", email=address("manager")))
    real.sign_out()
    with council.app.write() as session:
        manager = projects.key(projects.person_by_address(session, address("manager")))
        assert signin.forget_identity(
            session, council.home, manager, council.at, council.actor(session, "admin")
        )
    assert sessions(council) == []
    assert real.get(at_the_mock(away(real), "real-4", email=address("manager"))).status_code == 303


def test_a_stranger_a_leaver_and_an_account_without_address_get_the_same_answer(real: Browser) -> None:
    change(real.council, "other", active=False)
    pages = [
        refused(real, at_the_mock(away(real), subject, **claims))
        for subject, claims in (
            ("stranger", {"email": "stranger@wrenfold.example"}),
            ("leaver", {"email": address("other")}),
            ("nameless", {}),
            ("odd", {"email": ["manager@wrenfold.example"]}),
        )
    ]
    assert len(set(pages)) == 1
    assert "see an administrator" in pages[0]


def test_a_leaver_whose_identity_is_bound_is_a_stranger(real: Browser) -> None:
    real.get(at_the_mock(away(real), "real-5", email=address("other")))
    change(real.council, "other", active=False)
    real.sign_out()
    assert real.get(at_the_mock(away(real), "real-5", email=address("other"))).status_code == 403
    assert "If you should have access, see an administrator" in real.text


def test_a_mailbox_that_several_people_read_does_not_sign_in(real: Browser) -> None:
    change(real.council, "manager", shared=True)
    assert "Use your own work address" in refused(
        real, at_the_mock(away(real), "box", email=address("manager"))
    )


def test_entra_without_an_email_is_known_by_the_name_people_sign_in_with(real: Browser) -> None:
    path = at_the_mock(away(real), "entra", preferred_username="MANAGER@wrenfold.example")
    assert real.get(path).status_code == 303


def test_an_address_the_service_does_not_vouch_for_binds_nobody(real: Browser) -> None:
    claims = {"email": address("manager"), "email_verified": False}
    refused(real, at_the_mock(away(real), "unverified", **claims))


# ------------------------------------------------------------------ sessions


def test_signing_in_ends_the_session_of_this_browser_and_begins_a_new_one(real: Browser) -> None:
    real.cookies.set(SESSION_COOKIE, "fixed by somebody else", domain="127.0.0.1")
    real.get(at_the_mock(away(real), "real-1", email=address("manager")))
    first = real.cookies[SESSION_COOKIE]
    assert first != "fixed by somebody else"
    real.get(at_the_mock(away(real), "real-1", email=address("manager")))
    assert real.cookies[SESSION_COOKIE] != first
    assert len(sessions(real.council)) == 1


@pytest.mark.parametrize(
    "target", ["https://bad.example/", "//bad.example", "/\\bad.example", "/\t/bad.example"]
)
def test_coming_back_never_leads_off_the_site(real: Browser, target: str) -> None:
    path = at_the_mock(away(real, target), "real-1", email=address("manager"))
    assert real.get(path).headers["location"] == "/tasks"


def test_no_link_is_mailed_where_people_have_accounts_but_the_printed_one_works(real: Browser) -> None:
    council = real.council
    assert real.post("/sign-in", address=address("admin")).status_code == 403
    assert council.mails() == []
    with council.app.write() as session:
        admin = projects.person_by_address(session, address("admin"))
        link = signin.mint(session, council.home, admin, council.at, dt.timedelta(hours=1))
    path = link.removeprefix(council.home.base_url)
    real.get(path)
    assert real.post(path, nonce=real.hidden("nonce"), me="yes").status_code == 303
    assert [session.method for session in sessions(council)] == ["link"]


def test_the_pages_of_accounts_are_not_there_where_links_are_mailed(council: Council) -> None:
    browser = Browser(council)
    assert browser.get("/sign-in/begin").status_code == 404
    assert browser.get("/sign-in/callback?code=1&state=2").status_code == 404


# ------------------------------------------------------------------ proving it once more


def confirmed(browser: Browser) -> Actor:
    """Sign in a while ago; return who."""
    council = browser.council
    browser.sign_in("manager")
    with council.app.write() as session:
        for row in session.scalars(select(WebSession)):
            row.confirmed_at = council.at - dt.timedelta(hours=3)
    return council.who("manager")


def test_proving_it_once_more_asks_the_service_again_and_makes_it_fresh(real: Browser) -> None:
    confirmed(real)
    assert "Confirm that it is you" in real.get("/sign-in?next=/projects&confirm=1").text
    address_there = away(real, "/projects", confirm=True)
    asked = parse_qs(urlsplit(address_there).query)
    assert (asked["prompt"], asked["max_age"]) == (["login"], ["0"])
    real.get(at_the_mock(address_there, "real-6", email=address("manager")))
    (session,) = sessions(real.council)
    assert real.council.at - session.confirmed_at < dt.timedelta(minutes=1)


@pytest.mark.parametrize("minutes", [None, 5])
def test_a_service_that_does_not_say_it_was_just_now_confirms_nothing(
    browser: Browser, service: Provider, minutes: int | None
) -> None:
    confirmed(browser)
    service.claims["auth_time"] = None if minutes is None else int(time.time()) - minutes * 60
    path = there(away(browser, confirm=True))
    assert browser.get(path).status_code == 403
    assert "nothing was confirmed" in browser.text
    (session,) = sessions(browser.council)
    assert browser.council.at - session.confirmed_at > dt.timedelta(hours=2)


def test_whoever_signs_in_again_without_a_password_has_proved_nothing_fresh(
    browser: Browser, service: Provider
) -> None:
    ago = int(time.time()) - 3 * 3600
    service.claims["auth_time"] = ago
    assert browser.get(there(away(browser))).status_code == 303
    (session,) = sessions(browser.council)
    assert session.confirmed_at.timestamp() == ago


def test_confirming_with_another_persons_account_confirms_nothing(
    browser: Browser, service: Provider
) -> None:
    confirmed(browser)
    service.claims.update(sub="other", email=address("other"))
    assert browser.get(there(away(browser, confirm=True))).status_code == 403
    assert "another account than the one you are signed in with" in browser.text
    assert person(browser.council, "other").identity is None
    assert "signed in as Waste Project Manager" in browser.get("/about/privacy").text


# ------------------------------------------------------------------ a provider that misbehaves


def test_the_provider_of_these_tests_signs_people_in_until_it_misbehaves(
    browser: Browser, service: Provider
) -> None:
    assert browser.get(there(away(browser))).status_code == 303
    assert len(service.redeemed[0]["code_verifier"]) >= 43


WRONG = {
    "another issuer": {"iss": "https://bad.example"},
    "no issuer": {"iss": None},
    "another nonce": {"nonce": "guessed"},
    "no nonce": {"nonce": None},
    "another audience": {"aud": "another-program"},
    "no audience": {"aud": None},
    "several audiences and nobody named": {"aud": [CLIENT, "another-program"]},
    "several audiences and another named": {"aud": [CLIENT, "another-program"], "azp": "another-program"},
    "given to another program": {"azp": "another-program"},
    "no subject": {"sub": None},
    "an empty subject": {"sub": ""},
    "a subject that is no text": {"sub": {"a": "b"}},
    "no expiry": {"exp": None},
    "an expiry that is no number": {"exp": "tomorrow"},
    "not valid yet": {"nbf": 4102444800},
    "made in the future": {"iat": 4102444800},
    "the hash of another access token": {"at_hash": "x" * 22},
    "a time of proof that is no number": {"auth_time": "now"},
    "a time of proof beyond all calendars": {"auth_time": 10**15},
}


@pytest.mark.parametrize("claims", WRONG.values(), ids=WRONG)
def test_a_token_is_refused_that_says(browser: Browser, service: Provider, claims: dict[str, object]) -> None:
    service.claims.update(claims)
    refused(browser, there(away(browser)))


def test_an_expired_token_is_refused(browser: Browser, service: Provider) -> None:
    service.claims.update(iat=int(time.time()) - 900, exp=int(time.time()) - 600)
    refused(browser, there(away(browser)))


def test_a_token_signed_by_another_key_is_refused(browser: Browser, service: Provider) -> None:
    service.key = RSAKey.generate_key(2048, {"kid": "first"})
    refused(browser, there(away(browser)))


def test_a_token_that_was_changed_after_it_was_signed_is_refused(browser: Browser, service: Provider) -> None:
    service.tampered = True
    refused(browser, there(away(browser)))


@pytest.mark.parametrize("algorithm", ["none", "HS256"])
def test_a_token_that_anybody_could_have_signed_is_refused(
    browser: Browser, service: Provider, algorithm: str
) -> None:
    service.algorithm = algorithm
    refused(browser, there(away(browser)))


def test_a_new_key_is_fetched_when_the_service_changes_it(browser: Browser, service: Provider) -> None:
    assert browser.get(there(away(browser))).status_code == 303
    browser.council.later(seconds=11)
    service.key = RSAKey.generate_key(2048, {"kid": "second"})
    service.published.append(service.key)
    browser.sign_out()
    assert browser.get(there(away(browser))).status_code == 303
    assert service.asked_for_keys == 2


def test_tokens_of_unknown_keys_do_not_make_us_flood_the_service(browser: Browser, service: Provider) -> None:
    service.key = RSAKey.generate_key(2048, {"kid": "unknown"})
    for _ in range(5):
        refused(browser, there(away(browser)))
    assert service.asked_for_keys == 1


def test_an_answer_of_another_issuer_is_refused_before_its_code_is_used(
    browser: Browser, service: Provider
) -> None:
    path = there(away(browser))
    refused(browser, path.replace("iss=http", "iss=https"))
    assert service.redeemed == []


def test_a_missing_issuer_is_refused_where_the_service_promised_one(
    browser: Browser, service: Provider
) -> None:
    service.metadata["authorization_response_iss_parameter_supported"] = True
    path, _, _ = there(away(browser)).partition("&iss=")
    refused(browser, path)


def test_a_code_taken_to_another_browsers_question_fails_for_its_verifier(
    browser: Browser, service: Provider
) -> None:
    stolen = parse_qs(urlsplit(there(away(browser))).query)["code"][0]
    other = Browser(browser.council)
    state = parse_qs(urlsplit(away(other)).query)["state"][0]
    refused(other, f"/sign-in/callback?code={stolen}&state={state}&iss={service.issuer}")
    assert [form["code"] for form in service.redeemed] == [stolen]


@pytest.mark.parametrize(
    "said",
    [
        {"issuer": "https://bad.example"},
        {"token_endpoint": "http://bad.example/token"},
        {"jwks_uri": None},
        {"authorization_endpoint": "javascript:alert(1)"},
    ],
)
def test_a_service_that_describes_itself_wrongly_is_not_used(
    browser: Browser, service: Provider, said: dict[str, str | None]
) -> None:
    service.metadata.update(said)
    assert browser.get("/sign-in/begin").status_code == 503
    assert "sign-in service cannot be used at the moment" in browser.text


def test_a_service_that_is_down_says_so_and_the_next_try_works(browser: Browser, service: Provider) -> None:
    service.down = True
    assert browser.get("/sign-in/begin").status_code == 503
    service.down = False
    path = there(away(browser))
    assert browser.get(path).status_code == 303


def test_a_service_nobody_answers_at_is_said(council: Council) -> None:
    browser = Browser(with_accounts(council, "http://127.0.0.1:9"))
    assert browser.get("/sign-in/begin").status_code == 503


def test_an_answer_without_end_is_not_read_to_its_end(browser: Browser, service: Provider) -> None:
    service.metadata["padding"] = "x" * 700_000
    assert browser.get("/sign-in/begin").status_code == 503
