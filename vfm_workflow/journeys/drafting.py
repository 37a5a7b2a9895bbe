"""A long draft is saved as a whole: each part that its writer changed, and none that somebody else changed meanwhile."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from sqlmodel import Session

from vfm_workflow.domain.roles import Actor
from vfm_workflow.errors import BadInput, StaleRevision
from vfm_workflow.journeys import exempt as marking
from vfm_workflow.journeys.home import Home
from vfm_workflow.journeys.writing import clean, save_criterion, save_section, seen, writable
from vfm_workflow.store import projects
from vfm_workflow.store.tables import Criterion, Project

UNCHOSEN = "none"
"""The mark of a criterion that is not chosen."""
PUBLIC = "0"
"""The mark of a section that is not exempt; that of one that is, is its paragraph."""


@dataclass
class Draft:
    """What became of a draft. Keys are those of its sections, and `criterion_` with a criterion's key."""

    marks: dict[str, str]
    """What the form must carry for its next save (see `writing.seen`)."""
    problems: dict[str, str] = field(default_factory=dict)
    """What could not be saved, and why."""
    theirs: dict[str, str] = field(default_factory=dict)
    """The other text, where somebody else changed a part meanwhile."""

    @contextmanager
    def part(self, key: str) -> Iterator[None]:
        """Keep what is wrong with one part, so that it does not keep the others from being saved."""
        try:
            yield
        except StaleRevision as error:
            self.problems[key], self.theirs[key] = str(error), error.changes[0]
        except BadInput as error:
            self.problems.update(error.fields)


def mark_of(evidence: str | None) -> str:
    """Return the mark of a criterion: its evidence's, or UNCHOSEN."""
    return UNCHOSEN if evidence is None else seen(clean(evidence))


def exempt_mark(key: str) -> str:
    """Return the name under which a form carries whether a section was exempt when it was loaded."""
    return f"exempt_{key}"


def save(
    session: Session,
    home: Home,
    reference: str,
    document: str,
    by: Actor,
    at: dt.datetime,
    *,
    texts: Mapping[str, str],
    criteria: Mapping[str, str | None],
    marks: Mapping[str, str],
    exempt: Mapping[str, str] | None = None,
) -> Draft:
    """Save the sections and criteria of a draft as typed; return what became of them.

    `criteria` are those the form had: key → evidence, None for one that is not chosen. A part left as the form was
    loaded (`marks`) is not touched, so that what somebody else saved stays. `exempt` is section key → the paragraph
    chosen, empty for public. Raises NotFound or NotAllowed.
    """
    project = writable(session, home, reference, by, document, "outline.edit")
    draft = Draft(dict(marks))
    for key in (section.key for section in home.outline.sections(document)):
        if key not in texts or seen(clean(texts[key])) == marks.get(key):
            continue
        with draft.part(key):
            draft.marks[key] = save_section(
                session, home, reference, document, key, texts[key], by, at, was=marks.get(key)
            )
    for key, paragraph in (exempt or {}).items():
        if (paragraph or PUBLIC) == marks.get(exempt_mark(key), PUBLIC):
            continue  # left as it was loaded: a mark that somebody else made meanwhile stays
        with draft.part(key):
            marking.mark(session, home, reference, document, key, paragraph, by, at)
            draft.marks[exempt_mark(key)] = paragraph or PUBLIC
    for key in (entry.key for entry in home.outline.criteria):
        if key in criteria:
            _save_choice(session, home, project, key, criteria[key], by, at, draft)
    return draft


def _save_choice(
    session: Session,
    home: Home,
    project: Project,
    key: str,
    evidence: str | None,
    by: Actor,
    at: dt.datetime,
    draft: Draft,
) -> None:
    name = f"criterion_{key}"
    row = session.get(Criterion, (projects.key(project), key))
    stored, mine = mark_of(row.evidence if row else None), mark_of(evidence)
    was = draft.marks.get(name, stored)
    if mine == was and mine != stored:
        return  # left as it was loaded: the other change stays
    with draft.part(name):
        if was != stored and mine != stored:
            said = row.evidence if row else "This criterion is not chosen any more."
            raise StaleRevision(
                "Somebody has changed this since you opened it. Theirs is below yours.", [said]
            )
        if mine != stored:
            save_criterion(session, home, project.reference, key, evidence, by, at)
        draft.marks[name] = mine
