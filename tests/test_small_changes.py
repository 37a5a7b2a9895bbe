"""The eight changes that stay small (CONTRIBUTING.md): each is made here on a council's own home, or at its one place in code.

Where a test below fails after a change to the house, one of the eight has become bigger: mend the house, not the test.
"""

from __future__ import annotations

import datetime as dt
import json
import shutil
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest
from sqlmodel import select
from typer.testing import CliRunner

from tests.people import Council, address
from tests.web.support import Browser
from vfm_workflow import wiring
from vfm_workflow.cli import app as vfm
from vfm_workflow.domain import machine
from vfm_workflow.domain.facts import Facts
from vfm_workflow.domain.outline import parse_outline
from vfm_workflow.domain.requirements import REQUIREMENTS, requirement
from vfm_workflow.domain.roles import may
from vfm_workflow.errors import ConfigError, NotAllowed, Unmet, Unready
from vfm_workflow.folders import shipped
from vfm_workflow.journeys import dates, gate, people
from vfm_workflow.journeys.deliver import deliver
from vfm_workflow.mail.transports import Answer, Outgoing, Transport
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

STAGE = """\
  mobilisation:
    title: Mobilisation
    owner: project_manager
    asks_for: [forecasts, plan]
    limit_working_days: 40
    weight_percent: 70
    monitored: true
  implementation:
    title: Implementation
"""
EVENT = """\
  start_implementation:
    label: Start implementation
    from: mobilisation
    to: implementation
    by: [project_manager, head_of_service]
    notify: [stage_changed]
  finish_implementation:
"""


def add_a_stage(home: Home) -> None:
    home.edit("workflows/vfm.yaml", "version: 1", "version: 2")
    home.edit("workflows/vfm.yaml", "  implementation:\n    title: Implementation\n", STAGE)
    home.edit(
        "workflows/vfm.yaml",
        "from: recommendations\n    to: implementation",
        "from: recommendations\n    to: mobilisation",
    )
    home.edit("workflows/vfm.yaml", "  finish_implementation:\n", EVENT)


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

NOTICE = """\
  milestone_today:
    title: Milestones due today
    deliver: digest
    section: now
    when: {what: milestone_ahead, working_days: 0}
    to: [project_manager]
    why: you manage the project
  milestone_slipped:
"""
SUBJECT = """\
{{ total|plural("milestone") }} due today
Say whether {{ items[0].milestone }} is reached
"""
TEXT = """\
{% for one in items %}
- {{ one.project.title }}: {{ one.milestone }}
  {{ one.project.reference }} · due today, agreed {{ one.baseline|short_date if one.baseline else "not yet" }}
  {{ one.link }}

{% endfor %}
"""
HTML = """\
{% from "_frame/macros.html" import item %}
{% for one in items %}
{% call item(one.link, one.project.title ~ ": " ~ one.milestone) %}
{{ one.project.reference }} · <strong>due today</strong>
{% endcall %}
{% endfor %}
"""


def test_a_notice_is_an_entry_of_the_catalogue_and_a_folder(home: Home, running: Opener) -> None:
    before = home.check()
    home.edit("notifications/notices.yaml", "  milestone_slipped:\n", NOTICE)
    for name, text in (("subject.txt", SUBJECT), ("body.txt", TEXT), ("body.html", HTML)):
        home.write(f"notifications/milestone_today/{name}", text)
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
    home.edit("notifications/notices.yaml", "  milestone_slipped:\n", NOTICE)
    done = CliRunner().invoke(vfm, ["check", str(home.folder)])
    assert done.exit_code == 1
    assert "milestone_today/subject.txt is missing" in done.output


# ------------------------------------------------------------------ 3. a requirement


BUDGETS = "Each cashable saving names its budget (§15.1)"


def every_budget_named(facts: Facts) -> Iterable[Unmet]:
    for line in facts.savings:
        if line.cashable and not line.budget_code:
            said = f"Name the budget that “{line.title}” comes out of"
            yield Unmet("every_budget_named", said, "savings", f"saving_{line.id}", "project_manager")


@pytest.fixture
def _with_a_requirement() -> Iterator[None]:
    requirement(BUDGETS, "savings")(every_budget_named)
    yield
    del REQUIREMENTS["every_budget_named"]


def name_the_budget(council: Council, code: str) -> None:
    """Write the budget code of the only line of savings there is."""
    with council.app.write() as session:
        session.exec(select(SavingLine)).one().budget_code = code


@pytest.mark.usefixtures("_with_a_requirement")
def test_a_requirement_is_one_function_that_a_lifecycle_names(home: Home, running: Opener) -> None:
    home.edit(
        "workflows/vfm.yaml",
        "requires: [recommendations_complete, milestones_ahead",
        "requires: [recommendations_complete, every_budget_named, milestones_ahead",
    )
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
    unmet = [item.sentence for item in refused.value.unmet if item.requirement == "every_budget_named"]
    assert unmet == ["Name the budget that “Fewer rounds” comes out of"]
    name_the_budget(council, "SS-4210")
    project, manager = council.project(reference), council.who("manager")
    with council.app.read() as session:
        options = gate.options(session, council.home, project, manager, council.at)
    option = next(option for option in options if option.event == "submit_recommendations")
    assert [line.met for line in option.checklist if line.sentence == BUDGETS] == [True]
    assert option.allowed


# ------------------------------------------------------------------ 4. a role

ROLE = """\
  transformation_lead:
    title: Transformation lead
    may: {project.read: all, mail.read: all, condition.discharge: all}
  mentor:
"""


def test_a_role_is_an_entry_that_lifecycles_and_notices_may_name(home: Home, running: Opener) -> None:
    before = home.check()
    home.edit("config/roles.yaml", "  mentor:\n", ROLE)
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
    }
    assert shown._asdict() == expected, "name a new column here, with the value it must show"


# ------------------------------------------------------------------ 6. a schedule


@pytest.mark.parametrize(("days_before", "said_on"), [(-5, dt.date(2026, 3, 13)), (-10, dt.date(2026, 3, 6))])
def test_a_schedule_is_a_line_of_the_catalogue(
    home: Home, running: Opener, days_before: int, said_on: dt.date
) -> None:
    home.edit(
        "notifications/notices.yaml",
        "when: {what: milestone_ahead, working_days: -5}",
        f"when: {{what: milestone_ahead, working_days: {days_before}}}",
    )
    home.check()
    council = running()
    add_a_milestone(council, FRIDAY)
    assert mornings_with_a_digest(council, "manager", FRIDAY) == [said_on]


def test_a_due_day_is_a_line_of_the_calendar(home: Home, running: Opener) -> None:
    home.edit("config/calendar.yaml", "due_working_day: 5 ", "due_working_day: 7 ")
    home.check()
    assert running().home.calendar.return_due("2026-10") == dt.date(2026, 11, 10)


# ------------------------------------------------------------------ 7. a section of the outline

SECTION = """\
  - key: equality
    title: Effect on equality
    asks: Who is affected more than others, and what is done about it.
    min_words: 20
  - key: targets
"""


def test_a_section_is_an_entry_that_form_checklist_and_frozen_text_follow(
    home: Home, running: Opener
) -> None:
    before = home.check()
    home.edit("config/outline.yaml", "  - key: targets\n", SECTION)
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


class Post:
    """A way for mail to leave that the program does not know: the three methods of `Transport`, and nothing else."""

    def __init__(self) -> None:
        self.sent: list[Outgoing] = []

    def send(self, mail: Outgoing, before_data: Callable[[], None]) -> Answer:
        before_data()
        self.sent.append(mail)
        return Answer("sent", None, "handed to the post room")

    def close(self) -> None:
        self.sent.clear()

    def describe(self) -> str:
        return "the post room"


def test_a_transport_is_three_methods(council: Council) -> None:
    post = Post()
    transport: Transport = post
    reference = council.create()
    council.outline_ready(reference)
    council.do(reference, "submit_outline")
    done = deliver(council.app.write, transport, "worker", council.at)
    assert done.sent == len(post.sent) == 5
    mails = council.mails(notice="decision_asked")
    assert {mail.state for mail in mails} == {"sent"}
    assert {mail.answer for mail in mails} == {"handed to the post room"}
    assert [mail.data for mail in mails] == [outgoing.data for outgoing in post.sent]
