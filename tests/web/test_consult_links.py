"""A consultee's link, on the web: a GET or HEAD shows, only a whole form from the link's own page answers."""

from __future__ import annotations

import copy
from concurrent.futures import ThreadPoolExecutor

import pytest
from structlog.testing import capture_logs

from tests.figures_support import events
from tests.journeys.test_consulting import ask, change, row
from tests.people import Council
from tests.upload_files import PDF
from tests.web.deciding import PERSON, dump, fresh, link_in, newest
from tests.web.support import Browser
from tests.web.test_documents_pages import ids, send
from vfm_workflow.journeys import consulting
from vfm_workflow.logs import redact
from vfm_workflow.store.tables import MailboxReader

NO_OBJECTION = {"stance": "no_objection", "answer": ""}


@pytest.fixture
def reference(council: Council) -> str:
    found = council.create()
    ask(council, found)
    return found


class Consultee:
    """Somebody who was asked, with the link of their mail opened in their browser."""

    def __init__(self, council: Council, key: str = "legal", notice: str = "consultation_asked") -> None:
        self.council, self.browser = council, fresh(council)
        self.link = link_in(council, newest(council, key, notice), "/c/")
        self.opened = self.browser.get(self.link)
        self.page = self.opened.headers["location"]

    def send(self, **fields: str) -> int:
        """Look at the page and send its form, as a browser does; return the status."""
        self.browser.get(self.page)
        return self.browser.send(
            self.page, {"nonce": self.browser.hidden("nonce"), **fields}, headers=PERSON
        ).status_code

    @property
    def text(self) -> str:
        return self.browser.text


def test_the_link_leads_to_a_page_without_the_token_that_shows_the_outline_as_it_stands(
    council: Council, reference: str
) -> None:
    council.outline_ready(reference)
    consultee = Consultee(council)
    assert consultee.opened.status_code == 303
    assert consultee.page.startswith("/consult/")
    assert consultee.opened.headers["referrer-policy"] == "no-referrer"
    answer = consultee.browser.get(consultee.page)
    assert answer.headers["cache-control"] == "no-store"
    assert "why0 why1" in consultee.text
    assert "You answer as Legal , from a link sent to legal@wrenfold.example" in consultee.text
    assert "Answer by Monday 16 March 2026 ." in consultee.text
    assert "checked" not in answer.text, "nothing is chosen beforehand"


def test_get_and_head_and_empty_forms_change_nothing(council: Council, reference: str) -> None:
    before = dump(council.app)
    consultee = Consultee(council)
    for path in (consultee.link, consultee.page):
        consultee.browser.get(path)
        consultee.browser._ask("HEAD", path, None, False, None)
    assert consultee.send() == 422
    assert "Choose whether you object" in consultee.text
    assert consultee.send(stance="objection", answer=" ") == 422
    assert dump(council.app) == before
    assert consultee.send(**NO_OBJECTION) == 303, "the link still works for the person afterwards"


def test_a_whole_form_answers_once(council: Council, reference: str) -> None:
    consultee = Consultee(council)
    assert consultee.send(stance="comments", answer="Assign the <b>lease</b>.") == 303
    page = consultee.browser.get(consultee.page)
    assert "Your answer is recorded" in consultee.text
    assert "<b>lease</b>" not in page.text
    again = Consultee(council)
    nonce = {"nonce": "x"}
    same = {"stance": "comments", "answer": "Assign the <b>lease</b>."}
    assert again.browser.send(again.page, {**same, **nonce}).status_code == 200
    assert "This was already recorded" in again.text
    assert row(council, reference).answer == "No objection, with comments. Assign the <b>lease</b>."


def test_a_different_answer_shows_the_first(council: Council, reference: str) -> None:
    consultee = Consultee(council)
    consultee.browser.get(consultee.page)
    nonce = consultee.browser.hidden("nonce")
    assert consultee.send(**NO_OBJECTION) == 303
    fields = {"stance": "objection", "answer": "Never", "nonce": nonce}
    assert consultee.browser.send(consultee.page, fields).status_code == 409
    assert "A different answer is already recorded" in consultee.text
    assert "No objection." in consultee.text


def test_without_the_mail_or_its_own_form_nothing_is_answered(council: Council, reference: str) -> None:
    consultee = Consultee(council)
    stranger = fresh(council)
    assert stranger.get(consultee.page).status_code == 403
    assert stranger.send(consultee.page, {**NO_OBJECTION, "answer": "What I wrote"}).status_code == 403
    assert "What I wrote" in stranger.text, "it is given back, to be copied"
    assert consultee.browser.send(consultee.page, {**NO_OBJECTION, "nonce": "forged"}).status_code == 422
    consultee.browser.get(consultee.page)
    nonce = consultee.browser.hidden("nonce")
    other = {"sec-fetch-site": "cross-site", "origin": "https://evil.example"}
    answer = consultee.browser.send(consultee.page, {**NO_OBJECTION, "nonce": nonce}, headers=other)
    assert answer.status_code == 403
    assert row(council, reference).answered_on is None


def test_a_wrong_or_cut_token_teaches_nothing(council: Council, reference: str) -> None:
    browser = fresh(council)
    link = link_in(council, newest(council, "legal", "consultation_asked"), "/c/")
    for path in (link[:-1], link + "x", "/c/nothing", link.replace("/c/", "/i/"), link.replace("/c/", "/d/")):
        assert browser.get(path).status_code == 410, path


def test_ten_tries_a_minute(council: Council, reference: str) -> None:
    consultee = Consultee(council)
    answers = [consultee.send() for _ in range(11)]
    assert answers == [422] * 10 + [429]


def test_of_eight_racing_posts_exactly_one_answers(council: Council, reference: str) -> None:
    consultee = Consultee(council)
    consultee.browser.get(consultee.page)
    nonce = consultee.browser.hidden("nonce")
    racers = [copy.copy(consultee.browser) for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        posts = [
            pool.submit(
                racer.send, consultee.page, {"nonce": nonce, "stance": "comments", "answer": f"From {number}"}
            )
            for number, racer in enumerate(racers)
        ]
        statuses = sorted(post.result().status_code for post in posts)
    assert statuses == [303] + [409] * 7
    assert events(council, reference).count("consultee_answered") == 1
    assert len(council.mails(notice="consultation_receipt")) == 1


@pytest.mark.parametrize("step", ["_entry", "tell_manager", "_receipt"])
def test_if_anything_fails_all_of_it_rolls_back_and_the_link_still_works(
    council: Council, reference: str, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError("the disk is full")

    consultee = Consultee(council)
    before = dump(council.app)
    with monkeypatch.context() as broken, capture_logs():
        broken.setattr(consulting, step, fail)
        with pytest.raises(OSError, match="disk is full"):
            consultee.send(**NO_OBJECTION)
    assert dump(council.app) == before
    assert consultee.send(**NO_OBJECTION) == 303


def test_an_expired_page_offers_a_new_link_and_says_the_same_whoever_asks(
    council: Council, reference: str
) -> None:
    consultee = Consultee(council)
    council.later(days=18)
    consultee = Consultee(council)
    assert consultee.browser.get(consultee.page).status_code == 410
    nonce = consultee.browser.hidden("nonce")
    said = set()
    for sent in ({"nonce": nonce}, {"nonce": nonce}, {"nonce": "forged"}, {}):
        assert consultee.browser.send(f"{consultee.page}/again", sent).status_code == 200
        said.add(consultee.text)
    assert len(said) == 1
    assert len(council.mails(to="legal", notice="consultation_reminded")) == 1
    newer = Consultee(council, notice="consultation_reminded")
    assert newer.send(**NO_OBJECTION) == 303


def test_a_shared_mailbox_is_asked_to_sign_in_and_its_reader_answers(council: Council) -> None:
    reference = council.create()
    change(council, "legal", shared=True)
    ask(council, reference)
    consultee = Consultee(council)
    page = consultee.browser.get(consultee.page)
    assert "is read by several people. Sign in as yourself" in consultee.text
    assert 'name="stance"' not in page.text
    with council.app.write() as session:
        mailbox, reader = council.actor(session, "legal").id, council.actor(session, "finance").id
        session.add(MailboxReader(mailbox_id=mailbox, reader_id=reader, added_at=council.at))
    signed_in = Browser(council).sign_in("finance")
    signed_in.get(consultee.link)
    signed_in.get(consultee.page)
    sent = {"nonce": signed_in.hidden("nonce"), **NO_OBJECTION}
    assert signed_in.send(consultee.page, sent).status_code == 303


def test_the_holder_reads_the_outline_s_documents_and_no_other_project_s(
    council: Council, reference: str
) -> None:
    browser, other = Browser(council).sign_in("manager"), council.create("Second")
    send(browser, reference, "Lease.pdf", PDF)
    send(browser, other, "Secret.pdf", PDF)
    consultee = Consultee(council)
    consultee.browser.get(consultee.page)
    assert "Lease.pdf" in consultee.text
    (mine,), (theirs,) = ids(council, reference), ids(council, other)
    assert consultee.browser.get(f"{consultee.page}/documents/{mine}").content == PDF
    assert consultee.browser.get(f"{consultee.page}/documents/{theirs}").status_code == 404
    assert fresh(council).get(f"{consultee.page}/documents/{mine}").status_code == 404
    assert consultee.browser.get(f"/projects/{reference}").status_code == 303, "the link signs nobody in"


def test_the_manager_asks_on_the_page_and_sends_the_link_again(council: Council) -> None:
    browser, reference = Browser(council), council.create()
    page = f"/projects/{reference}/consultations"
    sent = {"do": "ask", "person": "legal@wrenfold.example", "days": "5"}
    assert browser.sign_in("manager").send(f"{page}/legal", sent).status_code == 303
    browser.get(page)
    assert "The Legal Officer has a link to answer until 9 March 2026." in browser.text
    assert browser.send(f"{page}/legal", {"do": "send_again"}).status_code == 303
    assert Consultee(council, notice="consultation_reminded").send(**NO_OBJECTION) == 303
    browser.get(page)
    assert "by the link sent to the Legal Officer" in browser.text
    wrong = {"do": "ask", "person": "head@wrenfold.example", "days": "many"}
    answer = browser.send(f"{page}/hr", wrong)
    assert answer.status_code == 422
    assert '<a href="#person_hr">' in answer.text
    assert '<a href="#days_hr">' in answer.text
    assert 'value="many"' in answer.text


def test_tokens_stay_out_of_the_logs(council: Council, reference: str) -> None:
    link = link_in(council, newest(council, "legal", "consultation_asked"), "/c/")
    token = link.removeprefix("/c/")
    assert token not in redact(f"GET {link} 303")
    assert token not in redact(f"GET /i/{token} 303")
    with capture_logs() as logs:
        fresh(council).get(link)
    assert token not in repr(logs)
