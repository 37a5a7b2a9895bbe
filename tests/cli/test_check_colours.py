"""`vfm check` says which projects would change colour under the thresholds as the file now has them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Vfm
from tests.cli.test_home import spoil
from tests.figures_support import moment, submit, the_return
from tests.people import Council
from vfm_workflow.errors import ConfigError
from vfm_workflow.journeys import recolour
from vfm_workflow.journeys.recolour import Recoloured
from vfm_workflow.wiring import load_home


@pytest.fixture
def late(council: Council) -> str:
    """A project that is 24 working days late, with a plan."""
    reference = council.create()
    council.to_implementation(reference)
    council.at = moment(2026, 5, 5)
    submit(council, reference, "2026-03", saved="0")
    submit(council, reference, "2026-04", forecast="2026-08-03", action="A second crew", saved="6,400")
    return reference


def stricter(council: Council, vfm: Vfm, tmp_path: Path, old: str, new: str) -> Recoloured:
    """What the council's database would show under a home in which `old` is `new`."""
    home = tmp_path / "stricter"
    vfm.run("init", home)
    spoil(home / "config" / "rag.yaml", old, new)
    from vfm_workflow import settings

    with council.app.read() as session:
        return recolour.recoloured(session, load_home(settings.load(None, home=str(home))))


def test_a_stricter_threshold_shows_who_would_turn_red_and_why(
    council: Council, late: str, vfm: Vfm, tmp_path: Path
) -> None:
    found = stricter(council, vfm, tmp_path, "red_over_working_days: 40", "red_over_working_days: 23")
    (change,) = found.changes
    assert (change.project, change.month, change.status, change.before, change.after) == (
        late,
        "2026-04",
        "overall",
        "amber",
        "red",
    )
    assert change.why.endswith("from 30 June 2026 to 3 August 2026; more than 23 working days is red.")
    assert (found.judged, found.unknown) == (1, 0)
    assert the_return(council, late, "2026-04").rag == "amber", "nothing is written"


def test_a_milder_threshold_shows_who_would_turn_green(
    council: Council, late: str, vfm: Vfm, tmp_path: Path
) -> None:
    found = stricter(council, vfm, tmp_path, "amber_over_working_days: 0", "amber_over_working_days: 24")
    assert [(one.status, one.before, one.after) for one in found.changes] == [("overall", "amber", "green")]
    assert found.changes[0].why.endswith("up to 24 working days is green.")


def test_a_status_that_leaves_the_overall_colour_is_shown_by_itself(
    council: Council, late: str, vfm: Vfm, tmp_path: Path
) -> None:
    found = stricter(council, vfm, tmp_path, "amber_under_percent: 95", "amber_under_percent: 98")
    assert [(one.status, one.before, one.after) for one in found.changes] == [("benefit", "green", "amber")]
    assert "£6,400 is delivered of the £6,666.67 profiled" in found.changes[0].why


def test_the_rules_that_gave_the_colours_change_none(council: Council, late: str) -> None:
    with council.app.read() as session:
        assert recolour.recoloured(session, council.home) == Recoloured((), 1, 0)


def test_returns_from_before_their_figures_were_kept_are_counted(council: Council, late: str) -> None:
    with council.app.write() as session:
        session.merge(the_return(council, late, "2026-04")).why = []
    with council.app.read() as session:
        assert recolour.recoloured(session, council.home) == Recoloured((), 0, 1)


def test_a_project_that_has_ended_is_left_out(council: Council, late: str) -> None:
    council.do(late, "withdraw", "head", reason="The contract was let elsewhere.")
    with council.app.read() as session:
        assert recolour.recoloured(session, council.home) == Recoloured((), 0, 0)


def test_the_command_says_so_without_a_database_and_makes_none(vfm: Vfm, tmp_path: Path) -> None:
    vfm.env["VFM_DATA"] = str(tmp_path / "nothing")
    done = vfm.run("check")
    assert "all well" in done.stdout
    assert "Traffic lights were not compared. There is no database yet." in done.stderr
    assert not (tmp_path / "nothing").exists()
    said = vfm.json("check")
    assert said["colours"] == {
        "judged": 0,
        "unknown": 0,
        "unread": "There is no database yet.",
        "changes": [],
    }


def test_the_command_looks_at_the_council_s_database(
    council: Council, late: str, vfm: Vfm, tmp_path: Path
) -> None:
    vfm.env["VFM_DATA"] = str(council.app.loaded.data)
    vfm.env["VFM_DATABASE_URL"] = ""
    assert (
        "1 newest return judged by this config/rag.yaml; no project would change colour."
        in vfm.run("check").stdout
    )
    home = tmp_path / "home"
    vfm.run("init", home)
    spoil(home / "config" / "rag.yaml", "red_over_working_days: 40", "red_over_working_days: 10")
    said = vfm.run("check", home).stdout
    assert "1 project would change colour:" in said
    assert f"{late}  2026-04  overall  amber  red" in said
    (change,) = vfm.json("check", home)["colours"]["changes"]
    assert (change["project"], change["month"], change["from"], change["to"]) == (
        late,
        "2026-04",
        "amber",
        "red",
    )


def test_a_database_that_does_not_answer_stops_no_check(vfm: Vfm, tmp_path: Path) -> None:
    broken = tmp_path / "vfm.sqlite3"
    broken.write_bytes(b"this is no database at all, and long enough to be looked at" * 40)
    vfm.env["VFM_DATABASE_URL"] = f"sqlite:///{broken}"
    done = vfm.run("check")
    assert "The database does not answer, or is none of this program." in done.stderr


def test_a_bad_threshold_is_named_before_anything_is_compared(vfm: Vfm, tmp_path: Path) -> None:
    home = tmp_path / "home"
    vfm.run("init", home)
    line = spoil(home / "config" / "rag.yaml", "amber_over_percent: 100", "amber_over_percent: 120")
    refused = vfm.run("check", home, code=1)
    assert f"rag.yaml:{line - 1}" in refused.stderr
    assert "`red_over_percent` must not be less than `amber_over_percent`" in refused.stderr
    assert ConfigError.__name__ not in refused.stderr
