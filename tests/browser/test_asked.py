"""Questions by link in a real browser: a scanner that presses everything answers nothing, and a person on a phone does."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect
from sqlalchemy import func, select
from sqlmodel import col

from tests.attack.scanning import press_everything
from tests.browser.conftest import DESK, PHONE, Served
from tests.browser.looking import _looks, faults
from tests.browser.test_decide import board as board
from tests.browser.test_decide import links_used
from tests.people import Council, address
from tests.upload_files import PDF
from tests.web.deciding import link_in, newest
from vfm_workflow.journeys import consult, documents, ideas, remarks
from vfm_workflow.store.tables import Consultation, Idea

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("pages")]


@pytest.fixture
def asking(board: Served) -> Served:
    """A council in which Legal is asked for advice on VFM-0002, which has a document, and a head for a reply."""
    council = board.council
    reference = council.create("Voids")
    council.outline_ready(reference)
    with council.app.write() as session:
        manager, home, at = council.actor(session, "manager"), council.home, council.at
        documents.add(
            session, home, reference, "outline", manager, at, name="Lease.pdf", data=PDF, most_bytes=10_000
        )
        consult.ask(session, home, reference, "legal", manager, at, person=address("legal"))
        ideas.propose(session, home, council.actor(session, "holder"), at, "Solar roofs", "PE")
        finance, about = council.actor(session, "finance"), "decision:outline"
        remarks.make(session, home, reference, finance, at, kind="advice", text="They agree.", subject=about)
    return board


def consult_link(council: Council) -> str:
    return link_in(council, newest(council, "legal", "consultation_asked"), "/c/")


def idea_link(council: Council) -> str:
    return link_in(council, newest(council, "planning", "idea_asked"), "/i/")


def answers(council: Council) -> int:
    with council.app.read() as session:
        answered = select(func.count()).where(
            col(Consultation.answered_on).is_not(None), col(Consultation.key) == "legal"
        )
        replied = select(func.count()).where(col(Idea.replied_on).is_not(None))
        return (session.scalar(answered) or 0) + (session.scalar(replied) or 0)


def test_a_scanner_that_presses_every_button_answers_nothing_and_the_person_afterwards_does(
    asking: Served,
) -> None:
    council = asking.council
    for link in (consult_link(council), idea_link(council)):
        scanner = asking.look()
        assert press_everything(scanner.new_page(), link) >= 1
        scanner.close()
    assert (answers(council), links_used(council)) == (0, 0)
    person = asking.look(width=PHONE, scripts=False)
    page = person.new_page()
    page.goto(consult_link(council))
    page.get_by_label("No objection", exact=True).check()
    page.get_by_role("button", name="Record my answer").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Your answer is recorded")
    page.goto(idea_link(council))
    page.get_by_label("Your reply").fill("In May.")
    page.get_by_role("button", name="Send the reply").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Your reply is recorded")
    person.close()
    assert answers(council) == 2


@pytest.mark.parametrize("width", [DESK, PHONE])
def test_the_pages_of_questions_documents_and_remarks_have_no_fault(asking: Served, width: int) -> None:
    council = asking.council
    for link in (consult_link(council), idea_link(council)):
        context = asking.look(width=width)
        page = context.new_page()
        page.goto(link)
        assert _looks(page) == []
        page.locator("main form button").first.click()
        assert _looks(page) == [], "with its errors"
        context.close()
    for key, path in (
        ("manager", "/projects/VFM-0002/consultations"),
        ("manager", "/projects/VFM-0002/documents"),
        ("finance", "/projects/VFM-0002/comments"),
        ("holder", "/ideas"),
    ):
        assert faults(asking, key, path, width) == [], path
