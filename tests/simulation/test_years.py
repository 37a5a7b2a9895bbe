"""A made-up council lives through a year with faults; the same seed gives the same year; what breaks is found and named."""

from __future__ import annotations

import datetime as dt
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
from typer.testing import CliRunner

from vfm_workflow.cli import app as commands
from vfm_workflow.domain.calendar import Calendar
from vfm_workflow.domain.notices import When
from vfm_workflow.domain.occasions import occasion
from vfm_workflow.domain.requirements import REQUIREMENTS
from vfm_workflow.journeys import claims, due, moving, post, posting, register, reseat, undelivered
from vfm_workflow.journeys.now import Now
from vfm_workflow.mail.transports import Answer
from vfm_workflow.simulation.errors import Violated
from vfm_workflow.simulation.filling import FILL
from vfm_workflow.simulation.relay import Relay
from vfm_workflow.simulation.run import simulate
from vfm_workflow.simulation.sizes import Sizes
from vfm_workflow.store import history, outbox
from vfm_workflow.store import personal as personal_store

SMALL = Sizes(departments=1, managers=2, directors=2, projects=2)
"""A district's corner: a year of it takes seconds."""
BUSIER = Sizes(departments=1, managers=2, directors=2, projects=5)
"""One in which a year has something of everything that is owed."""
ANY_TIME = dt.timedelta(days=5_000)


@pytest.mark.fault
@pytest.mark.parametrize("seed", [1, 2])
def test_a_year_with_faults_breaks_nothing(seed: int) -> None:
    outcome = simulate(1, seed, faults=True, sizes=SMALL)
    assert outcome.projects["proposed"] >= 2
    assert outcome.done["returns submitted"] > 5 and outcome.done["mails sent"] > 100
    assert outcome.injected["workers killed"] > 2 and outcome.faults_injected > 30
    assert outcome.mail["written"] == outcome.mail["sent"] + outcome.mail.get("failed", 0) + outcome.mail.get(
        "unknown", 0
    ), "after some quiet days nothing waits any more"
    assert outcome.checked["months verified"] == 13
    assert outcome.checked["whole record verified"] == 2, "at the end of the year, and when all is quiet"


def test_the_same_seed_is_the_same_history_in_another_process_and_another_seed_another(
    tmp_path: Path,
) -> None:
    """Strings are hashed otherwise in each process: no order may rest on that."""
    here = simulate(0.15, 7, faults=True, sizes=SMALL)
    sizes = [f"--{name}={value}" for name, value in SMALL.model_dump().items()]
    program = "from vfm_workflow.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", program, "simulate", "--years=0.15", "--seed=7", "--faults", "--json", *sizes],
        env={**os.environ, "PYTHONHASHSEED": "4", "PYTHONPATH": os.pathsep.join(sys.path)},
        cwd=tmp_path,
        check=True,
        capture_output=True,
        text=True,
    )
    there = json.loads(done.stdout)
    assert there["digest"] == here.digest
    assert there["done"] == here.done
    assert there["checked"] == here.checked, "also where the watch has a process of its own"
    assert list(tmp_path.iterdir()) == [], "it leaves nothing behind"
    assert simulate(0.1, 8, faults=True, sizes=SMALL).digest != here.digest


BROKEN = """
import sys
from vfm_workflow.simulation import aside, watch
real = watch.Watch.day
def broken(self, posted, ticked):
    real(self, posted, ticked)
    if self.life.today >= {day!r}:
        raise {error}
watch.Watch.day = broken
aside.can_stand_aside = lambda: True
import vfm_workflow.cli
vfm_workflow.cli.main()
"""


@pytest.mark.parametrize(
    ("error", "said"),
    [
        ("watch.Broken('something broke')", "something broke"),
        ("KeyError('a bug')", "the watch broke: KeyError: 'a bug'"),
    ],
)
def test_what_a_watch_beside_finds_is_of_its_own_evening(tmp_path: Path, error: str, said: str) -> None:
    """The council has lived through the next day by then. No process is left."""
    program = BROKEN.format(day=dt.date(2026, 4, 14), error=error).replace(
        "datetime.date", "__import__('datetime').date"
    )
    sizes = [f"--{name}={value}" for name, value in SMALL.model_dump().items()]
    done = subprocess.run(
        [sys.executable, "-c", program, "simulate", "--years=0.1", "--seed=3", "--json", *sizes],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        cwd=tmp_path,
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1, done.stderr
    assert json.loads(done.stdout)["message"].startswith(f"On Tuesday 14 April 2026: {said}")


Patch = Callable[[pytest.MonkeyPatch], None]


def _say_without_the_ledger(monkeypatch: pytest.MonkeyPatch) -> None:
    """A journey that tells and does not write down that it has."""
    monkeypatch.setattr(outbox, "say", lambda _session, keys, _day, _at: set(keys))


def _tick_as_if_nothing_were_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """Digests that are written without being claimed: one more at each tick."""
    monkeypatch.setattr(outbox, "claim_digest", lambda *_: True)
    monkeypatch.setattr(outbox, "digested", lambda *_: set())
    monkeypatch.setattr(outbox, "said", lambda *_: set())


def _forget_a_step_of_the_chain(monkeypatch: pytest.MonkeyPatch) -> None:
    """A history whose rows do not name the row before."""
    real = history.link_hash
    monkeypatch.setattr(history, "link_hash", lambda previous, row: real(previous[:8], row))
    monkeypatch.setattr("vfm_workflow.store.watching.link_hash", real)


def _say_sent_without_sending(monkeypatch: pytest.MonkeyPatch) -> None:
    """A relay that says it took a mail and did not."""
    monkeypatch.setattr(Relay, "send", lambda *_: Answer("sent", 250, "queued"))


def _forget_what_slipped(monkeypatch: pytest.MonkeyPatch) -> None:
    """A schedule that finds no slip, and says nothing of it."""
    monkeypatch.setitem(cast(dict[str, Any], due.SCHEDULES), "milestone_slipped", lambda *_: iter(()))


def _say_slips_each_day_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """A slip whose key is the day, so that it is told each morning."""
    monkeypatch.setattr(due, "slip_key", lambda _forecast, _overdue, today: today.isoformat())


def _forget_that_returns_are_due(monkeypatch: pytest.MonkeyPatch) -> None:
    """A month that is chased from its second working day on alone."""
    real = occasion

    def late(when: When, base: str, day: dt.date, today: dt.date, calendar: Calendar) -> str | None:
        return None if today == day else real(when, base, day, today, calendar)

    monkeypatch.setattr(due, "occasion", late)


def _remind_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock that reminds nobody of a decision."""
    monkeypatch.setattr(post, "_reminder_day", lambda *_: None)


def _tell_nobody_of_bounces(monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock that tells nobody of what came back."""
    monkeypatch.setattr(undelivered, "tick", lambda *_: [])


def _tell_the_new_address_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """A change of address of which the old address hears nothing: whoever took it over would not be noticed."""
    real = posting.post
    monkeypatch.setattr(
        moving,
        "post",
        lambda session, home, notice, letter, context, at: (
            real(session, home, notice, letter, context, at)
            if letter.address == context["new_address"]
            else None
        ),
    )


def _let_texts_go_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tidying that keeps the text of no mail."""
    real = personal_store.let_go
    monkeypatch.setattr(
        personal_store,
        "let_go",
        lambda session, _mails, sessions: real(session, sessions + ANY_TIME, sessions),
    )


@pytest.mark.parametrize(
    ("plant", "said"),
    [
        (_forget_what_slipped, "nobody told person .* slipped to"),
        (_say_slips_each_day_anew, "was told twice that .* slipped"),
        (_forget_that_returns_are_due, "was told 0 times that the return of .* is due today"),
        (_remind_nobody, "was not reminded on"),
        (_tell_nobody_of_bounces, "was told 0 times that mail .* did not arrive"),
        (_tell_the_new_address_alone, "were not both told once"),
        (_let_texts_go_at_once, "was let go before its"),
    ],
)
def test_what_was_owed_and_not_said_is_found(
    plant: Patch, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each breaks the part of the program that says what is owed; the reckoning beside it asks none of them."""
    plant(monkeypatch)
    monkeypatch.setattr("vfm_workflow.simulation.bouncing.BOUNCES", 0.03)
    monkeypatch.setattr("vfm_workflow.simulation.addresses.CHANGES_A_YEAR", 1)
    with pytest.raises(Violated, match=said):
        simulate(1.1, 3, faults=True, sizes=BUSIER)


def test_nothing_is_found_wrong_where_nothing_is_broken_and_much_comes_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The same council as above, with nothing planted: what is found there is what was planted."""
    monkeypatch.setattr("vfm_workflow.simulation.bouncing.BOUNCES", 0.03)
    monkeypatch.setattr("vfm_workflow.simulation.addresses.CHANGES_A_YEAR", 1)
    outcome = simulate(1.1, 3, faults=True, sizes=BUSIER)
    owed = {key: count for key, count in outcome.checked.items() if key.startswith("owed")}
    assert len(owed) == 7 and min(owed.values()) > 0, owed


def _let_more_be_claimed_than_was_delivered(monkeypatch: pytest.MonkeyPatch) -> None:
    """A claim that nobody holds against the returns, of a manager who always puts a penny too much."""
    monkeypatch.setattr(claims, "_refuse_claim", lambda *_: None)
    monkeypatch.setattr("vfm_workflow.simulation.finance.TOO_MUCH", 1)


def _count_a_quarter_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """A register whose year has each quarter's figures two times."""
    real = register._sum
    monkeypatch.setattr(register, "_sum", lambda quarters, amount: 2 * real(quarters, amount))


def _count_what_another_line_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """A register whose total leaves a counted line out."""
    monkeypatch.setattr(register.Row, "counted", property(lambda row: row.line.id % 2 == 0))


def _forget_what_waits_to_be_banked(monkeypatch: pytest.MonkeyPatch) -> None:
    """A schedule that tells Finance of what is to be verified, and not of what is to be banked."""
    real = due.saving_waits

    def told(now: Now, when: When) -> Iterator[due.Owed]:
        return (owed for owed in real(now, when) if not owed.subject.endswith(":bank"))

    monkeypatch.setitem(cast(dict[str, Any], due.SCHEDULES), "saving_waits", told)


def _tell_finance_each_day_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """A claim whose key is the day, so that Finance is told each morning."""
    real = due.saving_waits

    def told(now: Now, when: When) -> Iterator[due.Owed]:
        return (replace(owed, period=now.today.isoformat()) for owed in real(now, when))

    monkeypatch.setitem(cast(dict[str, Any], due.SCHEDULES), "saving_waits", told)


@pytest.mark.parametrize(
    ("plant", "said"),
    [
        (_forget_what_waits_to_be_banked, "was told 0 times that claim .* waits to be banked"),
        (_tell_finance_each_day_anew, "was told 2 times that claim .* waits to be"),
        (_let_more_be_claimed_than_was_delivered, "pence are claimed of line .* were delivered"),
        (_count_a_quarter_twice, "its entries add up to"),
        (_count_what_another_line_counts, "pence as .*, and not"),
    ],
)
def test_a_saving_that_is_not_counted_once_is_found(
    plant: Patch, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Claims and the register are reckoned from their rows, beside the journeys that write and add them up."""
    plant(monkeypatch)
    monkeypatch.setattr("vfm_workflow.simulation.finance.CLAIMS", 1)
    with pytest.raises(Violated, match=said):
        simulate(1.1, 3, sizes=BUSIER)


def test_savings_go_their_whole_way_and_are_counted_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same council with nothing planted."""
    monkeypatch.setattr("vfm_workflow.simulation.finance.CLAIMS", 1)
    outcome = simulate(1.1, 3, sizes=BUSIER)
    for step in ("savings claimed", "claims verified", "claims banked", "banked savings placed"):
        assert outcome.done[step] > 0, step
    for look in (
        "claims",
        "claims within what was delivered",
        "lines of the register reckoned",
        "owed: a claim that waits told to Finance",
    ):
        assert outcome.checked[look] > 0, look


@pytest.mark.parametrize(
    ("plant", "said"),
    [
        (_say_without_the_ledger, "of which the ledger has"),
        (_tick_as_if_nothing_were_said, "a second tick|two digests|told"),
        (_forget_a_step_of_the_chain, "the chain is broken"),
        (_say_sent_without_sending, "never came"),
    ],
)
def test_what_breaks_is_found_and_says_how_to_see_it_again(
    plant: Patch, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(monkeypatch)
    with pytest.raises(Violated, match=said) as caught:
        simulate(0.5, 3, faults=True, sizes=SMALL)
    assert caught.value.again == (
        "vfm simulate --years 0.5 --seed 3 --faults --departments 1 --managers 2 --directors 2 --projects 2"
    )
    assert caught.value.day >= dt.date(2026, 4, 1)
    assert "See it again: vfm simulate" in str(caught.value)


def test_a_journey_that_breaks_ends_it_with_the_day_and_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(reseat, "reconcile", broken)
    with pytest.raises(Violated, match="the program broke: RuntimeError: a bug"):
        simulate(0.1, 3, sizes=SMALL)


def test_everything_a_gate_may_ask_for_can_be_filled_in() -> None:
    assert FILL.keys() == REQUIREMENTS.keys()


def test_at_the_command_line_a_violation_ends_with_one_and_a_folder_in_use_is_not_touched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, small = CliRunner(), ["--departments", "1", "--managers", "1", "--directors", "1", "--projects", "1"]
    kept = tmp_path / "kept"
    done = run.invoke(commands, ["simulate", "--years", "0.1", *small, "--keep", str(kept)])
    assert done.exit_code == 0, done.output
    assert "Nothing that must never break broke" in done.output and (kept / "vfm.sqlite3").exists()
    again = run.invoke(commands, ["simulate", "--years", "0.1", *small, "--keep", str(kept)])
    assert again.exit_code == 1 and "is not empty" in again.output
    _say_sent_without_sending(monkeypatch)
    wrong = run.invoke(commands, ["simulate", "--years", "0.1", "--json", *small])
    assert wrong.exit_code == 1 and json.loads(wrong.stdout)["error"] == "violated"
