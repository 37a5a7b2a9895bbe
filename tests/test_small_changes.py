"""The eight changes that stay small: each is made here as CONTRIBUTING.md shows it, with the very lines that stand there.

Those that are data are made on a council's own home, those that are code at their one place. Where a test below fails
after a change to the house, one of the eight has become bigger: mend the house or the page, not the test.
"""

from __future__ import annotations

import datetime as dt
import json
import re
import shutil
from collections.abc import Callable, Iterator
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest
from sqlmodel import select
from typer.testing import CliRunner

from tests.documentation import blocks, section
from tests.people import Council, address
from tests.web.support import Browser
from vfm_workflow import wiring
from vfm_workflow.cli import app as vfm
from vfm_workflow.domain import machine, requirements
from vfm_workflow.domain.notices import When
from vfm_workflow.domain.outline import parse_outline
from vfm_workflow.domain.requirements import REQUIREMENTS, Requirement
from vfm_workflow.domain.roles import may
from vfm_workflow.errors import ConfigError, NotAllowed, Unready
from vfm_workflow.folders import shipped
from vfm_workflow.journeys import dates, due, gate, people
from vfm_workflow.journeys.deliver import deliver
from vfm_workflow.journeys.now import Now
from vfm_workflow.mail import transports
from vfm_workflow.mail.transports import Transport
from vfm_workflow.store import listing
from vfm_workflow.store.tables import SavingLine, Version

DATA_FILES = (
    "workflows/vfm.yaml",
    "workflows/authority_wide.yaml",
    "notifications/notices.yaml",
    "config/roles.yaml",
    "config/outline.yaml",
    "config/calendar.yaml",
)


def shown(heading: str, language: str) -> list[str]:
    """Return the code of a language that CONTRIBUTING.md shows under a heading: the tests do what it says."""
    return blocks(section("CONTRIBUTING.md", heading), language)


def run(code: str, folder: Path, beside: ModuleType) -> ModuleType:
    """Return a module of `code`, which sees what `beside` sees, as if it stood there."""
    file = folder / "shown.py"
    there = f"from __future__ import annotations\nfrom {beside.__name__} import *\n"
    file.write_text(f"{there}{code}" if "import" not in code else code, encoding="utf-8")
    spec = spec_from_file_location("shown", file)
    assert spec is not None and spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Home:
    """A council's own folder, to edit a file of as a council would."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def edit(self, name: str, old: str, new: str) -> None:
        """Replace `old`, which must stand in the file once, by `new`."""
        file = self.folder / name
        text = file.read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{name} has {old!r} {text.count(old)} times"
        file.write_text(text.replace(old, new), encoding="utf-8")

    def insert(self, name: str, text: str, *, before: str) -> None:
        """Put `text` before what must stand in the file once."""
        self.edit(name, before, text + before)

    def write(self, name: str, text: str) -> None:
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def check(self) -> dict[str, int]:
        """Return how many of each thing `vfm check` counts. It must find nothing wrong."""
        done = CliRunner().invoke(vfm, ["check", str(self.folder), "--json"])
        assert done.exit_code == 0, done.output
        counts = json.loads(done.output)
        return {name: count for name, count in counts.items() if type(count) is int}

    def more_than(self, before: dict[str, int]) -> dict[str, int]:
        """Return what `vfm check` counts more of than `before`."""
        after = self.check()
        return {name: after[name] - count for name, count in before.items() if after[name] != count}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """A home that holds copies of the files a council edits; templates come from the defaults."""
    monkeypatch.setenv("VFM_DATA", str(tmp_path / "elsewhere"))
    monkeypatch.delenv("VFM_HOME", raising=False)
    folder = tmp_path / "home"
    for name in DATA_FILES:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(shipped() / name, folder / name)
    return Home(folder)


Opener = Callable[[], Council]
FRIDAY = dt.date(2026, 3, 20)
"""Fourteen working days after the Monday on which the tests' council begins."""


@pytest.fixture
def running(home: Home, tmp_path: Path, empty_database: Path) -> Iterator[Opener]:
    """Return what starts a council on the home, once its files are as they should be."""
    apps: list[wiring.App] = []

    def run() -> Council:
        data = tmp_path / "var"
        data.mkdir()
        shutil.copy(empty_database, data / "vfm.sqlite3")
        apps.append(wiring.build(data=str(data), home=str(home.folder)))
        council = Council(apps[0])
        council.populate()
        return council

    yield run
    for app in apps:
        app.close()


def add_a_milestone(council: Council, day: dt.date) -> None:
    """Begin a project whose one milestone is forecast for `day`."""
    reference = council.create()
    with council.app.write() as session:
        manager = council.actor(session, "manager")
        dates.add_milestone(session, council.home, reference, "Contract signed", day, manager, council.at)


def mornings_with_a_digest(council: Council, key: str, until: dt.date) -> list[dt.date]:
    """Let the clock tick at nine each day up to `until`; return the days on which somebody got a digest."""
    days = [council.at.date() + dt.timedelta(days=n) for n in range(1, (until - council.at.date()).days + 1)]
    moments = {day: council.home.calendar.moment(day, "09:00") for day in days}
    return [day for day in days if address(key) in {mail.to for mail in council.app.tick(moments[day])}]


# ------------------------------------------------------------------ 1. a stage


def add_a_stage(home: Home) -> None:
    file, (stage, event) = "workflows/vfm.yaml", shown("1. A stage", "yaml")
    home.edit(file, "version: 1", "version: 2")
    home.insert(file, stage, before="  implementation:\n    title: Implementation\n")
    home.edit(
        file, "from: recommendations\n    to: implementation", "from: recommendations\n    to: mobilisation"
    )
    home.insert(file, event, before="  finish_implementation:\n")


def test_a_stage_is_added_in_one_file(home: Home, running: Opener) -> None:
    before = home.check()
    add_a_stage(home)
    assert home.more_than(before) == {"stages": 1, "events": 1}
    council = running()
    lifecycle = council.home.lifecycles["vfm"]
    assert "mobilisation" in lifecycle.main_line
    assert "  Mobilisation [mobilisation]" in machine.text(lifecycle)

    reference = council.create()
    council.to_implementation(reference)
    assert council.stage(reference) == "mobilisation"
    council.do(reference, "start_implementation")
    assert council.stage(reference) == "implementation"


# ------------------------------------------------------------------ 2. a notice


def add_a_notice(home: Home) -> None:
    (entry,), templates = shown("2. A notice", "yaml"), shown("2. A notice", "jinja")
    home.insert("notifications/notices.yaml", entry, before="  milestone_slipped:\n")
    for name, text in zip(("subject.txt", "body.txt", "body.html"), templates, strict=True):
        home.write(f"notifications/milestone_today/{name}", text)


def test_a_notice_is_an_entry_of_the_catalogue_and_a_folder(home: Home, running: Opener) -> None:
    before = home.check()
    add_a_notice(home)
    assert home.more_than(before) == {"notices": 1}
    council = running()
    add_a_milestone(council, FRIDAY)
    assert mornings_with_a_digest(council, "manager", FRIDAY) == [dt.date(2026, 3, 13), FRIDAY]
    first, second = council.mails(to="manager", notice="digest")
    assert (first.subject, second.subject) == ("1 milestone coming up", "1 milestone due today")
    body = council.read_mail(second).get_body(("plain",))
    assert body is not None
    said = body.get_content()
    assert "START HERE: Say whether Contract signed is reached" in said
    assert "Milestones due today" in said


def test_a_notice_without_its_folder_is_named_by_check(home: Home) -> None:
    add_a_notice(home)
    (home.folder / "notifications" / "milestone_today" / "subject.txt").unlink()
    done = CliRunner().invoke(vfm, ["check", str(home.folder)])
    assert done.exit_code == 1
    assert "milestone_today/subject.txt is missing" in done.output


# ------------------------------------------------------------------ 3. a requirement


@pytest.fixture
def requirement_shown(tmp_path: Path) -> Iterator[Requirement]:
    """The requirement of CONTRIBUTING.md, registered for the length of a test."""
    (code,) = shown("3. A requirement", "python")
    before = dict(REQUIREMENTS)
    run(code, tmp_path, requirements)
    (name,) = re.findall(r"^def (\w+)", code, re.MULTILINE)
    yield REQUIREMENTS[name]
    REQUIREMENTS.clear()
    REQUIREMENTS.update(before)


def name_the_budget(council: Council, code: str) -> None:
    """Write the budget code of the only line of savings there is."""
    with council.app.write() as session:
        session.exec(select(SavingLine)).one().budget_code = code


def test_a_requirement_is_one_function_that_a_lifecycle_names(
    home: Home, running: Opener, requirement_shown: Requirement
) -> None:
    required = "requires: [recommendations_complete, milestones_ahead"
    if requirement_shown.name not in (home.folder / "workflows" / "vfm.yaml").read_text(encoding="utf-8"):
        home.edit("workflows/vfm.yaml", required, f"{required}, {requirement_shown.name}")
    home.check()
    council = running()
    reference = council.create()
    council.outline_ready(reference)
    council.do(reference, "submit_outline")
    council.approve(reference)
    council.recommendations_ready(reference)
    name_the_budget(council, "")
    with pytest.raises(Unready) as refused:
        council.do(reference, "submit_recommendations")
    assert [item.sentence for item in refused.value.unmet] == [
        "Name the budget that “Fewer rounds” comes out of"
    ]
    name_the_budget(council, "SS-4210")
    project, manager = council.project(reference), council.who("manager")
    with council.app.read() as session:
        options = gate.options(session, council.home, project, manager, council.at)
    option = next(option for option in options if option.event == "submit_recommendations")
    assert requirement_shown.sentence in [line.sentence for line in option.checklist]
    assert option.allowed


# ------------------------------------------------------------------ 4. a role


def test_a_role_is_an_entry_that_lifecycles_and_notices_may_name(home: Home, running: Opener) -> None:
    before = home.check()
    (role,) = shown("4. A role", "yaml")
    home.insert("config/roles.yaml", role, before="  mentor:\n")
    home.edit(
        "workflows/vfm.yaml",
        "to: on_hold\n    by: [head_of_service, chief_executive]",
        "to: on_hold\n    by: [head_of_service, chief_executive, transformation_lead]",
    )
    assert home.more_than(before) == {"roles": 1}
    council = running()
    with council.app.write() as session:
        people.add_person(
            session,
            council.home,
            address=address("lead"),
            name="Transformation Lead",
            role="transformation_lead",
            department="",
            at=council.at,
        )
    lead = council.who("lead")
    assert council.home.role_title("transformation_lead") == "Transformation lead"
    assert may(council.home.roles, lead, "mail.read")
    assert not may(council.home.roles, lead, "people.edit")
    reference = council.create()
    council.do(reference, "hold", "lead", reason="Two projects want the same team")
    assert council.stage(reference) == "on_hold"
    with pytest.raises(NotAllowed):
        council.do(reference, "resume", "lead")


# ------------------------------------------------------------------ 5. a column of the list of projects


def test_the_list_is_written_as_contributing_writes_its_new_column() -> None:
    templates = shipped() / "vfm_workflow/web/templates/portfolio"
    heading, cell = shown("5. A report column", "jinja")
    assert f"{heading.partition('>')[0]}>" in (templates / "list.html").read_text(encoding="utf-8")
    assert cell.partition("Days planned")[0] in (templates / "row.html").read_text(encoding="utf-8")


def test_every_column_of_the_list_stands_under_its_own_name(council: Council) -> None:
    reference = council.create("Waste rounds")
    council.to_implementation(reference)
    project, (milestone, *_) = council.project(reference), council.milestones(reference)
    with council.app.read() as session:
        shown = listing.one(session, reference)
        lifecycle = council.home.lifecycle(session, project)
    assert shown is not None
    expected = {
        "id": project.id,
        "reference": reference,
        "title": "Waste rounds",
        "kind": "delivery_model",
        "department": "SS",
        "stage": "implementation",
        "revision": project.revision,
        "lifecycle": lifecycle.digest,
        "lifecycle_name": "vfm",
        "lifecycle_version": 1,
        "rag": None,
        "manager_id": project.manager_id,
        "manager": "Waste Project Manager",
        "milestone": "Contract signed",
        "forecast": milestone.forecast,
        "baseline": milestone.baseline,
        "stage_since": project.stage_since,
        "held_from": None,
        "disputed": False,
    }
    assert shown._asdict() == expected, "name a new column here, with the value it must show"


# ------------------------------------------------------------------ 6. a schedule


@pytest.mark.parametrize(("days_before", "said_on"), [(-5, dt.date(2026, 3, 13)), (-10, dt.date(2026, 3, 6))])
def test_a_schedule_is_a_line_of_the_catalogue(
    home: Home, running: Opener, days_before: int, said_on: dt.date
) -> None:
    new, *_ = shown("6. A schedule", "yaml")
    old = "    when: {what: milestone_ahead, working_days: -5}\n"
    home.edit("notifications/notices.yaml", old, new if days_before == -10 else old)
    home.check()
    council = running()
    add_a_milestone(council, FRIDAY)
    assert mornings_with_a_digest(council, "manager", FRIDAY) == [said_on]


def test_a_due_day_is_a_line_of_the_calendar(home: Home, running: Opener) -> None:
    _, line, _ = shown("6. A schedule", "yaml")
    home.edit("config/calendar.yaml", "  due_working_day: 5 ", f"{line.rstrip()} ")
    home.check()
    assert running().home.calendar.return_due("2026-10") == dt.date(2026, 11, 10)


def test_what_comes_round_by_the_calendar_is_an_entry_alone(home: Home, running: Opener) -> None:
    *_, entry = shown("6. A schedule", "yaml")
    before = home.check()
    home.insert("notifications/notices.yaml", entry, before="  efficiency_statement_due:\n")
    assert home.more_than(before) == {"notices": 1}
    council = running()
    season, plans = dt.date(2026, 9, 1), dt.date(2027, 1, 15)
    assert mornings_with_a_digest(council, "planning", plans) == [season, plans]
    mail = council.mails(to="planning", notice="digest")[-1]
    assert mail.subject == "Service plans for 2026/27"


def test_something_new_to_look_for_is_one_function(council: Council, tmp_path: Path) -> None:
    function, *_ = shown("6. A schedule", "python")
    look = run(function, tmp_path, due).department_idle
    council.create()
    when = When(what="condition_open", working_days=0, then_every=20)  # its own name is not in the code

    def found(day: dt.date) -> list[tuple[str, str]]:
        with council.app.read() as session:
            now = Now(session, council.home, council.home.calendar.moment(day, "09:00"))
            return [(owed.period, owed.department) for owed in look(now, when)]

    assert found(dt.date(2026, 8, 31)) == []
    assert found(dt.date(2026, 9, 1)) == [("2026", "PE")]
    assert found(dt.date(2026, 9, 29)) == [("2026+1", "PE")]
    council.create("Housing repairs", manager="other", department="PE")
    assert found(dt.date(2026, 9, 29)) == []
    assert found(dt.date(2026, 12, 1)) == []


# ------------------------------------------------------------------ 7. a section of the outline


def test_a_section_is_an_entry_that_form_checklist_and_frozen_text_follow(
    home: Home, running: Opener
) -> None:
    before = home.check()
    (entry,) = shown("7. A section of the outline", "yaml")
    home.insert("config/outline.yaml", entry, before="  - key: targets\n")
    assert home.more_than(before) == {"outline sections": 1}
    council = running()
    reference = council.create()
    with pytest.raises(Unready) as refused:
        council.do(reference, "submit_outline")
    assert "Write “Effect on equality”" in [item.sentence for item in refused.value.unmet]

    browser = Browser(council).sign_in("manager")
    assert browser.get(f"/projects/{reference}/outline").status_code == 200
    assert "Effect on equality" in browser.text

    council.outline_ready(reference)
    council.do(reference, "submit_outline")
    with council.app.read() as session:
        version = session.exec(select(Version)).one()
    parts = json.loads(version.snapshot)["parts"]
    assert [part["title"] for part in parts][8:10] == ["Effect on equality", "Targets"]

    with pytest.raises(ConfigError, match="the heading “Effect on equality” is missing"):
        parse_outline("## Targets\n\nFewer.\n", "outline.md", council.home.outline)


# ------------------------------------------------------------------ 8. a transport


def test_a_transport_is_three_methods(council: Council, tmp_path: Path) -> None:
    module, scheme = shown("8. A transport", "python")
    transport: Transport = run(module, tmp_path, transports).MaildirTransport(tmp_path / "post")
    assert 'if scheme == "maildir"' in scheme
    reference = council.create()
    council.outline_ready(reference)
    council.do(reference, "submit_outline")
    done = deliver(council.app.write, transport, "worker", council.at)
    assert done.sent == 5
    mails = council.mails(notice="decision_asked")
    assert {mail.state for mail in mails} == {"sent"}
    assert all(mail.answer.startswith("kept as ") for mail in mails)
    kept = {path.read_bytes() for path in (tmp_path / "post" / "new").iterdir()}
    assert kept == {mail.data for mail in mails}
