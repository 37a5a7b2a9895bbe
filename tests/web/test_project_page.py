"""A project's own pages: the gate, its decisions, its history and its frozen texts."""

from __future__ import annotations

import datetime as dt
import json
import re

import pytest

from tests.people import Council
from tests.web.support import Browser
from vfm_workflow.domain.machine import mermaid
from vfm_workflow.journeys import dates, disputes, writing
from vfm_workflow.store import history, pages_record
from vfm_workflow.store.tables import History
from vfm_workflow.web.diff import phrases
from vfm_workflow.web.history_words import SENTENCES, entry
from vfm_workflow.web.visit import FLASH_COOKIE, SESSION_COOKIE


@pytest.fixture
def browser(council: Council) -> Browser:
    return Browser(council)


def test_the_overview_says_where_the_project_stands(browser: Browser) -> None:
    council = browser.council
    reference = council.create("Waste rounds")
    council.to_implementation(reference)
    council.later(days=1)
    page = browser.sign_in("chief").get(f"/projects/{reference}")
    assert page.status_code == 200
    assert "Outline Done 2 March 2026" in browser.text
    assert "Implementation Since 2 March 2026" in browser.text
    assert 'aria-current="step"' in page.text
    assert "Savings expected in 2025/26 £0" in browser.text
    assert "£210,000 in 2027/28, its year 2, between £105,000 and £420,000" in browser.text
    assert "Next milestone 30 June 2026 “Contract signed”" in browser.text
    assert "The one milestone is not done yet. Nothing still open has slipped" in browser.text


def test_the_stage_says_how_many_of_its_working_days_are_used(browser: Browser) -> None:
    reference = browser.council.create()
    browser.council.later(days=9)
    browser.sign_in("manager").get(f"/projects/{reference}")
    assert "Since 2 March 2026, 7 of 60 working days" in browser.text


def test_the_gate_lists_what_is_missing_with_the_page_that_mends_it(browser: Browser) -> None:
    reference = browser.council.create()
    page = browser.sign_in("manager").get(f"/projects/{reference}")
    assert "16 things are missing." in browser.text
    assert f'href="/projects/{reference}/outline#why"' in page.text
    assert f'href="/projects/{reference}/consultations#finance"' in page.text
    assert "Project manager can mend this" in browser.text
    assert 'value="submit_outline"' not in page.text
    assert "You can do this once everything above is met." in browser.text


def test_the_button_is_there_for_who_may_once_all_is_ready(browser: Browser) -> None:
    council = browser.council
    reference = council.create()
    council.outline_ready(reference)
    page = browser.sign_in("other").get(f"/projects/{reference}")
    assert 'value="submit_outline"' not in page.text
    assert "The Project manager or Head of Service can do this." in browser.text
    page = browser.sign_in("manager").get(f"/projects/{reference}")
    assert "Everything that is asked for is there." in browser.text
    revision = browser.hidden("revision")
    answer = browser.post(
        f"/projects/{reference}/events", event="submit_outline", revision=revision, follow=True
    )
    assert answer.status_code == 200
    assert "Done: submit the outline to CMT. The project is now in the stage CMT approval." in browser.text
    assert council.stage(reference) == "cmt_approval"
    assert council.mails(to="chief", notice="decision_asked")


def test_an_unready_event_changes_nothing_and_shows_the_list(browser: Browser) -> None:
    reference = browser.council.create()
    answer = browser.sign_in("manager").post(
        f"/projects/{reference}/events", event="submit_outline", revision=1
    )
    assert answer.status_code == 409
    assert "Not ready yet" in browser.text
    assert browser.council.stage(reference) == "outline"


def test_nobody_fires_what_is_not_theirs_or_does_not_exist(browser: Browser) -> None:
    reference = browser.council.create()
    browser.sign_in("other")
    assert browser.post(f"/projects/{reference}/events", event="hold", reason="Mine").status_code == 403
    assert browser.post(f"/projects/{reference}/events", event="fly", reason="Mine").status_code == 409
    assert browser.post(f"/projects/{reference}/events").status_code == 409
    assert browser.post(f"/projects/{reference}/events", event="hold", revision="x").status_code == 422
    assert browser.council.stage(reference) == "outline"


def test_a_missing_reason_is_said_at_its_own_box(browser: Browser) -> None:
    reference = browser.council.create()
    answer = browser.sign_in("head").post(
        f"/projects/{reference}/events", event="hold", reason=" ", revision=1
    )
    assert answer.status_code == 422
    assert 'href="#reason_hold"' in answer.text
    assert 'id="reason_hold"' in answer.text
    assert browser.council.stage(reference) == "outline"


def test_a_stale_page_says_what_changed_and_keeps_the_reason(browser: Browser) -> None:
    council = browser.council
    reference = council.create()
    browser.sign_in("head").get(f"/projects/{reference}")
    revision = browser.hidden("revision")
    with council.app.write() as session:
        manager = council.actor(session, "manager")
        dates.add_milestone(
            session, council.home, reference, "Contract", dt.date(2026, 9, 1), manager, council.at
        )
    answer = browser.post(
        f"/projects/{reference}/events", event="hold", reason="Waiting for the grant", revision=revision
    )
    assert answer.status_code == 409
    assert "Milestone added, by Waste Project Manager on 2 March 2026 at 9am" in browser.text
    assert ">Waiting for the grant</textarea>" in answer.text
    assert council.stage(reference) == "outline"
    again = browser.hidden("revision")
    assert again == "2"
    assert (
        browser.post(f"/projects/{reference}/events", event="hold", reason="So", revision=again).status_code
        == 303
    )


def test_an_open_decision_shows_who_has_decided_and_who_is_waited_for(browser: Browser) -> None:
    council = browser.council
    reference = council.create()
    council.outline_ready(reference)
    council.do(reference, "submit_outline")
    council.decide(reference, "chief", "approve")
    browser.sign_in("place").get(f"/projects/{reference}")
    assert "1 of 5 have decided; 3 are needed" in browser.text
    assert "Decided Chief Executive" in browser.text
    assert "Waited for Director of Housing" in browser.text
    assert "You are waited for." in browser.text
    assert "To be decided by 6pm on Monday 9 March 2026" in browser.text
    browser.sign_in("manager").get(f"/projects/{reference}")
    assert "You are waited for." not in browser.text


def conditional(council: Council) -> str:
    """Return a project whose outline was approved with a condition."""
    reference = council.create()
    council.outline_ready(reference)
    council.do(reference, "submit_outline")
    council.decide(reference, "chief", "approve", reason="It is overdue")
    council.decide(reference, "place", "approve")
    council.decide(reference, "resources", "approve_with_conditions", conditions="Consult the wards first")
    return reference


def test_a_condition_is_discharged_by_who_may_and_stays_in_the_record(browser: Browser) -> None:
    reference = conditional(browser.council)
    path = f"/projects/{reference}/conditions/1"
    browser.sign_in("manager").get(f"/projects/{reference}")
    assert "Consult the wards first" in browser.text
    assert "It is met" not in browser.text
    assert browser.post(path, how="I did").status_code == 403
    empty = browser.sign_in("head").post(path, how=" ")
    assert empty.status_code == 422
    assert 'href="#how_1"' in empty.text
    assert 'id="how_1"' in empty.text
    assert browser.post(path, how="All six wards met, minutes on file").status_code == 303
    assert "Conditions still open" not in browser.get(f"/projects/{reference}").text
    browser.get(f"/projects/{reference}/decisions")
    assert (
        "Discharged by Head of Street Scene, 2 March 2026: All six wards met, minutes on file" in browser.text
    )
    assert browser.post(f"/projects/{reference}/conditions/{10**12}", how="x").status_code == 404


def test_the_record_says_who_decided_what_on_which_text(browser: Browser) -> None:
    council = browser.council
    reference = conditional(council)
    council.decide(reference, "housing", "reject", reason="Too late")
    browser.sign_in("auditor").get(f"/projects/{reference}/decisions")
    assert "Approved with conditions" in browser.text
    assert "It is overdue" in browser.text
    assert "Rejected (late: it changed nothing)" in browser.text
    assert "Director of Customers CMT member Did not decide" in browser.text
    assert "Link holder for Chief Executive, level A (link sent to chief@wrenfold.example)" in browser.text
    with council.app.read() as session:
        digest = pages_record.requests(session, 1)[0].digest
    assert f"Version 1 · {digest[:8]}" in browser.text


def test_a_disputed_project_says_so_and_offers_no_button(browser: Browser) -> None:
    council = browser.council
    reference = conditional(council)
    with council.app.write() as session:
        mail = council.mails(to="chief", notice="decision_receipt")[0]
        token = next(link for link in council.links_in(mail) if "/dispute/" in link).rpartition("/")[2]
        disputes.dispute(session, council.home, token, council.at)
    page = browser.sign_in("head").get(f"/projects/{reference}")
    assert "Frozen since 2 March 2026 at 9am" in browser.text
    assert 'name="event"' not in page.text
    browser.get(f"/projects/{reference}/decisions")
    assert "Disputed" in browser.text


def test_a_frozen_text_stays_and_its_changes_are_readable(browser: Browser) -> None:
    council = browser.council
    reference = council.create()
    council.outline_ready(reference)
    council.do(reference, "submit_outline")
    with council.app.write() as session:
        manager = council.actor(session, "manager")
        text = "A better reason " + "word " * 40
        writing.save_section(session, council.home, reference, "outline", "why", text, manager, council.at)
    council.do(reference, "replace_outline")
    browser.sign_in("chief").get(f"/projects/{reference}/versions/1")
    assert "Outline, version 1" in browser.text
    assert "A better reason" not in browser.text
    page = browser.get(f"/projects/{reference}/versions/2/changes")
    assert "what changed from version 1 to version 2" in browser.text
    assert "<ins>" in page.text
    assert "[added] A better reason" in browser.text
    assert "Why this subject was picked" in browser.text
    assert browser.get(f"/projects/{reference}/versions/1/changes").status_code == 404
    assert browser.get(f"/projects/{reference}/versions/99").status_code == 404
    other = council.create("Another")
    assert browser.get(f"/projects/{other}/versions/1").status_code == 404


def test_neighbouring_words_change_as_one_phrase() -> None:
    runs = [
        ("same", "We "),
        ("removed", "old"),
        ("added", "new"),
        ("same", " "),
        ("removed", "way"),
        ("same", " go"),
    ]
    assert phrases(runs) == [("same", "We "), ("removed", "old way"), ("added", "new "), ("same", " go")]
    for kept in ("removed", "added"):
        whole = "".join(text for kind, text in runs if kind in ("same", kept))
        assert "".join(text for kind, text in phrases(runs) if kind in ("same", kept)) == whole


def test_the_history_tells_everything_in_words(browser: Browser) -> None:
    council = browser.council
    reference = conditional(council)
    page = browser.sign_in("auditor").get(f"/projects/{reference}/history")
    assert "Outline approved by The board" in browser.text
    assert "CMT approval → Initial stage" in browser.text
    assert "Vote: approved by Chief Executive" in browser.text
    assert "Condition: Consult the wards first." in browser.text
    assert "Project begun by Waste Project Manager" in browser.text
    with council.app.read() as session:
        assert history.of(session, 1, 1)[0].hash[:16] in page.text


def test_a_long_history_has_pages(browser: Browser) -> None:
    council = browser.council
    reference = council.create()
    with council.app.write() as session:
        manager = council.actor(session, "manager")
        for number in range(60):
            day = dt.date(2026, 9, 1)
            dates.add_milestone(session, council.home, reference, f"Step {number}", day, manager, council.at)
    browser.sign_in("auditor").get(f"/projects/{reference}/history")
    assert "61 rows" in browser.text
    assert "Project begun" not in browser.text
    browser.get(f"/projects/{reference}/history?page=2")
    assert "Project begun" in browser.text
    assert browser.get(f"/projects/{reference}/history?page=²").status_code == 200


def test_a_row_nobody_knows_is_shown_by_its_name(council: Council) -> None:
    lifecycle = council.home.lifecycles["vfm"]
    row = History(
        project_id=1, seq=1, at="2026-03-02T09:00:00.000+00:00", actor="Somebody", event="moon_landed",
        from_stage="outline", to_stage="outline", reason="Why not", detail=json.dumps({}), prev_hash="", hash="ab",
    )  # fmt: skip
    said = entry(row, lifecycle)
    assert (said.title, said.text, said.moved) == ("Moon landed", "Why not", "")
    for event in SENTENCES:  # a row of another version may lack what its sentence tells
        row.event = event
        assert entry(row, lifecycle).title


def test_a_project_that_one_may_not_know_is_not_found(browser: Browser) -> None:
    reference = browser.council.create()
    browser.sign_in("holder")
    for page in ("", "/history", "/decisions", "/versions/1"):
        assert browser.get(f"/projects/{reference}{page}").status_code == 404
    assert browser.post(f"/projects/{reference}/events", event="hold", reason="x").status_code == 404
    assert browser.post(f"/projects/{reference}/conditions/1", how="x").status_code == 404
    assert browser.get("/projects/VFM-9999").status_code == 404


def test_hostile_text_is_shown_inert(browser: Browser) -> None:
    council = browser.council
    reference = council.create("<script>alert(1)</script>")
    council.outline_ready(reference)
    for path in ("", "/history"):
        page = browser.sign_in("chief").get(f"/projects/{reference}{path}")
        assert "<script>alert" not in page.text


def test_a_rejected_project_is_stopped_where_it_stood(browser: Browser) -> None:
    council = browser.council
    reference = council.create()
    council.outline_ready(reference)
    council.do(reference, "submit_outline")
    for key in ("chief", "place", "resources"):
        council.decide(reference, key, "reject", reason="No")
    page = browser.sign_in("manager").get(f"/projects/{reference}")
    assert "CMT approval Rejected 2 March 2026" in browser.text
    assert 'class="is-stopped"' in page.text
    assert "This project has ended." in browser.text


def test_the_chart_says_its_finding_and_has_a_table(browser: Browser) -> None:
    council = browser.council
    reference = council.create()
    council.to_implementation(reference)
    with council.app.write() as session:
        manager = council.actor(session, "manager")
        milestone = council.milestones(reference)[0]
        dates.change_milestone(
            session,
            council.home,
            reference,
            milestone.id or 0,
            manager,
            council.at,
            forecast=dt.date(2026, 8, 4),
        )
    page = browser.sign_in("chief").get(f"/projects/{reference}")
    assert (
        "1 has slipped from the date CMT agreed, “Contract signed” the most: 35 days (25 working days)."
        in browser.text
    )
    assert page.text.count('role="img"') == 2
    assert "35 days (25 working days) late" in browser.text
    assert " style=" not in page.text.partition("<body")[2]


@pytest.mark.parametrize("path", ["/about/lifecycle", "/about/accessibility", "/about/privacy"])
def test_anybody_may_read_about_the_service(browser: Browser, path: str) -> None:
    assert browser.get(path).status_code == 200


def test_the_lifecycle_page_draws_every_lifecycle(browser: Browser) -> None:
    page = browser.get("/about/lifecycle")
    for lifecycle in browser.council.home.lifecycles.values():
        assert lifecycle.document.title in browser.text
        for stage in lifecycle.stages.values():
            assert stage.title in browser.text
        assert mermaid(lifecycle).splitlines()[0] in page.text


def test_the_privacy_page_names_every_cookie_that_is_set(browser: Browser) -> None:
    council = browser.council
    council.outline_ready(council.create())
    council.do("VFM-0001", "submit_outline")
    page = browser.get("/about/privacy").text
    browser.sign_in("manager").post("/projects/VFM-0001/events", event="replace_outline")
    link = council.links_in(council.mails(to="chief", notice="decision_asked")[0])
    browser.get(next(each for each in link if "/d/" in each).removeprefix(council.home.base_url))
    browser.post("/sign-in", address="legal@wrenfold.example")
    seen = {re.sub(r"\d+$", "", cookie.name) for cookie in browser.cookies.jar}
    assert {SESSION_COOKIE, "vfm_link_"} <= seen
    for name in {*seen, FLASH_COOKIE}:
        assert f">{name}</th>" in page
