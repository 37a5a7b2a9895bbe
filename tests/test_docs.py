"""The pages say what the program does: each list in them is compared with its twin in the code."""

from __future__ import annotations

import functools
import os
import re
import shlex
import shutil
import sqlite3
import subprocess
import zipfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, get_args

import pytest
import typer.main
import yaml
from pydantic import BaseModel
from typer.core import TyperGroup
from typer.testing import CliRunner

from tests.access_table import table
from tests.documentation import PAGES, ROOT, anchors, blocks, codes, links, rows, section, text
from tests.people import Council, address
from vfm_workflow import wiring
from vfm_workflow.cli import app as vfm
from vfm_workflow.documents import parse_yaml
from vfm_workflow.domain import lifecycle, notices, rag
from vfm_workflow.domain.calendar import CalendarRules
from vfm_workflow.domain.rag.verdict import STATUS_OF
from vfm_workflow.domain.report_texts import PLACEHOLDERS, ReportsDocument, ReportTexts
from vfm_workflow.domain.requirements import REQUIREMENTS
from vfm_workflow.domain.roles import Scope
from vfm_workflow.domain.savings_rules import SavingsRules
from vfm_workflow.domain.snapshot import SUBJECTS
from vfm_workflow.folders import shipped
from vfm_workflow.journeys.effects import EFFECTS
from vfm_workflow.journeys.feeds import FEEDS
from vfm_workflow.journeys.home import Home
from vfm_workflow.journeys.importing import IMPORTERS
from vfm_workflow.journeys.reporting import KINDS
from vfm_workflow.mail.filters import filters
from vfm_workflow.reports.writing import FORMS
from vfm_workflow.reports.writing.flat import HEAD
from vfm_workflow.store.tables import metadata
from vfm_workflow.web import machine

LIFECYCLE, NOTICES, CALENDAR = "docs/lifecycle.md", "docs/notices.md", "docs/calendar.md"
LIGHTS = "docs/traffic-lights.md"


def keys(model: type[BaseModel]) -> set[str]:
    """Return the keys that a document's model takes, as they are written in the file."""
    return {field.alias or name for name, field in model.model_fields.items()}


# ------------------------------------------------------------------ the lifecycle document


@pytest.mark.parametrize(
    ("heading", "model"),
    [
        ("The top of the file", lifecycle.LifecycleDocument),
        ("A stage", lifecycle.Stage),
        ("An event", lifecycle.Event),
        ("A decision", lifecycle.DecisionRule),
        ("Quorum, tie and casting vote", lifecycle.Quorum),
    ],
)
def test_every_key_of_a_lifecycle_is_explained(heading: str, model: type[BaseModel]) -> None:
    top = section(LIFECYCLE, heading).partition("\n### ")[0]
    assert set(rows(top)) == keys(model)


def test_every_requirement_stands_there_with_its_sentence() -> None:
    written = {name: cells[0] for name, cells in rows(section(LIFECYCLE, "Requirements")).items()}
    assert written == {name: requirement.sentence for name, requirement in REQUIREMENTS.items()}


@pytest.mark.parametrize(
    ("heading", "names"),
    [
        ("Effects", set(EFFECTS)),
        ("Subjects that may be frozen", set(SUBJECTS)),
        ("Work a stage may ask for", set(wiring.WORK)),
    ],
)
def test_every_name_that_a_lifecycle_may_use_is_explained(heading: str, names: set[str]) -> None:
    assert set(rows(section(LIFECYCLE, heading))) == names


def test_every_choice_and_word_of_a_lifecycle_is_explained() -> None:
    said = codes(text(LIFECYCLE))
    kinds = get_args(lifecycle.Stage.model_fields["kind"].annotation)
    styles = get_args(lifecycle.Event.model_fields["style"].annotation)
    assert {*lifecycle.CHOICES, lifecycle.SAME, lifecycle.BACK, lifecycle.LIVE, *kinds, *styles} <= said


@pytest.fixture
def edited_home(tmp_path: Path) -> Path:
    """A home whose lifecycle has the worked example of docs/lifecycle.md in it."""
    example = section(LIFECYCLE, "Worked example: Finance agrees the recommendations first")
    (added,) = [yaml.safe_load(block) for block in blocks(example, "yaml")]
    document = yaml.safe_load((shipped() / "workflows" / "vfm.yaml").read_text(encoding="utf-8"))
    document["version"] = 2
    ordered: dict[str, Any] = {}
    for key, stage in document["stages"].items():
        ordered[key] = stage
        if key == "initial_stage":
            ordered |= added["stages"]
    document["stages"] = ordered
    document["decisions"] |= added["decisions"]
    document["events"] |= added["events"]
    home = tmp_path / "home"
    (home / "workflows").mkdir(parents=True)
    (home / "workflows" / "vfm.yaml").write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    return home


def test_the_worked_example_of_a_stage_with_a_decision_works(
    edited_home: Path, tmp_path: Path, empty_database: Path
) -> None:
    data = tmp_path / "var"
    data.mkdir()
    shutil.copy(empty_database, data / "vfm.sqlite3")
    app = wiring.build(data=str(data), home=str(edited_home))
    council = Council(app)
    council.populate()
    reference = council.create()
    assert "finance_review" in council.home.lifecycles["vfm"].main_line
    council.outline_ready(reference)
    council.do(reference, "submit_outline")
    council.approve(reference)
    council.recommendations_ready(reference)
    council.do(reference, "submit_recommendations")
    assert council.stage(reference) == "finance_review"
    assert "Agree the figures" in council.mails(to="finance", notice="decision_asked")[-1].subject
    council.decide(reference, "finance", "return_for_changes", reason="The profile has no source")
    assert council.stage(reference) == "initial_stage"
    council.do(reference, "submit_recommendations")
    council.decide(reference, "finance", "approve")
    assert council.stage(reference) == "recommendations"
    asked = {mail.to for mail in council.mails(notice="decision_asked")}
    council.approve(reference)
    assert (council.stage(reference), address("chief") in asked) == ("implementation", True)
    app.close()


# ------------------------------------------------------------------ the notices


@pytest.mark.parametrize("model", [notices.Catalogue, notices.Notice])
def test_every_key_of_the_catalogue_is_explained(model: type[BaseModel]) -> None:
    assert keys(model) <= set(rows(section(NOTICES, "The catalogue")))


def test_every_key_of_when_is_explained() -> None:
    due = section(NOTICES, "When a digest notice is due").partition("\n### ")[0]
    assert set(rows(due)) == keys(notices.When)


def test_everything_the_clock_looks_for_is_explained_with_its_timing() -> None:
    table = rows(section(NOTICES, "What the clock looks for"))
    assert set(table) == set(notices.WHATS)
    for what, (needed, allowed) in notices.TIMING.items():
        assert set(re.findall(r"`(\w+)`", table[what][-1])) == needed | allowed, what


def test_every_notice_stands_there_with_how_it_is_delivered(shipped_home: Home) -> None:
    written = rows(section(NOTICES, "The notices that ship"))
    catalogue = shipped_home.catalogue.notices
    assert set(written) == set(catalogue)
    for key, notice in catalogue.items():
        said = written[key][0].replace(" ", "_")
        assert said.startswith(notice.deliver), key
        assert said.endswith("any_hour") == (notice.hours == "any"), key


def test_every_value_that_a_template_is_given_is_named() -> None:
    given = section(NOTICES, "What a template is given")
    table, said = rows(given), codes(given)
    assert set(notices.AT_ONCE) | set(notices.WHATS) <= set(table)
    assert said >= notices.COMMON | frozenset().union(*notices.CONTEXT.values())
    for key, names in notices.CONTEXT.items():
        cell = table[key][0] if key in table else table["event"][0]
        if "the same" not in cell:
            shared = notices.COMMON if key in notices.AT_ONCE else notices.EVERY_ITEM
            assert set(re.findall(r"`(\w+)`", cell)) >= names - shared, key
    assert codes(section(NOTICES, "Templates")) >= notices.FRAGMENT


def test_every_filter_is_explained() -> None:
    assert set(filters("Europe/London")) <= set(rows(section(NOTICES, "Templates")))


# ------------------------------------------------------------------ the calendar


def dotted(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    for name, field in model.model_fields.items():
        kind, key = field.annotation, prefix + (field.alias or name)
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from dotted(kind, f"{key}.")
        else:
            yield key


def test_every_key_of_the_calendar_is_explained() -> None:
    explained = rows(text(CALENDAR).partition("\n## ")[0])
    assert set(explained) == set(dotted(CalendarRules))


def test_every_key_of_the_savings_rules_is_explained() -> None:
    explained = rows(text("docs/savings.md").partition("\n## ")[0])
    assert set(explained) == set(dotted(SavingsRules))


def test_every_threshold_of_the_traffic_lights_is_explained_with_what_it_ships_as() -> None:
    explained = {name: cells[1] for name, cells in rows(section(LIGHTS, "The thresholds")).items()}
    shipped_as = rag.load(parse_yaml((shipped() / "config" / "rag.yaml").read_text("utf-8"), "rag.yaml"))
    flat = {
        name: str(functools.reduce(getattr, name.split("."), shipped_as)) for name in dotted(rag.RagRules)
    }
    assert {name: value for name, value in explained.items() if "." in name} == flat


def test_every_rule_of_the_traffic_lights_is_explained() -> None:
    explained = rows(section(LIGHTS, "Why red?"))
    assert set(explained) == set(STATUS_OF)
    assert {name: cells[0] for name, cells in explained.items() if name != "plan"} == {
        name: status for name, status in STATUS_OF.items() if name != "plan"
    }


def test_every_key_of_the_reports_and_every_kind_and_form_of_them_is_explained() -> None:
    page = "docs/reports.md"
    written = section(page, "What stands in each")
    assert set(rows(written)) == set(dotted(ReportTexts))
    assert set(ReportsDocument.model_fields) <= codes(written)
    assert set(PLACEHOLDERS) == {name.strip("{}") for name in codes(written) if name.startswith("{")}
    assert set(rows(text(page).partition("\n## ")[0])) == set(ReportsDocument.model_fields)
    assert set(KINDS) <= set(ReportsDocument.model_fields)
    forms = section(page, "Its forms").partition("```sh")[0]
    assert {name for name in rows(forms) if name != "page"} >= set(FORMS)
    assert set(rows(section(page, "CSV"))) >= set(HEAD)


def test_every_value_of_the_word_template_is_explained() -> None:
    with zipfile.ZipFile(shipped() / "config" / "report.docx") as archive:
        parts = [archive.read(name).decode() for name in archive.namelist() if name.endswith(".xml")]
    braces = " ".join(re.findall(r"\{[{%](.*?)[%}]\}", re.sub(r"<[^>]+>", "", " ".join(parts))))
    named = set(re.findall(r"\b(?:report|part|block|table|fact)\.\w+", braces))
    assert named
    assert named <= codes(section("docs/reports.md", "The Word template"))


# ------------------------------------------------------------------ the architecture


def test_every_table_is_in_one_of_the_groups() -> None:
    cells = [
        line.split("|")[2]
        for line in section("docs/architecture.md", "The tables").splitlines()
        if "|" in line
    ]
    named = [name for cell in cells for name in re.findall(r"`(\w+)`", cell)]
    assert sorted(named) == sorted(metadata.tables)


def test_the_tables_said_to_be_append_only_are_those_with_both_triggers(empty_database: Path) -> None:
    with closing(sqlite3.connect(empty_database)) as database:
        sql = "SELECT name, tbl_name FROM sqlite_master WHERE type = 'trigger' AND sql NOT LIKE '%WHEN%'"
        found = database.execute(sql).fetchall()
    deletes = {table for name, table in found if name.endswith("_no_delete")}
    updates = {table for name, table in found if name.endswith("_no_update")}
    paragraph = section("docs/architecture.md", "The tables").partition("**Append-only by trigger**")[2]
    sentence = paragraph.partition(" take no update and no delete")[0].partition(":")[2]
    assert set(re.findall(r"`(\w+)`", sentence)) == deletes & updates


# ------------------------------------------------------------------ links and commands


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_within_the_repository_leads_somewhere(page: Path) -> None:
    lost = []
    for link in links(page.read_text(encoding="utf-8")):
        target, _, anchor = link.partition("#")
        if "://" in target:
            continue
        file = (page.parent / target).resolve() if target else page
        if not file.exists() or (anchor and anchor not in anchors(file.read_text(encoding="utf-8"))):
            lost.append(link)
    assert lost == []


def commands(page: str) -> Iterator[list[str]]:
    """Yield the words of each `vfm …` of a page, in running text and in its shell code."""
    lines = [line for block in blocks(page, "sh") for line in block.splitlines()]
    for line in [*lines, *codes(page)]:
        if re.match(r"vfm( |$)", line.strip()):
            yield shlex.split(line, comments=True)[1:]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_that_a_page_names_exists_with_its_options(page: Path) -> None:
    wrong = []
    for words in commands(page.read_text(encoding="utf-8")):
        found: Any = typer.main.get_command(vfm)
        rest = [word for word in words if word != "…"]
        while rest and isinstance(found, TyperGroup) and not rest[0].startswith("-"):
            found, rest = found.commands.get(rest[0]), rest[1:]
        options = (
            {"--help"}
            if found is None
            else {"--help", *(o for p in found.params for o in (*p.opts, *p.secondary_opts))}
        )
        if found is None or {word for word in rest if word.startswith("--")} - options:
            wrong.append(" ".join(["vfm", *words]))
    assert wrong == []


def statements(script: str) -> Iterator[str]:
    """Yield the commands of a shell script, one that goes over several lines (a here-document, a quotation) whole."""
    whole = ""
    for line in script.splitlines(keepends=True):
        whole += line
        ends = re.search(r"<<'(\w+)'\n", whole)
        unfinished = whole.count("'") % 2 or (ends is not None and not whole.endswith(f"\n{ends[1]}\n"))
        if not unfinished:
            yield whole.strip()
            whole = ""


def test_the_readme_walks_through_a_council_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its blocks that are marked to be walked are done one after the other: `vfm` in this process, the rest by the shell."""
    walked = re.findall(r"^<!-- walk -->\n```sh\n(.*?)^```$", text("README.md"), re.DOTALL | re.MULTILINE)
    (tmp_path / "vfm_workflow").symlink_to(ROOT / "vfm_workflow")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PWD", str(tmp_path))
    for name in [name for name in os.environ if name.startswith("VFM_")]:
        monkeypatch.delenv(name)
    said, runner = [], CliRunner()
    for line in statements("".join(walked)):
        given = re.fullmatch(r"(?:export )?((?:[A-Z_]+=\S+\s*)+)(?:#.*)?", line)
        if given:
            for name, _, value in (pair.partition("=") for pair in given[1].split()):
                monkeypatch.setenv(name, os.path.expandvars(value))
        elif line.startswith("vfm "):
            done = runner.invoke(vfm, shlex.split(os.path.expandvars(line))[1:])
            said.append(done.output)
            assert done.exit_code == 0, f"{line}\n{done.output}"
        else:
            subprocess.run(["bash", "-euo", "pipefail", "-c", line], check=True)
    output = "".join(said)
    for shown in ("all well", "VFM-0002: outline → cmt_approval", "> CMT approval", "The history is whole"):
        assert shown in output, shown
    assert "requires outline_complete, criterion_evidenced\n" in output
    assert len(said) == len(re.findall(r"^vfm ", "".join(walked), re.MULTILINE)) > 15


# ------------------------------------------------------------------ nothing points at a package registry

REGISTRIES = [
    f"{name}.{end}"
    for name, end in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("npmjs", "org"),
        ("npmjs", "com"),
        ("yarnpkg", "com"),
        ("crates", "io"),
        ("rubygems", "org"),
        ("golang", "org"),
        ("debian", "org/debian"),
    )
]
SKIPPED = {"node_modules", "var", "build", "dist", "__pycache__"}


def test_no_file_names_the_host_of_a_package_registry() -> None:
    found = []
    for folder, names, files in os.walk(ROOT):
        names[:] = [
            name for name in names if name not in SKIPPED and not (name.startswith(".") and name != ".ci")
        ]
        for name in files:
            data = (Path(folder) / name).read_bytes().lower()
            found += [f"{folder}/{name}: {host}" for host in REGISTRIES if host.encode() in data]
    assert found == []


# ------------------------------------------------------------------ who may what


def test_the_matrix_stands_in_the_page_as_the_file_has_it() -> None:
    assert table() in text("docs/access.md")


def test_every_scope_is_explained() -> None:
    assert set(rows(section("docs/access.md", "What a scope means"))) == set(get_args(Scope))


# ------------------------------------------------------------------ figures from files, and for programs


@pytest.mark.parametrize("kind", sorted(IMPORTERS))
def test_every_column_of_a_file_is_explained_in_order_with_whether_every_row_needs_it(kind: str) -> None:
    written = {name: cells[0] for name, cells in rows(section("docs/figures.md", kind)).items()}
    columns = IMPORTERS[kind].columns
    assert list(written) == [column.name for column in columns]
    assert {name for name, said in written.items() if "in every row" in said} == {
        column.name for column in columns if column.required
    }
    assert f"`{IMPORTERS[kind].permission}`" in section("docs/figures.md", kind)


@pytest.mark.parametrize("name", sorted(FEEDS))
def test_every_column_of_a_list_for_programs_is_written_in_order(name: str) -> None:
    written = section("docs/api.md", f"/api/{name}").strip().split("\n\n")[0]
    assert re.findall(r"`(\w+)`", written) == list(FEEDS[name].columns)


def test_every_parameter_of_a_list_is_explained() -> None:
    assert set(machine.KNOWN) <= set(re.findall(r"`(\w+)`", section("docs/api.md", "Lists")))
