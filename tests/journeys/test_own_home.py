"""A council changes one file and has one more stage and one more decision, driven by journeys, mails and commands."""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest

from tests.people import Council, address
from vfm_workflow import settings, wiring
from vfm_workflow.domain.decisions import Ballot, read_ballot
from vfm_workflow.folders import NAMES, shipped
from vfm_workflow.journeys import decide
from vfm_workflow.store import history
from vfm_workflow.store.engine import Database

VFM = Path(sys.executable).with_name("vfm")
AT = "2026-03-02T09:00"

STAGE = """\
  scrutiny_review:
    title: Scrutiny review
    owner: portfolio_holder
    limit_working_days: 15
    weight_percent: 30
"""
DECISION = """\
  scrutiny:
    title: Release the project from scrutiny
    freezes: outline
    board: [portfolio_holder]
    deadline_working_days: 10
    remind_working_days_before: [3]
    outcomes:
      approve: release
      return_for_changes: send_back
"""
EVENTS = """\
  release:
    label: Released from scrutiny
    from: scrutiny_review
    to: initial_stage
    decided_by: scrutiny
    notify: [stage_changed]
  send_back:
    label: Sent back by scrutiny
    from: scrutiny_review
    to: returned
    decided_by: scrutiny
    notify: [stage_changed]
"""


def add_scrutiny(home: Path) -> None:
    """Edit the council's copy of one file: CMT's approval now leads to scrutiny, which the portfolio holder decides."""
    file = home / "workflows" / "vfm.yaml"
    text = file.read_text(encoding="utf-8")
    for old, new in (
        ("  initial_stage:\n    title:", f"{STAGE}  initial_stage:\n    title:"),
        ("  recommendations:\n    title: Decide", f"{DECISION}  recommendations:\n    title: Decide"),
        ("  return_outline:\n    label:", f"{EVENTS}  return_outline:\n    label:"),
        (
            "    from: cmt_approval\n    to: initial_stage\n",
            "    from: cmt_approval\n    to: scrutiny_review\n    opens: scrutiny\n",
        ),
    ):
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    file.write_text(text, encoding="utf-8")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A council's own home, not edited yet."""
    for name in NAMES:
        shutil.copytree(shipped() / name, tmp_path / "home" / name)
    return tmp_path / "home"


@pytest.fixture
def data(tmp_path: Path, empty_database: Path) -> Path:
    (tmp_path / "var").mkdir()
    shutil.copy(empty_database, tmp_path / "var" / "vfm.sqlite3")
    return tmp_path / "var"


def opened(home: Path, data: Path) -> Council:
    """Return the council as a process that starts now sees it."""
    loaded = settings.load({}, home=str(home), data=str(data))
    app = wiring.App(loaded, wiring.load_home(loaded), Database(loaded.database_url, durable=False), "tests")
    return Council(app)


@pytest.fixture
def councils(home: Path, data: Path) -> Iterator[tuple[Council, Council]]:
    """The council before and after it edited its file; a project was begun before."""
    before = opened(home, data)
    before.populate()
    before.outline_ready(before.create("Before"))
    add_scrutiny(home)
    after = opened(home, data)
    yield before, after
    before.app.close()
    after.app.close()


class Commands:
    """`vfm` as a person at the council's terminal runs it."""

    def __init__(self, home: Path, data: Path) -> None:
        self.env = {name: value for name, value in os.environ.items() if not name.startswith("VFM_")}
        self.env.update(VFM_HOME=str(home), VFM_DATA=str(data))

    def run(self, *args: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        done = subprocess.run([VFM, *args], env=self.env, text=True, capture_output=True, check=False)
        assert done.returncode == code, (args, done.stdout, done.stderr)
        assert "Traceback" not in done.stderr
        return done

    def json(self, *args: str, code: int = 0) -> Any:
        return json.loads(self.run(*args, "--json", code=code).stdout)


@pytest.fixture
def vfm(home: Path, data: Path) -> Commands:
    return Commands(home, data)


def decide_from_mail(
    council: Council, data: Path, key: str, choice: str, reason: str = ""
) -> decide.Recorded:
    """Decide by the link in the newest mail file that lies in `key`'s folder, as its reader would."""
    mails = sorted((data / "mail").glob("*.eml"), key=lambda file: int(file.name.partition("-")[0]))
    for file in reversed(mails):
        mail = message_from_bytes(file.read_bytes(), policy=policy.default)
        body = mail.get_body(("plain",))
        assert body is not None
        text = body.get_content()
        links = [word for word in text.split() if "/d/" in word]
        if address(key) in str(mail["To"]) and links:
            token = links[0].rpartition("/d/")[2]
            with council.app.write() as session:
                link = decide.look_up(session, council.home, token)
                opened_link = decide.open_link(session, council.home, link.id or 0)
                ballot = read_ballot(opened_link.asked.rule, choice, reason, "")
                return decide.cast(session, council.home, link.id or 0, ballot, council.at)
    raise AssertionError(f"no mail to {key} has a link")


def test_the_edited_home_is_in_order_and_shows_the_new_stage(
    councils: tuple[Council, Council], vfm: Commands
) -> None:
    _, council = councils
    assert vfm.run("check").returncode == 0
    assert council.home.lifecycles["vfm"].main_line[:4] == (
        "outline", "cmt_approval", "scrutiny_review", "initial_stage",
    )  # fmt: skip
    drawn = vfm.run("workflow", "show", "vfm").stdout
    assert "Scrutiny review" in drawn
    assert "Release" in drawn or "release" in drawn
    where = vfm.run("where").stdout
    assert "workflows/vfm.yaml" in where


def test_a_project_goes_through_the_new_stage_by_commands_and_mails(
    councils: tuple[Council, Council], vfm: Commands, data: Path
) -> None:
    _, council = councils
    reference = council.create("After")
    council.outline_ready(reference)
    shown = vfm.json("project", "show", reference)
    (submit,) = [event for event in shown["events"] if event["event"] == "submit_outline"]
    assert submit["allowed"] or submit["unmet"] == []
    vfm.run("project", "do", reference, "submit_outline", "--by", address("manager"), "--at", AT)
    assert vfm.json("deliver", "--at", AT)["sent"] == 5
    for key in ("chief", "place", "resources"):
        decide_from_mail(council, data, key, "approve")
    assert vfm.json("project", "show", reference)["stage"] == "scrutiny_review"
    refused = vfm.run("project", "do", reference, "release", "--by", address("chief"), "--at", AT, code=1)
    assert "follows from the board's decision" in refused.stderr
    vfm.run("deliver", "--at", AT)
    recorded = decide_from_mail(council, data, "holder", "approve")
    assert recorded.outcome == "approve"
    assert vfm.json("project", "show", reference)["stage"] == "initial_stage"
    assert council.milestones(reference)[0].baseline is not None
    vfm.run("audit", "verify")


def test_the_new_board_is_asked_in_a_mail_that_says_what_and_how_many_decide(
    councils: tuple[Council, Council],
) -> None:
    _, council = councils
    reference = council.create("After")
    council.outline_ready(reference)
    council.do(reference, "submit_outline")
    council.approve(reference)
    (mail,) = [mail for mail in council.mails(notice="decision_asked") if mail.to == address("holder")]
    body = council.read_mail(mail).get_body(("plain",))
    assert body is not None
    text = body.get_content()
    assert "Release the project from scrutiny" in text or "Release the project from scrutiny" in mail.subject
    assert "You alone decide" in text
    assert "16 March 2026" in text, "ten working days, as the file says"


def test_the_new_decision_sends_back_reminds_and_goes_over_its_limit(
    councils: tuple[Council, Council],
) -> None:
    _, council = councils
    reference = council.create("After")
    council.outline_ready(reference)
    council.do(reference, "submit_outline")
    council.approve(reference)
    council.at = dt.datetime(2026, 3, 11, 9, 0, tzinfo=dt.UTC)  # three working days before the 16th
    council.app.tick(council.at)
    assert [mail.to for mail in council.mails(notice="decision_reminded")] == [address("holder")]
    council.at = council.home.calendar.moment(
        council.home.calendar.add_working_days(dt.date(2026, 3, 2), 16), "09:00"
    )
    posted = {mail.to: mail.subject for mail in council.app.tick(council.at)}
    assert address("holder") in posted, "the stage waits for the portfolio holder"
    council.decide(reference, "holder", "return_for_changes", reason="Ask the ward")
    assert council.stage(reference) == "returned"


def test_a_project_begun_before_the_edit_keeps_the_lifecycle_it_began_with(
    councils: tuple[Council, Council], vfm: Commands
) -> None:
    before, council = councils
    old, new = "VFM-0001", council.create("After")
    assert council.project(old).lifecycle == before.home.lifecycles["vfm"].digest
    assert council.project(new).lifecycle == council.home.lifecycles["vfm"].digest
    assert council.project(old).lifecycle != council.project(new).lifecycle
    council.outline_ready(new)
    for reference in (old, new):
        vfm.run("project", "do", reference, "submit_outline", "--by", address("manager"), "--at", AT)
        council.approve(reference)
    assert (council.stage(old), council.stage(new)) == ("initial_stage", "scrutiny_review")
    council.decide(new, "holder", "approve")
    for reference in (old, new):
        council.recommendations_ready(reference)
        council.do(reference, "submit_recommendations")
        council.approve(reference)
        assert council.stage(reference) == "implementation"
    with council.app.read() as session:
        assert list(history.verify(session)) == []
    listed = vfm.json("project", "list")
    assert {row["reference"]: row["stage"] for row in listed} == {
        old: "implementation",
        new: "implementation",
    }


def test_the_process_that_started_before_the_edit_serves_projects_begun_after_it(
    councils: tuple[Council, Council],
) -> None:
    """Two replicas, one not restarted yet: each project follows its own version in both."""
    before, after = councils
    reference = after.create("After")
    after.outline_ready(reference)
    before.do(reference, "submit_outline")
    before.approve(reference)
    assert before.stage(reference) == "scrutiny_review"
    link = before.link_of(reference, "holder")
    with before.app.write() as session:
        decide.cast(session, before.home, link, Ballot("approve", "", ()), before.at)
    assert after.stage(reference) == "initial_stage"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("board: [portfolio_holder]", "board: [portfolio_holders]", "`portfolio_holders` does not exist"),
        (
            "      approve: release\n",
            "      approve: relaese\n",
            "`relaese` does not exist. Did you mean `release`?",
        ),
        (
            "    to: scrutiny_review\n",
            "    to: initial_stage\n",
            "the board is asked in the stage `initial_stage`, where the outcome `release` cannot",
        ),
        ("    opens: scrutiny\n", "", "no event opens the decision `scrutiny`"),
    ],
)
def test_a_slip_in_the_edit_is_named_by_file_line_and_remedy(
    home: Path, old: str, new: str, said: str
) -> None:
    add_scrutiny(home)
    slip(home, old, new)
    (problem,) = wiring.check_home(settings.load({}, home=str(home)))[:1]
    assert said in str(problem)
    assert problem.file == str(home / "workflows" / "vfm.yaml")
    assert problem.line is not None


def slip(home: Path, old: str, new: str) -> None:
    file = home / "workflows" / "vfm.yaml"
    text = file.read_text(encoding="utf-8")
    assert text.count(old) == 1
    file.write_text(text.replace(old, new), encoding="utf-8")


def test_with_a_slip_in_the_edit_nothing_runs_until_it_is_mended(
    home: Path, data: Path, vfm: Commands
) -> None:
    add_scrutiny(home)
    slip(home, "board: [portfolio_holder]", "board: [portfolio_holders]")
    for command in (["check"], ["tick", "--at", AT]):
        refused = vfm.run(*command, code=1)
        shown = " ".join((refused.stdout + refused.stderr).split())
        assert "`portfolio_holders` does not exist" in shown
        assert "workflows/vfm.yaml" in shown
    slip(home, "board: [portfolio_holders]", "board: [portfolio_holder]")
    vfm.run("tick", "--at", AT)
