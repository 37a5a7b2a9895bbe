"""The demo's data are read with the same care as a council's own folders."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from vfm_workflow.demo import content, timetable
from vfm_workflow.demo.content import CouncilData
from vfm_workflow.errors import ConfigError

WASTE = "projects/01-waste-rounds.yaml"


@pytest.fixture(scope="module")
def data() -> CouncilData:
    return content.read()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the data to break."""
    shutil.copytree(content.FOLDER, tmp_path / "council")
    for file in (tmp_path / "council" / "projects").iterdir():
        if not file.match("01-*"):
            file.unlink()
    return tmp_path / "council"


def test_there_are_twenty_projects_and_people_only_in_roles(data: CouncilData) -> None:
    assert [project.number for project in data.projects] == list(range(1, 21))
    assert len({person.key for person in data.people}) == len(data.people)
    roles = {person.role for person in data.people}
    assert {"chief_executive", "cmt_member", "board_member", "finance_officer", "administrator"} <= roles
    assert sum(person.role == "board_member" for person in data.people) == len(data.departments) == 8


def test_nobody_manages_more_than_three_projects(data: CouncilData) -> None:
    managers = [project.pm for project in data.projects]
    assert max(managers.count(manager) for manager in managers) <= 3


def test_a_department_s_projects_are_sponsored_by_its_head(data: CouncilData) -> None:
    heads = {department.code: department.head for department in data.departments}
    assert all(project.sponsor == heads[project.department] for project in data.projects)


def test_a_return_has_a_figure_for_each_measure(data: CouncilData) -> None:
    for project in data.projects:
        for measure in project.measures:
            assert set(measure.readings) == set(project.returns), f"{project.number}: {measure.name}"


def test_all_that_happens_has_a_time_of_its_own_or_a_usual_one() -> None:
    assert set(timetable.TIMES) >= timetable.SILENT
    assert list(timetable.TIMES.values()) == sorted(timetable.TIMES.values())


def test_every_measure_of_the_library_has_five_peers_and_its_readings_have_no_gap(data: CouncilData) -> None:
    assert data.library is not None
    for measure in data.library.measures:
        assert len(measure.peers) == 5
        assert len(measure.readings) in (0, 19), measure.code
        assert measure.code.startswith(f"{measure.department}-")


def test_a_name_in_the_library_that_nobody_has_is_named_by_its_line(folder: Path) -> None:
    file = folder / "library.yaml"
    file.write_text(
        file.read_text(encoding="utf-8").replace("by: head.of.leisure", "by: head.of.sport"), encoding="utf-8"
    )
    with pytest.raises(ConfigError, match=r"library\.yaml:\d+: there is no `head\.of\.sport`"):
        content.read(folder)


@pytest.mark.parametrize(
    ("before", "after", "what"),
    [
        ("pm: waste.project.manager", "pm: waste.manager", r"01-waste-rounds\.yaml:\d+: there is no `waste\.manager`"),
        ("cross_check: missed", "cross_check: mised", r"01-waste-rounds\.yaml:\d+: there is no `mised`"),
        ("do: write}", "do: wrote}", r"01-waste-rounds\.yaml:\d+: `timeline\.1` cannot be used"),
        ("summary: >-", "sumary: >-", r"01-waste-rounds\.yaml:\d+: `sumary` is not known here\. Did you mean `summary`"),
        ('at: "09:40", do: submit', 'at: "9.40", do: submit', r"`timeline\.2\.submit\.at` cannot be used"),
        ("expected: [65, 60, 70, 70, 70]", "expected: [65, 60, 70, 70]", r"`savings\.1\.expected` cannot be used"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_named_by_file_and_line(
    folder: Path, before: str, after: str, what: str
) -> None:
    file = folder / WASTE
    text = file.read_text(encoding="utf-8")
    assert before in text
    file.write_text(text.replace(before, after, 1), encoding="utf-8")
    with pytest.raises(ConfigError, match=what):
        content.read(folder)
