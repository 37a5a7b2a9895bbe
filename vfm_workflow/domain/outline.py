"""What a project writes: sections, criteria and consultees (`config/outline.yaml`, strategy §7.4, §8.1, §2.2.5)."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pydantic import Field, field_validator

from vfm_workflow.documents import Document, Strict, parse_yaml, suggestion, validate
from vfm_workflow.errors import ConfigError, Problem

MOST_CHARACTERS = 40_000
"""A section longer than this is not an outline of six pages (§7.1)."""


PARAGRAPHS: Mapping[str, str] = {
    "3": "financial or business affairs",
    "4": "consultations or negotiations on labour relations",
}
"""Paragraphs of Schedule 12A of the Local Government Act 1972 by which a section may be exempt from publication."""


def exempt_words(paragraph: str) -> str:
    """Return what stands in place of an exempt text, for who may not read it."""
    return f"This part is exempt from publication (Schedule 12A, paragraph {paragraph})"


class Section(Strict):
    """One section of a document: what it is called, what it asks for, and the least that says something."""

    key: str = Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")
    title: str = Field(min_length=1)
    asks: str = ""
    min_words: int = Field(default=1, ge=1, le=2000)


class Named(Strict):
    """A key with its title."""

    key: str = Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")
    title: str = Field(min_length=1)


class Kind(Named):
    """A type of project (§9.1), with the lifecycle its projects follow."""

    lifecycle: str = "vfm"


class Consultee(Named):
    """A central department to consult; `required` ones must have answered before CMT is asked (§2.2.5)."""

    required: bool = False
    asks: str = Field(default="", pattern=r"^$|^[^@\s,;<>]+@[^@\s,;<>]+\.[^@\s,;<>]+$")
    """The work address of whoever is asked, unless the project manager chooses somebody else."""


class Consulting(Strict):
    """How long the links live that ask for advice (§2.2.5) and for the reply to a Member's idea (§14.1)."""

    answer_working_days: int = Field(default=10, ge=1, le=60)
    remind_working_days_before: tuple[int, ...] = (3, 0)
    """Working days before the deadline on which somebody who has not answered gets a new link."""
    idea_working_days: int = Field(default=20, ge=1, le=60)

    @field_validator("remind_working_days_before")
    @classmethod
    def _days(cls, value: tuple[int, ...]) -> tuple[int, ...]:
        if any(not 0 <= day <= 60 for day in value):
            raise ValueError("write working days before the deadline, from 0 to 60")
        return value


class OutlineRules(Strict):
    """The whole of `config/outline.yaml`."""

    outline: tuple[Section, ...] = Field(min_length=1)
    recommendations: tuple[Section, ...] = Field(min_length=1)
    criteria: tuple[Named, ...] = Field(min_length=1)
    consultees: tuple[Consultee, ...] = ()
    consulting: Consulting = Consulting()
    kinds: tuple[Kind, ...] = Field(min_length=1)
    priorities: tuple[str, ...] = ()

    def sections(self, document: str) -> tuple[Section, ...]:
        """Return the sections of `outline` or `recommendations`."""
        return self.outline if document == "outline" else self.recommendations

    def title_of(self, group: str, key: str) -> str:
        """Return the title of `key` among `criteria`, `consultees` or `kinds`; the key itself if it is gone."""
        entries: Sequence[Named] = getattr(self, group)
        return next((entry.title for entry in entries if entry.key == key), key)


def load(document: Document) -> OutlineRules:
    """Return the rules. Raises ConfigError where a key is used twice in one list."""
    rules = validate(OutlineRules, document)
    problems = []
    for group in ("outline", "recommendations", "criteria", "consultees", "kinds"):
        seen: set[str] = set()
        for number, entry in enumerate(getattr(rules, group)):
            if entry.key in seen:
                what = f"the key `{entry.key}` is used twice in `{group}`."
                problems.append(document.problem((group, number, "key"), what, "Give each its own key."))
            seen.add(entry.key)
    if problems:
        raise ConfigError(problems)
    return rules


def words(text: str) -> int:
    """Return how many words `text` has."""
    return len(text.split())


@dataclass(frozen=True, slots=True)
class Written:
    """An outline written elsewhere: what `vfm project new --from` read."""

    title: str
    department: str
    kind: str
    sections: Mapping[str, str]
    criteria: Mapping[str, str]


_HEADING = re.compile(r"^(#{1,6})\s+(.*?)\s*#*\s*$")


def parse_outline(text: str, file: str, rules: OutlineRules) -> Written:
    """Return the outline in Markdown `text`: front matter, then one heading a section (§7.4).

    Raises ConfigError that names, by line, each unknown, doubled or missing heading and each bad line of the head.
    """
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").split("\n")
    document, start = _front_matter(lines, file)
    found, problems = _split(lines, start, file, rules)
    for section in rules.outline:
        if section.key not in found:
            what = f"the heading “{section.title}” is missing."
            problems.append(Problem(file, len(lines), what, f"Add `## {section.title}` and its text."))
    problems = [*_head_problems(document, rules), *problems]
    if problems:
        raise ConfigError(problems)
    head = {name: str(value) for name, value in document.data.items() if value is not None}
    return Written(
        title=head.get("title", ""),
        department=head.get("department", ""),
        kind=head.get("kind", ""),
        sections={key: "\n".join(body).strip() for key, (_, body) in found.items()},
        criteria={entry.key: head[entry.key] for entry in rules.criteria if head.get(entry.key)},
    )


def _split(
    lines: Sequence[str], start: int, file: str, rules: OutlineRules
) -> tuple[dict[str, tuple[int, list[str]]], list[Problem]]:
    """Return (section key → its heading's line and its text, what is wrong)."""
    titles = {_fold(section.title): section.key for section in rules.outline}
    found: dict[str, tuple[int, list[str]]] = {}
    problems: list[Problem] = []
    current: list[str] | None = None
    for number, line in enumerate(lines[start:], start + 1):
        heading = _HEADING.match(line)
        name = re.sub(r"^\d+[.)]\s*", "", heading[2]) if heading else ""
        key = titles.get(_fold(name))
        if heading is not None and key is None and len(heading[1]) == 1:
            continue  # a `# Title` of the whole paper
        if heading is None or (key is None and len(heading[1]) > 2 and current is not None):
            if current is not None:
                current.append(line)
            elif line.strip():
                what = "this text stands before the first heading."
                problems.append(Problem(file, number, what, "Move it below one."))
            continue
        current = []
        if key is None:
            problems.append(_unknown_heading(file, number, name, rules))
        elif key in found:
            what = f"the heading “{name}” is there twice (first on line {found[key][0]})."
            problems.append(Problem(file, number, what, "Put its text together under one."))
        else:
            found[key] = (number, current)
    return found, problems


def _front_matter(lines: Sequence[str], file: str) -> tuple[Document, int]:
    """Return (the head, the index of the first line after it)."""
    if not lines or lines[0].strip() != "---":
        return Document(file, {}), 0
    end = next((i for i, line in enumerate(lines[1:], 1) if line.strip() == "---"), None)
    if end is None:
        raise ConfigError(
            [Problem(file, 1, "the head that begins with `---` has no end.", "Close it with `---`.")]
        )
    # an empty line for the `---`, so that what stands in the head keeps its line in the file
    document = (
        parse_yaml("\n".join(["", *lines[1:end]]), file)
        if "".join(lines[1:end]).strip()
        else Document(file, {})
    )
    if not isinstance(document.data, dict):
        raise ConfigError(
            [Problem(file, 2, "the head is no list of `name: value`.", "Write `title: …` there.")]
        )
    return document, end + 1


def _head_problems(document: Document, rules: OutlineRules) -> list[Problem]:
    """Return a problem for each line of the head that cannot be used."""
    accepted = ["title", "department", "kind", *(entry.key for entry in rules.criteria)]
    kinds = [kind.key for kind in rules.kinds]
    found = []
    for name, value in document.data.items():
        if name not in accepted:
            what, remedy = f"`{name}` is not known in the head.", suggestion(str(name), accepted)
        elif isinstance(value, dict | list):
            what, remedy = f"`{name}` is no text.", "Put it in quotes."
        elif name == "kind" and value not in (None, *kinds):
            what, remedy = f"the kind `{value}` does not exist.", suggestion(str(value), kinds)
        else:
            continue
        found.append(document.problem((str(name),), what, remedy))
    return found


def _fold(title: str) -> str:
    return re.sub(r"[^a-z0-9]+", " ", title.lower().replace("’", "").replace("'", "")).strip()


def _unknown_heading(file: str, number: int, name: str, rules: OutlineRules) -> Problem:
    accepted = [section.title for section in rules.outline]
    near = difflib.get_close_matches(name, accepted, n=1)
    remedy = f"Did you mean “{near[0]}”?" if near else f"The headings are: {'; '.join(accepted)}."
    return Problem(file, number, f"the heading “{name}” is not one of an outline's.", remedy)
