"""A consultee answers by a link in a mail, by the same rules as a decision (§2.2.5; decisions by email, 4–8, 11, 12)."""

from __future__ import annotations

import datetime as dt
import json
from urllib.parse import urlsplit

import pytest
from sqlalchemy import select
from sqlmodel import col

from tests.figures_support import events
from tests.journeys.clockwork import at, said, tick, walk
from tests.people import Council, address
from vfm_workflow.domain.advice import read_advice
from vfm_workflow.errors import AlreadyDecided, BadInput, LinkDead, NotAllowed, NotFound
from vfm_workflow.journeys import consult, consulting, gate, links
from vfm_workflow.journeys.consulting import Answered
from vfm_workflow.store import decisions, projects
from vfm_workflow.store.tables import Consultation, History, Link, MailboxReader, Person

COMMENTS = read_advice("comments", "Assign the lease first.")
MONDAY = dt.date(2026, 3, 2)


def ask(council: Council, reference: str, key: str = "legal", person: str = "legal", days: str = "") -> None:
    with council.app.write() as session:
        manager = council.actor(session, "manager")
        who = address(person) if person else ""
        consult.ask(session, council.home, reference, key, manager, council.at, person=who, working_days=days)


def token(council: Council, to: str = "legal", notice: str = "consultation_asked") -> str:
    """Return the token of the newest mail of a kind to somebody."""
    mail = council.mails(to=to, notice=notice)[-1]
    (path,) = {urlsplit(url).path for url in council.links_in(mail) if "/c/" in url}
    return path.removeprefix("/c/")


def link_id(council: Council, text: str) -> int:
    with council.app.read() as session:
        return links.look_up(session, text, "consult").id or 0


def answer(council: Council, text: str, advice: object = COMMENTS, signed_in: str = "") -> Answered:
    with council.app.write() as session:
        who = council.actor(session, signed_in) if signed_in else None
        found = links.look_up(session, text, "consult").id or 0
        return consulting.answer(
            session, council.home, found, advice, council.at, user_agent="A person's browser", signed_in=who  # type: ignore[arg-type]  # only advice is passed
        )  # fmt: skip


def why_dead(council: Council, text: str) -> str:
    with council.app.read() as session:
        opened = consulting.open_link(session, council.home, link_id(council, text))
        with pytest.raises(LinkDead) as dead:
            consulting.refuse_dead(session, council.home, opened, council.at)
    return str(dead.value)


def row(council: Council, reference: str, key: str = "legal") -> Consultation:
    with council.app.read() as session:
        found = session.get(Consultation, (projects.key(projects.by_reference(session, reference)), key))
        assert found is not None
        return found


def change(council: Council, key: str, **values: object) -> None:
    with council.app.write() as session:
        person = session.scalars(select(Person).where(col(Person.address) == address(key))).one()
        for name, value in values.items():
            setattr(person, name, value)


@pytest.fixture
def reference(council: Council) -> str:
    """A project that asks Legal, on a Monday, for ten working days."""
    found = council.create()
    ask(council, found)
    return found


def test_whoever_is_asked_gets_the_outline_in_short_the_deadline_and_a_link(
    council: Council, reference: str
) -> None:
    (mail,) = council.mails(to="legal")
    body = council.read_mail(mail).get_body(("plain",))
    assert body is not None
    text = " ".join(body.get_content().split())
    assert "Waste Project Manager asks for your advice as Legal" in text
    assert "Please answer by Monday 16 March 2026" in text
    assert "Fewer rounds, the same bins." in text
    assert len(token(council)) == 43
    with council.app.read() as session:
        (link,) = session.scalars(select(Link))
        assert (link.digest, link.message_id) == (decisions.token_digest(token(council)), mail.message_id)
        assert council.home.calendar.local(link.expires_at).isoformat()[:16] == "2026-03-16T18:00"


def test_an_answer_is_recorded_once_and_told(council: Council, reference: str) -> None:
    council.later(days=1)
    done = answer(council, token(council))
    assert (done.again, done.row.answer) == (False, "No objection, with comments. Assign the lease first.")
    assert row(council, reference).answered_on == council.at.date()
    (receipt,) = council.mails(to="legal", notice="consultation_receipt")
    assert not any("/c/" in url for url in council.links_in(receipt))
    tick(council, MONDAY + dt.timedelta(days=2))
    assert [fact.to for fact in said(council, "consultation_answered")] == ["manager"]


def test_the_history_says_by_which_link_and_mail_and_browser(council: Council, reference: str) -> None:
    answer(council, token(council))
    with council.app.read() as session:
        entry = session.scalars(select(History).where(col(History.event) == "consultee_answered")).one()
    detail = json.loads(entry.detail)
    assert (entry.actor, detail["assurance"], detail["by_link"]) == ("Legal Officer", "A", True)
    assert detail["address"] == address("legal")
    assert detail["user_agent"] == "A person's browser"
    assert detail["message_id"] == council.mails(to="legal")[0].message_id


def test_the_same_answer_again_changes_nothing_and_another_shows_the_first(
    council: Council, reference: str
) -> None:
    link = token(council)
    answer(council, link)
    assert answer(council, link).again
    with pytest.raises(AlreadyDecided):
        answer(council, link, read_advice("objection", "Never."))
    assert row(council, reference).answer.endswith("Assign the lease first.")
    assert events(council, reference).count("consultee_answered") == 1


def test_nothing_and_half_an_answer_are_no_answer() -> None:
    for stance, text in (("", ""), ("", "No"), ("objection", " "), ("comments", ""), ("maybe", "x")):
        with pytest.raises(BadInput):
            read_advice(stance, text)
    assert read_advice("no_objection", "").written == "No objection."


def test_the_frozen_outline_says_who_answered_when_and_how(council: Council) -> None:
    reference = council.create()
    council.outline_ready(reference)
    ask(council, reference)
    ask(council, reference, "hr", "")
    answer(council, token(council))
    with council.app.write() as session:
        manager = council.actor(session, "manager")
        consult.answer(session, council.home, reference, "hr", manager, council.at, "Two posts change.")
    council.do(reference, "submit_outline")
    with council.app.read() as session:
        project = projects.by_reference(session, reference)
        version = decisions.newest_version(session, projects.key(project), "outline")
        assert version is not None
        (part,) = [p for p in json.loads(version.snapshot)["parts"] if p["key"] == "consultations"]
    rows = {line[0]: line[1:] for line in part["rows"]}
    assert rows["Legal"] == [
        "2 March 2026", "Legal Officer, by link", "No objection, with comments. Assign the lease first.",
    ]  # fmt: skip
    assert rows["Human Resources"][1] == "recorded by Waste Project Manager"


def test_a_reminder_mints_a_new_link_and_revokes_the_old_each_of_its_days_once(
    council: Council, reference: str
) -> None:
    first = token(council)
    walk(council, MONDAY + dt.timedelta(days=1), dt.date(2026, 3, 20))
    mails = council.mails(to="legal", notice="consultation_reminded")
    assert [council.home.calendar.today(mail.created_at) for mail in mails] == [
        dt.date(2026, 3, 11),
        dt.date(2026, 3, 16),
    ]
    assert "a newer link was sent. Use the link in the newest mail" in why_dead(council, first)
    at(council, dt.date(2026, 3, 16), "10:00")
    assert not answer(council, token(council, notice="consultation_reminded")).again


def test_an_overdue_one_is_told_to_the_manager(council: Council, reference: str) -> None:
    walk(council, MONDAY + dt.timedelta(days=1), dt.date(2026, 3, 27))
    days = [fact.day for fact in said(council, "consultation_overdue", "manager")]
    assert days == [dt.date(2026, 3, 17), dt.date(2026, 3, 24)]


def test_an_expired_link_is_sent_again_to_the_address_on_record_and_once_only(
    council: Council, reference: str
) -> None:
    old = token(council)
    at(council, dt.date(2026, 3, 17), "10:00")
    assert "expired" in why_dead(council, old)
    with pytest.raises(LinkDead):
        answer(council, old)
    for expected in (True, False):
        with council.app.write() as session:
            sent = consulting.send_again(session, council.home, link_id(council, old), council.at)
        assert sent is expected
    council.later(days=6)  # five working days are left
    answer(council, token(council, notice="consultation_reminded"))
    assert row(council, reference).answered_on is not None


@pytest.mark.parametrize(
    ("cause", "said_of_it"),
    [
        ("taken back", "the question was taken back"),
        ("answered", "an answer was recorded meanwhile"),
        ("withdrawn", "the project is at “Withdrawn” now"),
        ("left", "somebody who has moved on"),
        ("address", "somebody who has moved on"),
        ("held", "stands still at the moment"),
    ],
)
def test_a_link_dies_when_its_reason_does(
    council: Council, reference: str, cause: str, said_of_it: str
) -> None:
    link = token(council)
    if cause in ("taken back", "answered"):
        with council.app.write() as session:
            manager = council.actor(session, "manager")
            if cause == "answered":
                consult.answer(session, council.home, reference, "legal", manager, council.at, "By phone.")
            else:
                consult.take_back(session, council.home, reference, "legal", manager, council.at)
    elif cause in ("withdrawn", "held"):
        event = "withdraw" if cause == "withdrawn" else "hold"
        council.do(reference, event, "head", reason="Not now")
    elif cause == "left":
        change(council, "legal", active=False)
    else:
        change(council, "legal", address="law@wrenfold.example")
    assert said_of_it in why_dead(council, link)
    with pytest.raises(LinkDead):
        answer(council, link)


def test_a_held_project_s_link_works_again_when_it_goes_on(council: Council, reference: str) -> None:
    council.do(reference, "hold", "head", reason="Not now")
    council.do(reference, "resume", "head")
    assert not answer(council, token(council)).again


def test_whoever_is_asked_now_gets_a_link_where_it_went_to_somebody_else(
    council: Council, reference: str
) -> None:
    old = token(council)
    with council.app.write() as session:
        found = session.get(Consultation, (projects.key(projects.by_reference(session, reference)), "legal"))
        assert found is not None
        found.person_id = council.actor(session, "finance").id
    tick(council, MONDAY, "10:00")
    tick(council, MONDAY, "10:01")
    assert len(council.mails(to="finance", notice="consultation_asked")) == 1
    assert "a newer link was sent" in why_dead(council, old)
    answer(council, token(council, "finance"))


def test_a_later_answer_replaces_the_one_by_link_and_the_history_keeps_both(
    council: Council, reference: str
) -> None:
    answer(council, token(council))
    with council.app.write() as session:
        legal = council.actor(session, "legal")
        consult.answer(
            session, council.home, reference, "legal", legal, council.at, "TUPE applies after all."
        )
        known = gate.load_facts(
            session, council.home, projects.by_reference(session, reference), {"consultations"}, council.at
        )
    (fact,) = known.consultations
    assert (fact.answer, fact.how) == ("TUPE applies after all.", "self")
    assert events(council, reference).count("consultee_answered") == 2


def test_a_shared_mailbox_answers_when_one_of_its_readers_has_signed_in(council: Council) -> None:
    reference = council.create()
    change(council, "legal", shared=True)
    ask(council, reference)
    link = token(council)
    with pytest.raises(NotAllowed, match=r"read by several people\. Sign in as yourself"):
        answer(council, link)
    with pytest.raises(NotAllowed, match="Sign in as yourself"):
        answer(council, link, signed_in="finance")
    with council.app.write() as session:
        mailbox, reader = council.actor(session, "legal").id, council.actor(session, "finance").id
        session.add(MailboxReader(mailbox_id=mailbox, reader_id=reader, added_at=council.at))
    answer(council, link, signed_in="finance")
    with council.app.read() as session:
        entry = session.scalars(select(History).where(col(History.event) == "consultee_answered")).one()
    assert (entry.actor, json.loads(entry.detail)["mailbox"]) == ("Finance Officer", "Legal Officer")


def test_only_those_who_advise_are_asked_and_never_the_project_s_own(council: Council) -> None:
    reference = council.create()
    for person in ("head", "other", "nobody"):
        with pytest.raises(BadInput, match="Choose somebody who may answer"):
            ask(council, reference, "legal", person)
    for days in ("0", "61", "-1", "soon", "1.5"):
        with pytest.raises(BadInput, match="from 1 to 60"):
            ask(council, reference, "legal", "legal", days)
    assert council.mails() == []
    ask(council, reference, "legal", "legal", "3")
    assert row(council, reference).deadline == dt.date(2026, 3, 5)


def test_whoever_was_asked_last_is_offered_first(council: Council, reference: str) -> None:
    other = council.create("Second")
    with council.app.read() as session:
        usual = consult.usual(session, council.home, projects.by_reference(session, other))
    assert (usual["legal"], usual["ict"]) == (address("legal"), "")


def test_the_manager_sends_the_link_again(council: Council, reference: str) -> None:
    old = token(council)
    with council.app.write() as session:
        manager = council.actor(session, "manager")
        sent = consult.send_again(session, council.home, reference, "legal", manager, council.at)
    assert sent == address("legal")
    assert "a newer link was sent" in why_dead(council, old)


def test_another_kind_of_token_is_unknown(council: Council, reference: str) -> None:
    for text in ("x" * 43, token(council)[:-1], ""):
        with council.app.read() as session, pytest.raises(LinkDead, match="not one of ours"):
            links.look_up(session, text, "consult")
    with council.app.read() as session, pytest.raises(LinkDead, match="not one of ours"):
        links.look_up(session, token(council), "idea")


def test_a_consultee_of_another_project_learns_nothing(council: Council, reference: str) -> None:
    other = council.create("Second")
    with council.app.write() as session:
        legal = council.actor(session, "legal")
        with pytest.raises(NotFound, match="There is no project"):
            consult.answer(session, council.home, other, "legal", legal, council.at, "Fine.")
