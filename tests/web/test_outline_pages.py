"""The outline and the recommendations: written in one long form, saved as they are typed, read as prose."""

from __future__ import annotations

import pytest

from tests.people import Council
from tests.web.forms import actions, fields
from tests.web.support import Browser
from vfm_workflow.journeys import writing
from vfm_workflow.store import pages_forms, projects

AUTOSAVE = {"x-autosave": "1"}


@pytest.fixture
def browser(council: Council) -> Browser:
    return Browser(council)


def path(reference: str, document: str = "outline") -> str:
    return f"/projects/{reference}/{document}"


def text(council: Council, reference: str, key: str, document: str = "outline") -> str:
    with council.app.read() as session:
        found = pages_forms.sections(session, projects.by_reference(session, reference).id or 0, document)
        return found[key].text if key in found else ""


def criteria(council: Council, reference: str) -> dict[str, str]:
    with council.app.read() as session:
        return pages_forms.criteria(session, projects.by_reference(session, reference).id or 0)


def write(council: Council, reference: str, key: str, said: str, by: str = "head") -> None:
    with council.app.write() as session:
        actor = council.actor(session, by)
        writing.save_section(session, council.home, reference, "outline", key, said, actor, council.at)


def opened(browser: Browser, reference: str, **changes: str | list[str]) -> dict[str, str | list[str]]:
    """Return the form of the outline as the browser has it open, with what is typed over it."""
    page = browser.get(path(reference))
    assert page.status_code == 200
    return fields(page.text, path(reference), **changes)


def test_the_manager_sees_every_section_with_what_it_asks_for(browser: Browser) -> None:
    reference = browser.council.create()
    browser.sign_in("manager").get(path(reference))
    for section in browser.council.home.outline.outline:
        assert section.title in browser.text
        assert section.asks in browser.text
        assert browser.last is not None
        assert f'id="{section.key}"' in browser.last.text
    assert "0 of 9 sections are long enough" in browser.text


def test_a_draft_is_saved_and_shown_again_with_its_words_counted(browser: Browser) -> None:
    reference = browser.council.create()
    browser.sign_in("manager")
    typed = opened(browser, reference, text_why="Waste costs more here than elsewhere.")
    answer = browser.send(path(reference), {**typed, "then": "stay"})
    assert (answer.status_code, answer.headers["location"]) == (303, path(reference))
    browser.get(path(reference))
    assert "The draft is saved." in browser.text
    assert "Too short 6 of at least 30 words" in browser.text
    assert text(browser.council, reference, "why") == "Waste costs more here than elsewhere."


def test_saving_and_checking_leads_to_the_checklist(browser: Browser) -> None:
    reference = browser.council.create()
    typed = opened(browser.sign_in("manager"), reference)
    answer = browser.send(path(reference), {**typed, "then": "check"})
    assert answer.headers["location"] == f"/projects/{reference}#next"


def test_criteria_are_chosen_with_their_evidence_and_dropped_again(browser: Browser) -> None:
    reference = browser.council.create()
    browser.sign_in("manager")
    browser.send(
        path(reference),
        opened(browser, reference, criterion="high_cost", evidence_high_cost="£71 against £61"),
    )
    assert criteria(browser.council, reference) == {"high_cost": "£71 against £61"}
    typed = opened(browser, reference)
    assert typed.pop("criterion") == "high_cost"
    browser.send(path(reference), typed)
    assert criteria(browser.council, reference) == {}


def test_evidence_without_its_tick_is_asked_about_and_kept(browser: Browser) -> None:
    reference = browser.council.create()
    browser.sign_in("manager")
    answer = browser.send(
        path(reference), opened(browser, reference, evidence_poor_performance="92 missed", text_why="Why")
    )
    assert answer.status_code == 422
    assert (
        "There is new evidence for “Below average or poor performance”, which is not chosen" in browser.text
    )
    assert fields(answer.text, path(reference))["evidence_poor_performance"] == "92 missed"
    assert text(browser.council, reference, "why") == "Why", "the rest is saved all the same"


def test_a_section_changed_by_somebody_else_is_refused_with_both_texts(browser: Browser) -> None:
    council = browser.council
    reference = council.create()
    typed = opened(browser.sign_in("manager"), reference, text_why="My text", text_options="My options")
    write(council, reference, "why", "The Head’s text")
    answer = browser.send(path(reference), typed)
    assert answer.status_code == 409
    assert "Head of Street Scene has changed this section since you opened it" in browser.text
    assert "Saved meanwhile by somebody else The Head’s text" in browser.text
    sent = fields(answer.text, path(reference))
    assert sent["text_why"] == "My text"
    assert text(council, reference, "why") == "The Head’s text"
    assert text(council, reference, "options") == "My options"
    assert browser.send(path(reference), sent).status_code == 303, "saving again is deliberate"
    assert text(council, reference, "why") == "My text"


def test_a_section_left_alone_does_not_undo_what_somebody_else_wrote(browser: Browser) -> None:
    council = browser.council
    reference = council.create()
    typed = opened(browser.sign_in("manager"), reference, text_options="My options")
    write(council, reference, "why", "The Head’s text")
    assert browser.send(path(reference), typed).status_code == 303
    assert text(council, reference, "why") == "The Head’s text"
    assert text(council, reference, "options") == "My options"


def test_a_criterion_changed_by_somebody_else_is_refused_with_both_texts(browser: Browser) -> None:
    council = browser.council
    reference = council.create()
    typed = opened(browser.sign_in("manager"), reference, criterion="high_cost", evidence_high_cost="Mine")
    with council.app.write() as session:
        head = council.actor(session, "head")
        writing.save_criterion(session, council.home, reference, "high_cost", "Theirs", head, council.at)
    answer = browser.send(path(reference), typed)
    assert answer.status_code == 409
    assert criteria(council, reference) == {"high_cost": "Theirs"}
    assert fields(answer.text, path(reference))["evidence_high_cost"] == "Mine"
    assert "Theirs" in browser.text


def test_autosave_answers_the_script_and_carries_new_marks(browser: Browser) -> None:
    reference = browser.council.create()
    typed = opened(browser.sign_in("manager"), reference, text_why="First")
    first = browser.send(path(reference), typed, headers=AUTOSAVE)
    assert first.status_code == 200
    assert (first.json()["saved"], first.json()["at"]) == (True, "09:00")
    again = {**typed, "text_why": "First and second", "revision": first.json()["revision"]}
    assert browser.send(path(reference), again, headers=AUTOSAVE).json()["saved"] is True
    assert text(browser.council, reference, "why") == "First and second"


def test_autosave_saves_what_it_can_and_says_what_somebody_else_changed(browser: Browser) -> None:
    council = browser.council
    reference = council.create()
    typed = opened(browser.sign_in("manager"), reference, text_why="Mine", text_options="Mine too")
    write(council, reference, "why", "Theirs")
    answer = browser.send(path(reference), typed, headers=AUTOSAVE)
    assert answer.status_code == 409
    assert "somebody else has changed “Why this subject was picked”" in answer.json()["message"]
    assert text(council, reference, "why") == "Theirs"
    assert text(council, reference, "options") == "Mine too"
    later = {**typed, "text_options": "Mine too, and more", "revision": answer.json()["revision"]}
    assert browser.send(path(reference), later, headers=AUTOSAVE).json()["saved"] is False
    assert text(council, reference, "options") == "Mine too, and more"
    assert browser.send(path(reference), {**later, "then": "stay"}).status_code == 409, "both texts are shown"


def test_autosave_never_drops_a_criterion(browser: Browser) -> None:
    council = browser.council
    reference = council.create()
    council.outline_ready(reference)
    typed = opened(browser.sign_in("manager"), reference)
    del typed["criterion"]
    assert browser.send(path(reference), typed, headers=AUTOSAVE).json()["saved"] is True
    assert "high_cost" in criteria(council, reference)


def test_autosave_says_when_the_session_has_ended(browser: Browser) -> None:
    reference = browser.council.create()
    typed = opened(browser.sign_in("manager"), reference)
    answer = browser.sign_out().send(path(reference), typed, headers=AUTOSAVE)
    assert (answer.status_code, answer.json()["saved"]) == (401, False)


def test_somebody_signed_out_keeps_what_they_typed(browser: Browser) -> None:
    reference = browser.council.create()
    long = "Waste costs more here than anywhere else, <b>and</b> nobody knows why it should be so."
    typed = opened(
        browser.sign_in("manager"), reference, text_why=long, criterion=["high_cost", "off_vision"]
    )
    answer = browser.sign_out().send(path(reference), typed)
    assert answer.status_code == 401
    assert long in browser.text
    sent = fields(answer.text, path(reference))
    assert sent["text_why"] == long
    assert browser.sign_in("manager").send(path(reference), sent).status_code == 303
    assert set(criteria(browser.council, reference)) == {"high_cost", "off_vision"}


def test_what_was_typed_stays_when_the_stage_no_longer_takes_it(browser: Browser) -> None:
    council = browser.council
    reference = council.create()
    council.outline_ready(reference)
    typed = opened(browser.sign_in("manager"), reference, text_why="A late thought")
    council.do(reference, "submit_outline")
    council.approve(reference)
    answer = browser.send(path(reference), typed)
    assert answer.status_code == 403
    assert "Initial stage, which does not take changes" in browser.text
    assert fields(answer.text, path(reference))["text_why"] == "A late thought"


def test_too_long_a_section_is_named_and_kept(browser: Browser) -> None:
    reference = browser.council.create()
    typed = opened(browser.sign_in("manager"), reference, text_why="w" * 40_001, text_options="Fine")
    answer = browser.send(path(reference), typed)
    assert answer.status_code == 422
    assert "This is 40,001 characters; at most 40,000 fit in a section" in browser.text
    assert text(browser.council, reference, "options") == "Fine"


@pytest.mark.parametrize("key", ["chief", "auditor", "other"])
def test_others_read_the_outline_as_prose(browser: Browser, key: str) -> None:
    council = browser.council
    reference = council.create()
    write(council, reference, "why", "Cost is **high**.\n\n<script>alert(1)</script>")
    page = browser.sign_in(key).get(path(reference))
    assert path(reference) not in actions(page.text)
    assert "<strong>high</strong>" in page.text
    assert "<script>alert" not in page.text


def test_others_may_not_write(browser: Browser) -> None:
    reference = browser.council.create()
    typed = opened(browser.sign_in("manager"), reference, text_why="Mine")
    assert browser.sign_in("other").send(path(reference), typed).status_code == 403
    assert browser.sign_in("holder").send(path(reference), typed).status_code == 404
    assert browser.get(path(reference)).status_code == 404
    assert text(browser.council, reference, "why") == ""


def test_after_approval_the_outline_is_read_and_its_versions_are_listed(browser: Browser) -> None:
    council = browser.council
    reference = council.create()
    council.outline_ready(reference)
    council.do(reference, "submit_outline")
    write(council, reference, "why", "Another reason, " * 20, by="manager")
    council.do(reference, "replace_outline")
    council.approve(reference)
    page = browser.sign_in("manager").get(path(reference))
    assert path(reference) not in actions(page.text)
    assert "The outline cannot be changed in the stage Initial stage." in browser.text
    assert "Version 2 by the Waste Project Manager, 2 March 2026" in browser.text
    assert "What changed in version 2" in browser.text


def test_the_recommendations_have_their_own_sections(browser: Browser) -> None:
    council = browser.council
    reference = council.create()
    council.outline_ready(reference)
    council.do(reference, "submit_outline")
    council.approve(reference)
    where = path(reference, "recommendations")
    page = browser.sign_in("manager").get(where)
    assert "What CMT is asked to agree" in browser.text
    assert "Criteria for picking" not in browser.text
    answer = browser.send(where, fields(page.text, where, text_findings="Nine rounds are enough."))
    assert answer.headers["location"] == where
    assert text(council, reference, "findings", "recommendations") == "Nine rounds are enough."
