"""Two web and two worker processes over one PostgreSQL: each occurrence once, each mail once, whatever dies."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from tests.people import PEOPLE, Council, address
from tests.postgres.replicas import Machines, MailServer, mail_server, put, until
from tests.postgres.server import Server
from vfm_workflow.journeys.deliver import LEASE

pytestmark = [pytest.mark.postgres, pytest.mark.fault, pytest.mark.xdist_group("postgres")]


@pytest.fixture
def taker() -> Iterator[tuple[MailServer, str]]:
    """A mail server that takes a moment for each mail, and its address."""
    with mail_server(pause=0.03) as found:
        yield found


@pytest.fixture
def machines(council: Council, tmp_path: Path, taker: tuple[MailServer, str]) -> Iterator[Machines]:
    """Nothing running yet."""
    machines = Machines(council, tmp_path, taker[1])
    yield machines
    machines.end()


def states(council: Council) -> Counter[str]:
    """Return how many mails stand in each state."""
    return Counter(mail.state for mail in council.mails())


def held(council: Council) -> list[int | None]:
    """Return the mails that somebody is in the middle of."""
    return [mail.id for mail in council.mails() if mail.state in ("opening", "sending")]


def everything_owed(council: Council, mails: int) -> Counter[tuple[str, str]]:
    """Leave much to do: mails that wait, boards to remind, managers to tell. Return (to, notice) of what is to arrive."""
    for title, manager, head in (("Waste rounds", "manager", "head"), ("Voids", "other", "planning")):
        reference = council.create(title, manager=manager, department="SS" if head == "head" else "PE")
        council.outline_ready(reference)
        council.do(reference, "submit_outline", manager)
    held = council.create("Graffiti")
    council.do(held, "hold", "head", reason="An election")
    reminded = next(
        at for at, mail in council.app.preview(14, council.at) if mail.notice == "decision_reminded"
    )
    # All that comes before goes into the folder of the test's own process: it is not for these machines.
    council.at = reminded - dt.timedelta(minutes=1)
    council.app.tick(council.at)
    council.app.deliver(council.at)
    assert set(states(council)) == {"sent"}
    coming = council.app.preview(0, council.at)
    council.at = reminded
    put(council, mails)
    owed = Counter((mail.to, mail.notice) for at, mail in coming if at <= reminded + 2 * LEASE)
    assert owed["chief@wrenfold.example", "decision_reminded"] == 2
    owed["manager@wrenfold.example", "digest"] += mails
    return owed


def test_two_webs_and_two_workers_lose_nothing_and_repeat_nothing(
    council: Council, server: Server, machines: Machines, taker: tuple[MailServer, str]
) -> None:
    post, _ = taker
    owed = everything_owed(council, mails=150)
    before = len([mail for mail in council.mails() if mail.state == "sent"])
    council.app.set_demo_now(council.at)
    webs = [machines.web(), machines.web()]
    until(lambda: all(web.answers() for web in webs), "no page is served")
    workers = [machines.worker(), machines.worker()]

    # People ask both webs for links while both workers deliver.
    for number, person in enumerate(PEOPLE):
        assert webs[number % 2].post("/sign-in", address=address(person)) == 200
        owed[address(person), "sign_in_link"] += 1
    until(lambda: len(council.mails(notice="sign_in_link")) == len(PEOPLE), "a link is not written")
    until(lambda: post.count >= 40, "the workers do not deliver")

    # One worker is killed in the middle.
    workers[0].kill()
    until(lambda: post.count >= 80, "the other worker does not go on")

    # The database falls over, and is back a moment later.
    server.crash()
    server.start()
    until(lambda: states(council)["waiting"] == 0, "the other worker does not come back")
    until(lambda: len(held(council)) <= 2, "somebody is in the middle of a mail still")
    until(lambda: all(web.answers() for web in webs), "no page is served after the crash")

    # What the dead worker held is taken over when its lease has run out.
    council.later(minutes=LEASE.total_seconds() / 60 + 1)
    council.app.set_demo_now(council.at)
    workers[0] = machines.worker()
    until(lambda: set(states(council)) == {"sent"}, "the dead worker's mail is not taken over")
    until(lambda: "The clock runs" in workers[0].said(), "no worker came for the dead one")
    for process in [*webs, *workers]:
        process.stop()

    arrived = Counter((mail.to, mail.notice) for mail in council.mails()[before:])
    assert arrived == owed  # each occurrence once
    assert set(post.taken) == {mail.message_id for mail in council.mails()[before:]}
    assert (
        sum(post.repeats().values()) <= 2
    )  # at most the one the dead worker had in DATA, byte for byte the same
    assert not held(council)


def test_a_worker_that_is_told_to_stop_finishes_its_mail_and_leaves_the_rest(
    council: Council, machines: Machines, taker: tuple[MailServer, str]
) -> None:
    post, _ = taker
    put(council, 80)
    first = machines.worker()
    until(lambda: post.count >= 5, "the worker does not deliver")
    assert first.stop() < 10
    assert held(council) == []
    sent = states(council)["sent"]
    assert sent == post.count < 80

    second = machines.worker()
    until(lambda: states(council)["sent"] == 80, "the rest is not taken up")
    second.stop()
    assert post.count == 80
    with council.app.read() as session:
        assert not session.scalar(text("SELECT count(*) FROM procrastinate_jobs WHERE status = 'doing'"))
    for worker in (first, second):
        assert "Traceback" not in worker.said()


def test_the_rest_goes_at_once_to_another_that_delivers(
    council: Council, machines: Machines, taker: tuple[MailServer, str]
) -> None:
    """No sweep in between: whoever ends passes the call on."""
    post, _ = taker
    put(council, 60)
    first, second = machines.worker(), machines.everything()
    until(lambda: post.count >= 10, "the workers do not deliver")
    first.stop()
    until(lambda: states(council)["sent"] == 60, "the rest is not taken up", seconds=15)
    second.stop()
    assert post.count == 60
    assert not post.repeats()
