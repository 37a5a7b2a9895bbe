"""A person's event is cut off anywhere: project, history, decision and mails have changed together, or none has."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlmodel import col

from tests.faults.crew import Nursery, Worker
from tests.faults.worker import CLOCK
from tests.people import Council, address
from vfm_workflow.store import audit
from vfm_workflow.store.tables import DecisionRequest, History, Link, OutboxMail, Project

pytestmark = [pytest.mark.fault, pytest.mark.xdist_group("faults")]
SEED = int(os.environ.get("RIG_SEED", "20261128"))
KILLS = 10


def counted(council: Council, reference: str) -> tuple[str, int, int, int, int]:
    """Return a project's stage, and how many lines of history, requests, links and mails asking for a decision it has."""
    with council.app.read() as session:
        project = session.scalars(select(Project).where(col(Project.reference) == reference)).one()

        def rows(table: type[History | DecisionRequest | OutboxMail]) -> int:
            query = select(func.count()).select_from(table).where(col(table.project_id) == project.id)
            return session.scalar(query) or 0

        links = (
            select(func.count())
            .select_from(Link)
            .where(
                col(Link.message_id).in_(
                    select(col(OutboxMail.message_id)).where(col(OutboxMail.project_id) == project.id)
                )
            )
        )
        return (
            project.stage,
            rows(History),
            rows(DecisionRequest),
            session.scalar(links) or 0,
            rows(OutboxMail),
        )


def until(true: Callable[[], bool], process: Worker) -> None:
    """Wait until something is true."""
    end = time.monotonic() + 60
    while not true():
        assert time.monotonic() < end, process.said()
        time.sleep(0.01)


def ended(process: Worker) -> None:
    """Wait until a process has ended by itself."""
    until(lambda: not process.lives(), process)


def test_an_event_cut_off_anywhere_has_happened_with_its_mails_or_not_at_all(
    council: Council, tmp_path: Path
) -> None:
    rng = random.Random(SEED)
    references = [council.create(f"Round {number}") for number in range(KILLS)]
    for reference in references:
        council.outline_ready(reference)
    before = {reference: counted(council, reference) for reference in references}
    clock = tmp_path / "clock"
    clock.write_text("0")
    nursery = Nursery({"VFM_DATA": str(council.app.loaded.data), CLOCK: str(clock)})

    def submit(reference: str) -> Worker:
        command = ("project", "do", reference, "submit_outline", "--by", address("manager"))
        return nursery.start(tmp_path / f"{reference}.log", *command)

    whole = submit(references[0])
    began = time.monotonic()
    ended(whole)
    takes = time.monotonic() - began
    after = counted(council, references[0])
    assert (after[0], after[4] - before[references[0]][4]) == ("cmt_approval", 5)
    happened = 0
    for number, reference in enumerate(references[1:]):
        process = submit(reference)
        if reference == references[-1]:
            until(
                lambda: counted(council, references[-1]) != before[references[-1]], process
            )  # just committed
        else:
            time.sleep(takes * 1.5 * rng.uniform(number, number + 1) / (KILLS - 1))
        process.kill()
        now = counted(council, reference)
        if now != before[reference]:
            happened += 1
            assert now[0] == "cmt_approval"
            assert [b - a for a, b in zip(before[reference][1:], now[1:], strict=True)] == [
                b - a for a, b in zip(before[references[0]][1:], after[1:], strict=True)
            ]
        else:
            ended(submit(reference))  # whoever asked tries again
            assert counted(council, reference)[0] == "cmt_approval"
    nursery.close()
    assert 0 < happened < KILLS - 1, "the first was cut off before, and the last after"
    with council.app.read() as session:
        assert list(audit.verify(session)) == []
