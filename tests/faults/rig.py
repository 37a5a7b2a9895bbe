"""One run of the rig: facts are left, workers post and send them and are killed, and then everything is counted."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.faults.crew import Crew
from tests.faults.owing import Owing

SETTLE_SECONDS = 180.0


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run is to do; the seed decides when, and to whom."""

    seed: int
    people: int
    days: int
    kills: int
    """A whole number of times `days`."""
    workers: int = 2
    portion: int = 40
    """People at most for whom facts are left at once."""
    spread: float = 1.5
    """Seconds after that within which a kill falls."""
    aimed: float = 0.3
    """The share of kills that wait for somebody to be in DATA; the others fall where they fall."""


@dataclass(slots=True)
class Figures:
    """What a run found."""

    plan: Plan
    mails: int = 0
    facts: int = 0
    seconds: float = 0.0
    kills: Mapping[str, int] = field(default_factory=dict)
    """By what the killed were doing."""
    doubts: int = 0
    """Mails handed over without an answer."""
    outcomes: Mapping[str, int] = field(default_factory=dict)
    """How often each outcome stands in the delivery log."""
    faults: Mapping[str, int] = field(default_factory=dict)
    """How often the server failed on purpose, by how."""
    beats_failed: int = 0
    """How often a worker's tick or delivery was refused by the database."""
    left_to_a_person: int = 0
    lost: list[str] = field(default_factory=list)
    twice: list[str] = field(default_factory=list)
    """Messages that came more than once."""
    unexplained: list[str] = field(default_factory=list)
    """Those that came more often than once and once more for each doubt."""
    ledger: list[str] = field(default_factory=list)
    """What is wrong with what was posted."""


def run(
    plan: Plan,
    owing: Owing,
    mail_url: str,
    disturb: Callable[[random.Random], None] | None = None,
    logs: Path | None = None,
) -> Figures:
    """Let the workers post and send everything while they are killed; return figures without what came.

    `disturb` is called again and again meanwhile. The workers write of themselves into `logs`, beside the council's
    data where it is not said.
    """
    rng, began = random.Random(plan.seed), time.monotonic()
    figures = Figures(plan)
    folder = logs or owing.data / "workers"
    with Crew(owing, plan.workers, rng, folder, VFM_MAIL_URL=mail_url) as crew:
        for day in range(plan.days):
            if day:
                owing.next_day()
            _one_day(plan, owing, crew, rng, figures, disturb)
    figures.kills, figures.beats_failed = crew.kills, crew.said().count("a beat failed")
    figures.facts, figures.seconds = len(owing.left), time.monotonic() - began
    return figures


def _one_day(
    plan: Plan,
    owing: Owing,
    crew: Crew,
    rng: random.Random,
    figures: Figures,
    disturb: Callable[[random.Random], None] | None,
) -> None:
    """Leave a day's facts in portions, one for each kill at least, so that whoever is killed has something to do."""
    waiting = list(owing.people)
    rng.shuffle(waiting)
    kills = plan.kills // plan.days
    rounds = max(kills, -(-len(waiting) // plan.portion))
    for number in range(rounds):
        owing.leave(waiting[number::rounds])
        if disturb is not None:
            disturb(rng)
        if number < kills:
            time.sleep(rng.uniform(0, plan.spread))
            crew.kill_one(aimed=rng.random() < plan.aimed)

    def done() -> bool:
        figures.left_to_a_person += owing.ask_for_another_try()
        return owing.settled()

    crew.wait(done, SETTLE_SECONDS)


def compare(figures: Figures, owing: Owing, came: Counter[str]) -> Figures:
    """Fill in what came, by Message-ID, against what was owed; return the figures."""
    logged = owing.attempts()
    owed = {mail.message_id for mail in owing.mails()}
    figures.mails = len(owed)
    outcomes: Counter[str] = Counter()
    for (_, outcome), times in logged.items():
        outcomes[outcome] += times
    figures.outcomes, figures.doubts = outcomes, outcomes["unknown"]
    figures.lost = sorted(owed - set(came))
    figures.twice = sorted(message_id for message_id, times in came.items() if times > 1)
    figures.unexplained = sorted(
        f"{message_id} came {times} times"
        for message_id, times in came.items()
        if message_id not in owed or times > 1 + logged[message_id, "unknown"]
    )
    figures.ledger = owing.ledger_faults()
    return figures


def council(folder: Path, plan: Plan) -> Owing:
    """Return a new council for a run, in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    return Owing(folder, plan.people)
