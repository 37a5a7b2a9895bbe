"""An outline or recommendations as its form shows them: what is written, what is enough, and what was typed."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlmodel import Session

from vfm_workflow.domain.outline import Named, Section, exempt_words, words
from vfm_workflow.journeys.drafting import PUBLIC, Draft, exempt_mark, mark_of
from vfm_workflow.journeys.home import Home
from vfm_workflow.journeys.writing import seen
from vfm_workflow.store import pages_forms, projects
from vfm_workflow.store.pages_forms import Section as Stored
from vfm_workflow.store.tables import Project
from vfm_workflow.web.visit import Typed

_MARK = re.compile(r"([a-z][a-z0-9_]*)=([0-9a-z]+)")


@dataclass(frozen=True, slots=True)
class Part:
    """One section: what it asks for, its text as saved or as typed, and whether that is enough."""

    section: Section
    text: str
    at: dt.datetime | None
    by: str
    theirs: str | None = None
    """What somebody else saved meanwhile, where that is why this was not saved."""
    exempt: str = ""
    """The paragraph of Schedule 12A by which it is exempt, as saved or as chosen; empty where it is public."""
    hidden: bool = False
    """It is exempt and its reader may not read it: `text` says so."""

    @property
    def words(self) -> int:
        return words(self.text)

    @property
    def met(self) -> bool:
        return self.words >= self.section.min_words

    @property
    def rows(self) -> int:
        """How tall its box is, in lines."""
        return max(6, min(24, len(self.text) // 75 + self.text.count("\n") + 2))


@dataclass(frozen=True, slots=True)
class Choice:
    """One criterion: whether it is chosen, and its evidence."""

    key: str
    title: str
    chosen: bool
    evidence: str
    theirs: str | None = None

    @property
    def met(self) -> bool:
        return self.chosen and bool(words(self.evidence))


@dataclass(frozen=True)
class Written:
    """Everything a draft's page shows of its text. `marks` is the hidden field that the form carries."""

    parts: Sequence[Part]
    choices: Sequence[Choice]
    marks: str

    @property
    def complete(self) -> int:
        return sum(part.met for part in self.parts)


@dataclass
class Submitted:
    """A draft's form as it came, and what of it can be saved."""

    texts: dict[str, str]
    marks: dict[str, str]
    exempt: dict[str, str] = field(default_factory=dict)
    """Section key → the paragraph chosen, of the sections whose form had the choice."""
    chosen: frozenset[str] = frozenset()
    evidence: dict[str, str] = field(default_factory=dict)
    criteria: dict[str, str | None] = field(default_factory=dict)
    """Key → evidence of each criterion to save, None for one to drop."""
    problems: dict[str, str] = field(default_factory=dict)


def pack(marks: Mapping[str, str]) -> str:
    """Return marks as one hidden field."""
    return " ".join(f"{key}={mark}" for key, mark in sorted(marks.items()))


def unpack(text: str) -> dict[str, str]:
    """Return the marks of a hidden field; what is no mark is left out."""
    return dict(_MARK.findall(text))


def read(form: Typed, home: Home, document: str, *, by_itself: bool = False) -> Submitted:
    """Return what was submitted. Sections and criteria that the form did not have are left out, and so left alone.

    A form that saves itself (`by_itself`) drops no criterion: that waits until its writer saves.
    """
    texts = {
        section.key: form[f"text_{section.key}"]
        for section in home.outline.sections(document)
        if f"text_{section.key}" in form
    }
    exempt = {
        section.key: form[f"exempt_{section.key}"]
        for section in home.outline.sections(document)
        if f"exempt_{section.key}" in form
    }
    found = Submitted(texts, unpack(form.get("revision", "")), exempt, frozenset(form.many("criterion")))
    for entry in home.outline.criteria if document == "outline" else ():
        evidence = form.get(f"evidence_{entry.key}")
        if evidence is None:
            continue
        found.evidence[entry.key] = evidence
        if entry.key in found.chosen:
            found.criteria[entry.key] = evidence
        elif not by_itself:
            _unchosen(found, entry, evidence)
    return found


def _unchosen(found: Submitted, entry: Named, evidence: str) -> None:
    """A criterion whose tick was taken away is dropped, but evidence written for it since is never lost in silence."""
    name = f"criterion_{entry.key}"
    if not words(evidence) or found.marks.get(name) == mark_of(evidence):
        found.criteria[entry.key] = None
    else:
        said = f"There is new evidence for “{entry.title}”, which is not chosen: choose it, or empty its evidence"
        found.problems[name] = said


def show(
    session: Session,
    home: Home,
    project: Project,
    document: str,
    submitted: Submitted | None = None,
    draft: Draft | None = None,
    *,
    reads_exempt: bool,
) -> Written:
    """Return what the page shows: what is saved or, after a refusal, what was typed, with the other text beside it.

    Without `reads_exempt` a sentence stands in place of what is saved as exempt.
    """
    stored = pages_forms.sections(session, projects.key(project), document)
    evidence = pages_forms.criteria(session, projects.key(project)) if document == "outline" else {}
    theirs = draft.theirs if draft is not None else {}
    parts = [
        _part(section, stored.get(section.key), submitted, theirs.get(section.key), reads_exempt)
        for section in home.outline.sections(document)
    ]
    marks = {
        part.section.key: seen(stored[part.section.key].text if part.section.key in stored else "")
        for part in parts
    }
    marks |= {exempt_mark(key): row.exempt or PUBLIC for key, row in stored.items()}
    choices = [_choice(home, key, evidence, submitted, theirs) for key in _keys(home, document)]
    marks |= {f"criterion_{choice.key}": mark_of(evidence.get(choice.key)) for choice in choices}
    if draft is not None:
        # What was neither saved nor refused keeps the mark it was loaded with, so that it is still known as untouched.
        marks |= {key: mark for key, mark in draft.marks.items() if key in marks and key not in theirs}
    return Written(parts, choices, pack(marks))


def _part(
    section: Section,
    stored: Stored | None,
    submitted: Submitted | None,
    theirs: str | None,
    reads_exempt: bool,
) -> Part:
    """Return one section: as typed where it was, else as saved, if its reader may read that."""
    at, by, exempt = (stored.at, stored.by, stored.exempt) if stored is not None else (None, "", "")
    if submitted is not None and section.key in submitted.texts:
        chosen = submitted.exempt.get(section.key, exempt)
        return Part(section, submitted.texts[section.key], at, by, theirs, chosen)
    if exempt and not reads_exempt:
        return Part(section, exempt_words(exempt), at, by, None, exempt, hidden=True)
    return Part(section, stored.text if stored is not None else "", at, by, theirs, exempt)


def _keys(home: Home, document: str) -> list[str]:
    return [entry.key for entry in home.outline.criteria] if document == "outline" else []


def _choice(
    home: Home, key: str, stored: Mapping[str, str], submitted: Submitted | None, theirs: Mapping[str, str]
) -> Choice:
    chosen, evidence = key in stored, stored.get(key, "")
    if submitted is not None and key in submitted.evidence:
        chosen, evidence = key in submitted.chosen, submitted.evidence[key]
    title = home.outline.title_of("criteria", key)
    return Choice(key, title, chosen, evidence, theirs.get(f"criterion_{key}"))
