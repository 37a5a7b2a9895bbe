"""The savings register and the pages on which a saving goes its way, as people see and use them."""

from __future__ import annotations

import re

import httpx
import pytest

from tests.claims_support import (
    act,
    banked,
    close,
    correct,
    delivering,
    line,
    partner_of,
    put,
    quarter,
    the_register,
)
from tests.figures_support import ids, moment
from tests.people import Council
from tests.upload_files import PDF
from tests.web.support import BASE, Browser
from vfm_workflow.domain.money import pounds
from vfm_workflow.journeys import claims, dates
from vfm_workflow.store.tables import SavingLine

LATER = {2026: (1_000_000, 2_000_000, 3_000_000), 2027: (10_500_000, 21_000_000, 42_000_000)}


@pytest.fixture
def project(council: Council) -> str:
    return delivering(council)


@pytest.fixture
def browser(council: Council) -> Browser:
    return Browser(council)


def page_of(council: Council, reference: str) -> str:
    return f"/projects/{reference}/savings/{line(council, reference)}/register"


def claim_page(council: Council, reference: str, claim_id: int | None) -> str:
    return f"/projects/{reference}/savings/{line(council, reference)}/claims/{claim_id}"


# ------------------------------------------------------------------ the register


def test_the_register_shows_each_line_by_quarter_and_totals_that_are_their_sums(
    browser: Browser, council: Council, project: str
) -> None:
    delivering(council, title="Shared rounds", saved="1,000.01")
    banked(council, project)
    browser.sign_in("chief").get("/savings")
    assert "Savings register, 2026/27" in browser.text
    assert "2 savings." in browser.text
    total = the_register(council).counted
    for amount in (total.gross, total.delivered, total.verified, total.banked):
        assert pounds(amount) in browser.text
    assert pounds(total.delivered) == "£23,100.03"
    assert "Q1 £20,100 Banked" in browser.text
    assert "Q1 £3,000.03 Not claimed yet" in browser.text


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", 2),
        ("?department=SS", 2),
        ("?department=PE", 0),
        ("?cashable=yes", 2),
        ("?cashable=no", 0),
        ("?state=banked", 1),
        ("?state=fell", 0),
        ("?year=2027", 2),
        ("?year=junk&state=junk&cashable=junk&page=99", 2),
    ],
)
def test_the_register_is_filtered_by_department_kind_state_and_year(
    browser: Browser, council: Council, project: str, query: str, found: int
) -> None:
    delivering(council, title="Shared rounds")
    banked(council, project)
    assert browser.sign_in("chief").get(f"/savings{query}").status_code == 200
    assert (f"{found} savings." if found != 1 else "1 saving.") in browser.text or not found
    assert ("No saving fits these filters" in browser.text) == (not found)


def test_each_figure_leads_to_its_entries(browser: Browser, council: Council, project: str) -> None:
    banked(council, project)
    page = browser.sign_in("chief").get("/savings")
    to = page_of(council, project)
    assert f'href="{to}#entries"' in page.text
    assert f'href="{to}#claims"' in page.text
    entries = browser.get(to)
    for anchor in ("entries", "claims", "profile", "way"):
        assert f'id="{anchor}"' in entries.text
    for said in ("Ledger SS-4210", "Waste Project Manager", "JNL-1", "May 2026 £6,700", "return, verified"):
        assert said in browser.text, said


def test_a_saving_whose_quality_fell_says_so_with_its_figures(browser: Browser, council: Council) -> None:
    reference = delivering(council, missed="97")
    browser.sign_in("chief").get("/savings")
    assert "Not claimed: quality fell" in browser.text
    assert "stood at 97 per 100,000 in June 2026, worse than the 92 per 100,000" in browser.text
    page = browser.sign_in("manager").get(page_of(council, reference))
    assert "Put what was delivered before Finance" not in page.text


def test_a_correction_after_the_claim_is_a_warning_on_register_and_line(
    browser: Browser, council: Council, project: str
) -> None:
    claim = banked(council, project)
    correct(council, project, "2026-06", 600_000)
    for path in ("/savings", page_of(council, project), claim_page(council, project, claim.id)):
        browser.sign_in("finance").get(path)
        assert "£20,100 is claimed, £700 too much" in browser.text, path


def test_members_get_what_is_released_and_whoever_reads_no_savings_gets_nothing(
    browser: Browser, council: Council, project: str
) -> None:
    banked(council, project)
    browser.sign_in("holder").get("/savings")
    assert "What is released to you: verified returns up to March 2026" in browser.text
    assert "£20,100" not in browser.text
    council.at = moment(2026, 8, 7)
    page = browser.sign_in("holder").get("/savings")
    assert "£20,100" in browser.text
    assert "/register" not in page.text
    assert browser.get(page_of(council, project)).status_code == 404
    for key in ("legal", "admin"):
        assert browser.sign_in(key).get("/savings").status_code == 404


# ------------------------------------------------------------------ a line and its claims


def test_a_manager_puts_a_saving_before_finance_and_finance_takes_it_all_the_way(
    browser: Browser, council: Council, project: str
) -> None:
    path = page_of(council, project)
    browser.sign_in("manager").get("/tasks")
    assert "Put a saving before Finance" in browser.text
    page = browser.get(path)
    assert 'value="20,100"' in page.text
    form = {"quarter": "2026-Q1", "amount": "20,100", "evidence": "Ledger SS-4210"}
    to = path.replace("/register", "/claims")
    assert upload(browser, to, form).status_code == 303
    (claim,) = re.findall(r"/claims/(\d+)", browser.sign_in("finance").get("/tasks").text)
    here = f"{to}/{claim}"
    for posted, said in (
        ({"do": "verify"}, "The saving is verified."),
        ({"do": "bank", "budget_code": "SS-4210", "journal": "J-9"}, "The saving is banked."),
        ({"do": "place", "amount_budget_gap": "20,100"}, "Where it went is said."),
    ):
        assert browser.send(here, posted, follow=True).status_code == 200
        assert said in browser.text
    assert quarter(council, project).state == "banked"
    assert "£20,100: Closing the gap in the budget" in browser.text


def upload(
    browser: Browser, path: str, form: dict[str, str], name: str = "", data: bytes = b""
) -> httpx.Response:
    """Post a form with a file, or with none chosen, as a browser does."""
    import asyncio

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(browser.app)
        async with httpx.AsyncClient(transport=transport, base_url=BASE, cookies=browser.cookies) as client:
            files = {"file": (name, data, "application/octet-stream")}
            headers = {"sec-fetch-site": "same-origin", "origin": BASE}
            return await client.post(path, data=form, files=files, headers=headers)

    browser.last = asyncio.run(ask())
    return browser.last


def test_a_document_comes_with_a_claim_and_is_read_by_who_reads_the_history(
    browser: Browser, council: Council, project: str
) -> None:
    to = page_of(council, project).replace("/register", "/claims")
    form = {"quarter": "2026-Q1", "amount": "100", "evidence": "The invoice"}
    assert upload(browser.sign_in("manager"), to, form, "invoice.pdf", PDF).status_code == 303
    answer = browser.sign_in("auditor").get(f"{to}/1/document")
    assert (answer.status_code, answer.content) == (200, PDF)
    assert answer.headers["content-disposition"].startswith("attachment")
    assert browser.sign_in("holder").get(f"{to}/1/document").status_code == 404
    assert "invoice.pdf" not in browser.sign_in("manager").get(f"/projects/{project}/documents").text


def test_a_document_of_no_kind_that_is_taken_is_refused_at_its_field_and_nothing_is_claimed(
    browser: Browser, council: Council, project: str
) -> None:
    to = page_of(council, project).replace("/register", "/claims")
    form = {"quarter": "2026-Q1", "amount": "100", "evidence": "The invoice"}
    answer = upload(browser.sign_in("manager"), to, form, "run.exe", b"MZ")
    assert answer.status_code == 422
    assert 'href="#file"' in answer.text
    assert "The invoice" in answer.text, "what was typed stays"
    assert quarter(council, project).state == "delivered"


def test_what_is_refused_on_a_line_is_said_where_it_stands_and_stays_open(
    browser: Browser, council: Council, project: str
) -> None:
    path = page_of(council, project)
    form = {"quarter": "2026-Q1", "amount": "99,999", "evidence": ""}
    answer = upload(browser.sign_in("manager"), path.replace("/register", "/claims"), form)
    assert answer.status_code == 422
    assert 'href="#evidence"' in answer.text
    assert '<details class="govuk-details" id="claim" open>' in answer.text
    answer = browser.sign_in("finance").send(path.replace("/register", "/ring-fences"), {"fence_amount": "x"})
    assert answer.status_code == 422
    assert '<details class="govuk-details" id="fence" open>' in answer.text
    assert 'href="#fence_amount"' in answer.text


def test_finance_refuses_a_claim_with_a_reason(browser: Browser, council: Council, project: str) -> None:
    here = claim_page(council, project, put(council, project).id)
    answer = browser.sign_in("finance").send(here, {"do": "refuse", "refuse_why": ""})
    assert answer.status_code == 422
    assert 'href="#refuse_why"' in answer.text
    assert browser.send(here, {"do": "refuse", "refuse_why": "Paid twice"}).status_code == 303
    browser.sign_in("manager").get(page_of(council, project))
    assert "Finance Officer: Paid twice" in browser.text
    assert browser.send(here, {"do": "dance"}).status_code in (403, 422)


def test_who_evidenced_a_claim_is_shown_no_button_to_verify_it(
    browser: Browser, council: Council, project: str
) -> None:
    here = claim_page(council, project, put(council, project).id)
    assert "Verify £20,100" in browser.sign_in("finance").get(here).text
    for key in ("manager", "head", "chief", "auditor"):
        assert "Verify £20,100" not in browser.sign_in(key).get(here).text, key


def test_quality_that_nobody_knows_asks_finance_why_it_accepts_it(
    browser: Browser, council: Council, project: str
) -> None:
    with council.app.write() as session:
        row = session.get(SavingLine, line(council, project))
        assert row is not None
        row.cross_check = None
    here = claim_page(council, project, put(council, project).id)
    assert 'name="why"' in browser.sign_in("finance").get(here).text
    assert browser.send(here, {"do": "verify", "why": ""}).status_code == 422
    assert browser.send(here, {"do": "verify", "why": "Ward survey"}).status_code == 303
    browser.get(here)
    assert "Accepted without a reading Ward survey" in browser.text


def test_money_is_ring_fenced_and_lifted(browser: Browser, council: Council, project: str) -> None:
    path = page_of(council, project)
    form = {"fence_amount": "5,000", "fence_budget": "ss-1", "fence_why": "The depot"}
    form |= {"until-day": "31", "until-month": "3", "until-year": "2027"}
    to = path.replace("/register", "/ring-fences")
    assert browser.sign_in("finance").send(to, form).status_code == 303
    browser.get(path)
    assert (
        "£5,000 of SS-1 since 8 July 2026 until 31 March 2027, by Finance Officer: The depot" in browser.text
    )
    assert browser.send(f"{to}/1", {"lift_why": ""}).status_code == 422
    assert browser.send(f"{to}/1", {"lift_why": "It is built"}).status_code == 303
    browser.get(path)
    assert "Lifted on 8 July 2026 by Finance Officer: It is built" in browser.text


def test_a_partners_part_is_said_on_the_line(browser: Browser, council: Council, project: str) -> None:
    partner_of(council, project, "Calverholt District Council")
    path = page_of(council, project)
    to = path.replace("/register", "/shares")
    assert browser.sign_in("manager").send(to, {"share_2026": "5,000"}).status_code == 303
    browser.get("/savings")
    assert "Calverholt District Council saves £5,000 itself, not counted here" in browser.text


def test_what_was_delivered_after_the_end_is_entered_by_finance(
    browser: Browser, council: Council, project: str
) -> None:
    close(council, project)
    council.at = moment(2026, 8, 8)
    path = page_of(council, project)
    form = {"period": "2026-07", "delivered": "6,500", "seen": "Ledger"}
    assert browser.sign_in("finance").send(path.replace("/register", "/delivered"), form).status_code == 303
    browser.get(path)
    assert (
        "July 2026 £6,500 8 August 2026 after the project’s returns had ended Finance Officer" in browser.text
    )


# ------------------------------------------------------------------ reviews and re-baselines


def test_a_benefits_review_is_done_on_its_page(browser: Browser, council: Council, project: str) -> None:
    path = f"/projects/{project}/reviews"
    browser.sign_in("head").get(path)
    assert "6, 12, 24 months after" in browser.text
    close(council, project)
    page = browser.get(path)
    assert "Review 1, due on 8 January 2027" in browser.text
    assert 'name="sustained"' in page.text
    answer = browser.send(f"{path}/1", {"finding": ""})
    assert answer.status_code == 422
    assert 'href="#sustained"' in answer.text
    assert browser.send(f"{path}/1", {"sustained": "no", "finding": "The crews are back"}).status_code == 303
    browser.get(path)
    assert "Sustained They are not Found The crews are back" in browser.text
    assert 'name="sustained"' not in browser.sign_in("chief").get(path).text


def test_new_profiles_and_targets_are_asked_for_with_what_was_agreed_beside_each_box(
    browser: Browser, council: Council, project: str
) -> None:
    path, key = f"/projects/{project}/rebaseline", line(council, project)
    page = browser.sign_in("manager").get(path)
    assert "Another profile for “Fewer rounds”" in browser.text
    assert f'name="saving_{key}_2026_expected"' in page.text
    missed = ids(council, project)[0][1]
    assert "Agreed by CMT: from 92 to 60 per 100,000" in browser.text
    form = {f"saving_{key}_2026_expected": "60,000", f"target_{missed}": "75", "reason": "The depot is late"}
    assert browser.send(path, {**form, "do": "draft"}).status_code == 303
    page = browser.get(path)
    assert 'value="60,000"' in page.text
    assert 'value="75"' in page.text
    answer = browser.send(
        path, {f"saving_{key}_2026_expected": "much", f"target_{missed}": "x", "reason": "y"}
    )
    assert answer.status_code == 422
    assert f'href="#saving_{key}_2026_expected"' in answer.text
    assert f'href="#target_{missed}"' in answer.text
    assert browser.send(path, {**form, "do": "ask"}).status_code == 303
    council.approve(project)
    browser.get(page_of(council, project))
    assert "2026/27 £80,000 £40,000 £60,000 £160,000" in browser.text
    assert "The first one stays beside it." in browser.text
    browser.get(f"/projects/{project}/savings")
    assert "First agreed" in browser.text
    browser.get("/savings")
    assert "first agreed £80,000" in browser.text


def test_cmt_sees_the_first_profile_beside_the_proposed_one_on_the_page_it_decides_on(
    browser: Browser, council: Council, project: str
) -> None:
    with council.app.write() as session:
        who = council.actor(session, "manager")
        profiles = {line(council, project): LATER}
        dates.propose(session, council.home, project, {}, "Late", who, council.at, savings=profiles)
    council.do(project, "ask_rebaseline")
    browser.sign_in("chief").get(f"/projects/{project}/decisions")
    version = re.findall(r"/versions/(\d+)", browser.last.text if browser.last is not None else "")
    browser.get(f"/projects/{project}/versions/{max(map(int, version))}")
    assert "Savings proposed" in browser.text
    assert "£80,000 (£40,000 to £160,000) £20,000 (£10,000 to £30,000)" in browser.text


def test_the_history_says_what_became_of_a_saving_in_words(
    browser: Browser, council: Council, project: str
) -> None:
    claim = put(council, project)
    act(council, claims.refuse, project, claim.id or 0, "finance", "Paid twice")
    banked(council, project)
    browser.sign_in("chief").get(f"/projects/{project}/history")
    for said in (
        "£20,100 of a saving put before Finance",
        "£20,100 of a saving refused by Finance",
        "£20,100 of a saving banked",
        "Budget SS-4210, journal JNL-1.",
    ):
        assert said in browser.text, said
