"""An outline written elsewhere is read heading by heading, and every heading that is wrong is named by its line."""

from __future__ import annotations

from pathlib import Path

import pytest

import vfm_workflow
from vfm_workflow.documents import parse_yaml
from vfm_workflow.domain.outline import OutlineRules, Written, load, parse_outline, words
from vfm_workflow.errors import ConfigError, Problem
from vfm_workflow.folders import shipped

FILE = "config/outline.yaml"
TEXT = (shipped() / FILE).read_text(encoding="utf-8")
RULES: OutlineRules = load(parse_yaml(TEXT, FILE))
TITLES = [section.title for section in RULES.outline]
HEAD = "---\ntitle: Parks\ndepartment: SS\nkind: procurement\nhigh_cost: £9.60 against £8.10\n---\n"


def paper(head: str = HEAD, level: str = "##") -> str:
    """Return an outline with all nine headings, each with a sentence under it."""
    return head + "\n# Outline\n\n" + "\n".join(f"{level} {title}\n\nText on {title}.\n" for title in TITLES)


def read(text: str) -> Written:
    return parse_outline(text, "outline.md", RULES)


def refused(text: str) -> list[Problem]:
    with pytest.raises(ConfigError) as error:
        read(text)
    return list(error.value.problems)


def line_of(text: str, row: str) -> int:
    return text.splitlines().index(row) + 1


def test_an_outline_is_read_with_its_head_sections_and_criteria() -> None:
    written = read(paper())
    assert (written.title, written.department, written.kind) == ("Parks", "SS", "procurement")
    assert list(written.sections) == [section.key for section in RULES.outline]
    assert written.sections["why"] == "Text on Why this subject was picked."
    assert written.criteria == {"high_cost": "£9.60 against £8.10"}


def test_the_example_that_ships_is_read() -> None:
    file = Path(vfm_workflow.__file__).parent / "demo" / "outline-example.md"
    written = parse_outline(file.read_text(encoding="utf-8"), file.name, RULES)
    assert len(written.sections) == 9
    assert all(words(text) > 20 for text in written.sections.values())


def test_without_a_head_everything_but_the_sections_is_empty() -> None:
    written = read(paper(""))
    assert (written.title, written.department, written.kind, written.criteria) == ("", "", "", {})
    assert len(written.sections) == 9


def test_line_ends_of_windows_make_no_difference() -> None:
    assert read(paper().replace("\n", "\r\n")) == read(paper())


def test_a_byte_order_mark_makes_no_difference() -> None:
    assert read("\ufeff" + paper()) == read(paper())


def test_numbered_headings_other_levels_and_closing_hashes_are_read() -> None:
    text = paper()
    for number, title in enumerate(TITLES, 1):
        text = text.replace(f"## {title}", f"### {number}. {title} ###")
    assert read(text) == read(paper())
    assert read(paper(level="#").replace("# Outline\n", "")) == read(paper())


def test_apostrophes_and_capitals_in_a_heading_make_no_difference() -> None:
    text = paper().replace("## Customers' attitudes", "## CUSTOMERS’ ATTITUDES")
    assert read(text).sections["customers"] == "Text on Customers' attitudes."


def test_smaller_headings_inside_a_section_belong_to_its_text() -> None:
    text = paper().replace("Text on Targets.", "Text.\n\n### In cost\n\n£61 a household.")
    assert read(text).sections["targets"] == "Text.\n\n### In cost\n\n£61 a household."


def test_an_unknown_heading_is_named_by_line_with_the_nearest() -> None:
    text = paper().replace("## Options for change", "## Options for chance")
    problems = refused(text)
    assert problems[0].line == line_of(text, "## Options for chance")
    assert "“Options for chance” is not one of an outline's" in problems[0].what
    assert "“Options for change”" in problems[0].remedy
    assert any("“Options for change” is missing" in problem.what for problem in problems)


def test_a_heading_like_none_is_told_all_nine() -> None:
    problems = refused(paper() + "\n## Zoo\n\nLions.\n")
    assert all(title in problems[0].remedy for title in TITLES)


def test_missing_headings_are_all_named() -> None:
    text = paper().replace("## Targets\n", "").replace("## Resources required\n", "")
    assert [problem.what for problem in refused(text)] == [
        "the heading “Resources required” is missing.",
        "the heading “Targets” is missing.",
    ]


def test_a_doubled_heading_is_named_with_both_lines() -> None:
    text = paper() + "\n## Targets\n\nMore.\n"
    (problem,) = refused(text)
    first = line_of(text, "## Targets")
    assert f"is there twice (first on line {first})" in problem.what
    assert problem.line is not None
    assert problem.line > first


def test_text_before_the_first_heading_is_named_by_line() -> None:
    text = paper().replace("# Outline\n", "# Outline\n\nWe write this because.\n")
    (problem,) = refused(text)
    assert problem.line == line_of(text, "We write this because.")
    assert "before the first heading" in problem.what


def test_a_head_without_an_end_is_refused() -> None:
    (problem,) = refused("---\ntitle: Parks\n## Targets\n")
    assert problem.line == 1
    assert "has no end" in problem.what


@pytest.mark.parametrize(
    ("row", "line", "said"),
    [
        ("title: [Parks", 2, "not valid YAML"),
        ("kind: procurment", 4, "the kind `procurment` does not exist"),
        ("tilte: Parks", 2, "`tilte` is not known in the head"),
        ("high_cots: £9.60", 5, "`high_cots` is not known in the head"),
        ("kind: [procurement]", 4, "`kind` is no text"),
    ],
)
def test_a_bad_line_of_the_head_is_named(row: str, line: int, said: str) -> None:
    rows = HEAD.splitlines()
    rows[line - 1] = row
    problems = refused(paper("\n".join(rows) + "\n"))
    assert said in problems[0].what
    assert problems[0].line in (line, line + 1)  # an open bracket is noticed on the next line
    assert problems[0].remedy


def test_a_head_that_is_a_list_is_refused() -> None:
    assert "no list of `name: value`" in refused(paper("---\n- a\n---\n"))[0].what


def test_an_empty_file_is_told_every_heading() -> None:
    assert len(refused("")) == 9


def test_a_section_that_a_council_adds_is_asked_for_everywhere() -> None:
    more = TEXT.replace("recommendations:\n", "  - {key: risk, title: Risks}\n\nrecommendations:\n", 1)
    rules = load(parse_yaml(more, FILE))
    with pytest.raises(ConfigError, match="“Risks” is missing"):
        parse_outline(paper(), "outline.md", rules)
    assert parse_outline(paper() + "\n## Risks\n\nRain.\n", "outline.md", rules).sections["risk"] == "Rain."


# ------------------------------------------------------------------ the file of rules


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("key: performance", "key: why", "the key `why` is used twice in `outline`"),
        ("{key: ict,", "{key: legal,", "the key `legal` is used twice in `consultees`"),
        ("key: focus", "key: Focus areas", "String should match pattern"),
        ("min_words: 30", "min_words: 0", "greater than or equal to 1"),
        ("required: true", "require: true", "`consultees.1.require` is not known here"),
    ],
)
def test_a_bad_rule_is_named_with_its_line(old: str, new: str, said: str) -> None:
    text = TEXT.replace(old, new, 1)
    assert text != TEXT
    with pytest.raises(ConfigError, match=said) as error:
        load(parse_yaml(text, FILE))
    lines = [number for number, row in enumerate(text.splitlines(), 1) if new in row]
    assert error.value.problems[0].line in lines
