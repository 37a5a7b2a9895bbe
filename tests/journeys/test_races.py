"""Several at once: what must happen once happens once, and nobody who may act is turned away for being second."""

from __future__ import annotations

import datetime as dt
import threading
from collections import Counter
from collections.abc import Callable, Sequence

from sqlalchemy import func, select
from sqlmodel import col

from tests.journeys.clockwork import at, running, said, tick
from tests.people import Council, address
from vfm_workflow.domain.decisions import Ballot
from vfm_workflow.errors import AlreadyDecided, NotAllowed, StaleRevision, UnknownEvent, VfmError
from vfm_workflow.journeys import decide, projects, signin
from vfm_workflow.store import decisions as decision_store
from vfm_workflow.store import history
from vfm_workflow.store.tables import DigestSent, OutboxMail, Project, VoteRow, WebSession


def together(jobs: Sequence[Callable[[], object]]) -> list[object]:
    """Run the jobs at once, each in a thread of its own; return what each returned or was refused with.

    Anything but a refusal is an error of the test.
    """
    start = threading.Barrier(len(jobs))
    found: dict[int, object] = {}

    def run(number: int, job: Callable[[], object]) -> None:
        start.wait()
        try:
            found[number] = job()
        except BaseException as error:  # noqa: BLE001  # handed to the test, which tells a refusal from an error
            found[number] = error

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(jobs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    wrong = [
        each for each in found.values() if isinstance(each, BaseException) and not isinstance(each, VfmError)
    ]
    assert wrong == []
    return [found[number] for number in range(len(jobs))]


def asked(council: Council) -> str:
    reference = council.create()
    council.outline_ready(reference)
    council.do(reference, "submit_outline")
    return reference


def vote(council: Council, link_id: int, ballot: Ballot) -> Callable[[], decide.Recorded]:
    def cast() -> decide.Recorded:
        with council.app.write() as session:
            return decide.cast(session, council.home, link_id, ballot, council.at)

    return cast


APPROVE = Ballot("approve", "", ())


def test_a_link_posted_eight_times_at_once_decides_once(council: Council) -> None:
    reference = asked(council)
    link = council.link_of(reference, "chief")
    answers = together([vote(council, link, APPROVE)] * 8)
    assert all(isinstance(answer, decide.Recorded) for answer in answers)
    assert Counter(answer.again for answer in answers if isinstance(answer, decide.Recorded)) == {
        False: 1,
        True: 7,
    }
    with council.app.read() as session:
        assert session.scalar(select(func.count()).select_from(VoteRow)) == 1
        assert list(history.verify(session)) == []


def test_two_different_decisions_by_one_link_at_once_leave_the_first(council: Council) -> None:
    reference = asked(council)
    link = council.link_of(reference, "chief")
    answers = together([vote(council, link, APPROVE), vote(council, link, Ballot("reject", "Too dear", ()))])
    assert Counter(type(answer) for answer in answers) == {decide.Recorded: 1, AlreadyDecided: 1}


def test_the_whole_board_may_decide_in_the_same_second(council: Council) -> None:
    reference = asked(council)
    keys = ("chief", "place", "resources", "housing", "customers")
    answers = together([vote(council, council.link_of(reference, key), APPROVE) for key in keys])
    assert all(isinstance(answer, decide.Recorded) for answer in answers), answers
    outcomes = [answer.outcome for answer in answers if isinstance(answer, decide.Recorded)]
    assert outcomes.count("approve") == 1
    assert council.stage(reference) == "initial_stage"
    with council.app.read() as session:
        votes = list(session.scalars(select(VoteRow)))
        assert len(votes) == 5
        assert sum(not each.late for each in votes) >= 3
        assert list(history.verify(session)) == []
    assert len(council.mails(notice="decision_made")) == 7


def test_a_hold_and_a_vote_at_once_both_end_well(council: Council) -> None:
    for number in range(4):
        reference = asked(council)
        council.approve(reference, "chief", "place")
        link = council.link_of(reference, "resources")
        answers = together(
            [
                vote(council, link, APPROVE),
                lambda reference=reference: council.do(reference, "hold", "head", reason="Wait"),  # type: ignore[misc]  # bound per round
            ]
        )
        assert all(not isinstance(answer, StaleRevision) for answer in answers), (number, answers)
        assert council.stage(reference) == "on_hold"
        with council.app.read() as session:
            assert list(history.verify(session)) == []
            opened = decision_store.open_requests(session, council.project(reference).id or 0)
            assert opened == []


def test_an_event_fired_twice_at_once_happens_once(council: Council) -> None:
    reference = council.create()
    council.outline_ready(reference)
    answers = together([lambda: council.do(reference, "submit_outline")] * 3)
    refused = [answer for answer in answers if isinstance(answer, VfmError)]
    assert len(refused) == 2
    assert all(isinstance(answer, UnknownEvent | StaleRevision | NotAllowed) for answer in refused), refused
    assert len(council.mails(notice="decision_asked")) == 5


def test_clocks_that_tick_at_once_say_each_thing_once(council: Council) -> None:
    reference = running(council, dt.date(2026, 9, 1), milestone=dt.date(2026, 9, 18))
    at(council, dt.date(2026, 9, 2))
    waiting = asked(council)
    council.decide(waiting, "chief", "approve")
    moment = at(council, dt.date(2026, 9, 8), "10:00")
    for _ in range(3):
        together([lambda moment=moment: council.app.tick(moment)] * 3)  # type: ignore[misc]  # bound per round
        moment += dt.timedelta(days=7)
    with council.app.read() as session:
        digests = session.scalar(select(func.count()).select_from(DigestSent))
    assert len(council.mails(notice="digest")) == digests
    reminders = Counter(mail.to for mail in council.mails(notice="decision_reminded"))
    assert reminders == {address(key): 1 for key in ("place", "resources", "housing", "customers")}
    facts = said(council)
    assert len(facts) == len(set(facts))
    assert {row.subject for row in facts if row.job == "milestone_slipped"}
    assert council.stage(reference) == "implementation"


def test_a_clock_and_a_vote_at_once_both_end_well(council: Council) -> None:
    reference = asked(council)
    link = council.link_of(reference, "place")
    moment = council.home.calendar.moment(dt.date(2026, 3, 5), "10:00")  # two days before the deadline
    answers = together([vote(council, link, APPROVE), lambda: council.app.tick(moment)])
    assert not any(isinstance(answer, StaleRevision) for answer in answers), answers
    with council.app.read() as session:
        live = decision_store.slots(session, 1)
        assert len(live) == 5
        assert list(history.verify(session)) == []


def test_projects_begun_at_once_each_get_a_reference_of_their_own(council: Council) -> None:
    def begin() -> str:
        with council.app.write() as session:
            return projects.create(
                session,
                council.home,
                title="Waste rounds",
                kind="delivery_model",
                department="SS",
                manager=address("manager"),
                by=council.actor(session, "manager"),
                at=council.at,
            ).reference

    references = together([begin] * 6)
    assert len(set(references)) == 6
    with council.app.read() as session:
        assert session.scalar(select(func.count()).select_from(Project)) == 6
        assert list(history.verify(session)) == []


def test_a_sign_in_link_used_twice_at_once_signs_in_once(council: Council) -> None:
    with council.app.write() as session:
        assert signin.ask(session, council.home, address("manager"), council.at)
    (url,) = {url for url in council.links_in(council.mails()[0]) if "/sign-in/" in url}

    def use() -> object:
        with council.app.write() as session:
            return signin.sign_in(
                session, council.home, url.rpartition("/")[2], council.at, lasts=dt.timedelta(hours=1)
            )[0]

    answers = together([use] * 4)
    assert sum(isinstance(answer, str) for answer in answers) == 1
    with council.app.read() as session:
        assert session.scalar(select(func.count()).select_from(WebSession)) == 1


def test_workers_that_drain_while_clocks_tick_lose_and_repeat_nothing(council: Council) -> None:
    running(council, dt.date(2026, 9, 1), milestone=dt.date(2026, 9, 18))
    moment = at(council, dt.date(2026, 9, 21), "10:00")
    tick(council, dt.date(2026, 9, 2))
    together(
        [
            lambda: council.app.tick(moment),
            lambda: council.app.deliver(moment),
            lambda: council.app.tick(moment),
        ]
    )
    council.app.deliver(moment)
    with council.app.read() as session:
        states = Counter(session.scalars(select(col(OutboxMail.state))))
    assert set(states) == {"sent"}
    files = list((council.app.loaded.data / "mail").glob("*.eml"))
    assert len(files) == states["sent"]
