"""`vfm check` for mails: each way a council's templates can be wrong, by file and line, before a mail is lost to it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.mail.shipped import NOTICES_YAML, NOTIFICATIONS, catalogue, own_copy, write
from vfm_workflow.domain.notices import AT_ONCE, CONTEXT, FRAGMENT, Catalogue, context_key
from vfm_workflow.errors import Problem
from vfm_workflow.mail.check import check
from vfm_workflow.mail.samples import SAMPLES

CATALOGUE = catalogue()


def problems(home: Path, text: str = NOTICES_YAML) -> list[Problem]:
    return check([home, NOTIFICATIONS], catalogue(text))


def test_the_shipped_mails_have_no_problem() -> None:
    assert check([NOTIFICATIONS], CATALOGUE) == []


def test_each_kind_of_mail_has_a_sample_with_exactly_the_values_it_may_use() -> None:
    added = {"why", "council"}
    assert {key: frozenset(sample) for key, sample in SAMPLES.items()} == {
        key: names - added if key in AT_ONCE else names for key, names in CONTEXT.items()
    }
    assert {"items", "total", "council"} == FRAGMENT
    assert {context_key(key, notice) for key, notice in CATALOGUE.notices.items()} == set(CONTEXT)


def test_an_empty_folder_of_a_council_changes_nothing(tmp_path: Path) -> None:
    assert problems(own_copy(tmp_path)) == []


@pytest.mark.parametrize(
    ("name", "text", "line", "said", "remedy"),
    [
        ("decision_asked/body.txt", "a\n{{ titel }}", 2, "`titel` is not a value", "Use one of: asked_by"),
        ("decision_asked/body.txt", "a\nb\n{{ project.refernce }}", 3, "`project.refernce`", "Did you mean `reference`?"),
        ("decision_asked/body.html", "{% for row in summary %}\n{{ row.lable }}{% endfor %}", 2, "`row.lable`",
         "Did you mean `label`?"),
        ("decision_asked/body.html", "{% if false %}\n{{ decision['titel'] }}\n{% endif %}", 2, "`decision.titel`",
         "Did you mean `title`?"),
        ("return_overdue/body.txt", "{% for one in items %}\n{{ one.manger }}\n{% endfor %}", 2, "`one.manger`",
         "Did you mean `manager`?"),
        ("return_overdue/subject.txt", "{{ items[0].project.department }}", 1, "`items[0].project.department`",
         "Use one of: reference, title, url."),
        ("return_overdue/subject.txt", "{{ council.nmae }}", 1, "`council.nmae`", "Did you mean `name`?"),
        ("decision_made/body.txt", "{% for vote in votes %}\n{% for condition in vote.conditons %}\n{% endfor %}{% endfor %}",
         2, "`vote.conditons`", "Did you mean `conditions`?"),
        ("decision_asked/body.txt", "a\n{% if x", 2, "the template cannot be read", "Mend it there."),
        ("decision_asked/body.txt", "{{ link|upcase }}", 1, "No filter named 'upcase'", ""),
        ("decision_asked/body.txt", "a\n{{ decision.title|date }}", 2, "a date is needed", "docs/notices.md"),
        ("decision_asked/body.txt", "{{ decision.version|pounds }}\n{{ link|pounds }}", 2, "money is whole pence", ""),
        ("decision_asked/body.html", '<p>\n<b class="{{ link }}">', 2, "a class that the template computes", "{% if %}"),
        ("decision_asked/body.html", '{% extends "_frame/bass.html" %}', 1, "_frame/bass.html is missing", "vfm init"),
        ("decision_asked/body.html", '{% from "_frame/macros.html" import buton %}\n{{ buton(link, "Go") }}', 2,
         "buton", ""),
    ],
)  # fmt: skip
def test_a_template_that_cannot_be_filled_in_is_named_with_its_line(
    tmp_path: Path, name: str, text: str, line: int, said: str, remedy: str
) -> None:
    path = write(own_copy(tmp_path), name, text)
    key = name.partition("/")[0]
    alone = Catalogue(sections=CATALOGUE.sections, notices={key: CATALOGUE.notices[key]})
    found = check([tmp_path / "notifications", NOTIFICATIONS], alone)
    assert any(said in p.what and remedy in p.remedy and p.line == line for p in found), found
    assert {problem.file for problem in found} == {str(path)}


def test_values_a_template_makes_itself_are_its_own(tmp_path: Path) -> None:
    text = (
        "{% set first = items[0] %}{% for one in items %}{% set project = one.period %}{{ project.anything }}"
        "{% endfor %}{{ first.period }}{{ loop_of(items) if false else '' }}"
        "{% macro loop_of(items) %}{{ items.whatever }}{% endmacro %}"
    )
    write(
        own_copy(tmp_path), "return_overdue/body.txt", text.replace("{{ project.anything }}", "{{ project }}")
    )
    assert problems(tmp_path / "notifications") == []


def test_a_new_notice_without_its_folder_is_named_three_times(tmp_path: Path) -> None:
    text = NOTICES_YAML + (
        "  conditions_for_finance:\n    title: Conditions\n    deliver: digest\n    section: soon\n"
        "    when: {what: condition_open, then_every: 5}\n    to: [finance_officer]\n    why: you hold the budget\n"
    )
    home = own_copy(tmp_path)
    found = problems(home, text)
    assert [problem.file for problem in found] == [
        str(home / "conditions_for_finance" / name) for name in ("subject.txt", "body.txt", "body.html")
    ]
    assert all("is missing" in problem.what and problem.remedy for problem in found)


def test_a_new_notice_with_its_folder_has_the_values_of_its_schedule(tmp_path: Path) -> None:
    text = NOTICES_YAML + (
        "  conditions_for_finance:\n    title: Conditions\n    deliver: digest\n    section: soon\n"
        "    when: {what: condition_open, then_every: 5}\n    to: [finance_officer]\n    why: you hold the budget\n"
    )
    home = own_copy(tmp_path)
    write(home, "conditions_for_finance/subject.txt", "{{ total|plural('condition') }} with money in it\n")
    write(
        home,
        "conditions_for_finance/body.txt",
        "{% for one in items %}\n- {{ one.condition }}: {{ one.link }}\n{% endfor %}\n",
    )
    write(
        home,
        "conditions_for_finance/body.html",
        "{% for one in items %}<p>{{ one.condition }}</p>{% endfor %}\n",
    )
    assert problems(home, text) == []


def test_a_folder_that_no_notice_is_called_after_is_named(tmp_path: Path) -> None:
    home = own_copy(tmp_path)
    write(home, "decison_asked/subject.txt", "never used")
    (problem,) = problems(home)
    assert problem.file == str(home / "decison_asked")
    assert problem.remedy == "Did you mean `decision_asked`?"


def test_a_file_under_a_name_nobody_reads_is_named(tmp_path: Path) -> None:
    home = own_copy(tmp_path)
    path = write(home, "decision_asked/body.htm", "never used")
    (problem,) = problems(home)
    assert (problem.file, problem.remedy) == (str(path), "Did you mean `body.html`?")


def test_a_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    home = own_copy(tmp_path)
    path = write(home, "decision_asked/subject.txt", "")
    path.write_bytes("Entscheidung für".encode("latin-1"))
    (problem,) = problems(home)
    assert problem.file == str(path)
    assert "UTF-8" in problem.what


def test_a_rule_of_the_frame_that_looks_beyond_its_tag_is_named_with_its_line(tmp_path: Path) -> None:
    home = own_copy(tmp_path, "_frame/base.html")
    frame = (home / "_frame/base.html").read_text(encoding="utf-8")
    spoilt = frame.replace("p { margin", ".main p { color: red; }\np { margin", 1)
    write(home, "_frame/base.html", spoilt)
    (problem,) = problems(home)
    assert problem.line == spoilt[: spoilt.index(".main p { color: red")].count("\n") + 1
    assert "`.main p`" in problem.what


def test_a_frame_that_asks_for_an_unknown_value_is_named_with_its_line(tmp_path: Path) -> None:
    home = own_copy(tmp_path, "_frame/base.txt")
    path = write(home, "_frame/base.txt", "{% block content %}{% endblock %}\n{{ council.logo }}\n")
    found = problems(home)
    assert found
    assert {(problem.file, problem.line) for problem in found} == {(str(path), 2)}
