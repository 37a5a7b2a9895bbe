"""The text a board decides on, frozen: canonical JSON, its fingerprint, and a readable difference between two.

A snapshot is a list of parts, each with a key, a title and either text or rows, so that a page, a mail and a
difference need to know nothing about what kind of decision it is.
"""

from __future__ import annotations

import difflib
import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from vfm_workflow.domain.calendar import short_day, year_name
from vfm_workflow.domain.money import figure, pounds
from vfm_workflow.domain.outline import exempt_words

if TYPE_CHECKING:
    from vfm_workflow.domain.facts import Facts, Proposal, ProposedProfile

Part = dict[str, Any]
Snapshot = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Subject:
    """Something a decision may freeze: its title, which facts it needs, and its parts."""

    title: str
    needs: frozenset[str]
    parts: Callable[[Facts], list[Part]]


def freeze(subject: str, facts: Facts) -> Snapshot:
    """Return the snapshot of `subject` (a key of SUBJECTS) as it stands in `facts`."""
    return {
        "subject": subject,
        "reference": facts.reference,
        "title": facts.title,
        "summary": facts.summary,
        "parts": SUBJECTS[subject].parts(facts),
    }


def public(snapshot: Snapshot, marks: Mapping[str, str]) -> Snapshot:
    """Return the snapshot for who may not read exempt text: a sentence stands in place of each part that is.

    A part is exempt by the mark frozen with it, or by one of `marks` (key → paragraph), made since.
    """
    parts = [_public(part, part.get("exempt") or marks.get(part["key"], "")) for part in snapshot["parts"]]
    return {**snapshot, "parts": parts}


def _public(part: Part, paragraph: str) -> Part:
    if part["key"] == "documents" and "rows" in part:
        return {**part, "rows": [_public_file(row) for row in part["rows"]]}
    if not paragraph or "text" not in part:
        return part
    return {**part, "text": exempt_words(paragraph), "exempt": paragraph, "hidden": True}


def _public_file(row: list[str]) -> list[str]:
    """Return a document's row without the name of one that is exempt: it may say what it must not."""
    return ["An exempt document", "", row[2], ""] if row[2] else row


def public_differences(before: Snapshot, after: Snapshot, marks: Mapping[str, str]) -> list[Change]:
    """Return what changed for who may not read exempt text: of a part that is exempt, only that it did."""
    shown = [public(one, marks) for one in (before, after)]
    hidden = {part["key"]: part["text"] for one in shown for part in one["parts"] if part.get("hidden")}
    files = {change.key: change for change in differences(*shown) if change.key == "documents"}
    return [
        replace(change, runs=(("same", hidden[change.key]),))
        if change.key in hidden
        else files.get(change.key, change)
        for change in differences(before, after)
        if change.key != "documents" or change.key in files
    ]


def canonical(snapshot: Snapshot) -> str:
    """Return the snapshot as canonical JSON."""
    return json.dumps(snapshot, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def digest(text: str) -> str:
    """Return the SHA-256 of canonical JSON, in hex."""
    return hashlib.sha256(text.encode()).hexdigest()


def fingerprint(digest_hex: str) -> str:
    """Return the first eight digits, as mails and pages show them."""
    return digest_hex[:8]


def _text(key: str, title: str, text: str) -> Part:
    return {"key": key, "title": title, "text": text}


def _rows(key: str, title: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> Part:
    return {"key": key, "title": title, "head": list(head), "rows": [list(row) for row in rows]}


def _written(facts: Facts, document: str) -> list[Part]:
    texts, exempt = facts.sections.get(document, {}), facts.exempt.get(document, {})
    parts = [_text(s.key, s.title, texts.get(s.key, "")) for s in facts.rules.sections(document)]
    return [part | {"exempt": exempt[part["key"]]} if part["key"] in exempt else part for part in parts]


def _criteria(facts: Facts) -> Part:
    rows = [(c.title, facts.criteria[c.key]) for c in facts.rules.criteria if c.key in facts.criteria]
    return _rows("criteria", "Criteria and their evidence", ("Criterion", "Evidence"), rows)


def _consultations(facts: Facts) -> Part:
    rows = [
        (
            facts.rules.title_of("consultees", c.key),
            short_day(c.answered_on) if c.answered_on else "not yet",
            ANSWERED[c.how].format(c.answered_by),
            c.answer,
        )
        for c in facts.consultations
    ]
    return _rows("consultations", "Who was consulted", ("Consulted", "Answered", "By", "Answer"), rows)


ANSWERED = {"link": "{}, by link", "self": "{}, signed in", "recorded": "recorded by {}", "": ""}
"""How an answer came → how the frozen text says who gave it."""


def _milestones(facts: Facts) -> Part:
    rows = [
        (
            m.title,
            short_day(m.baseline) if m.baseline else "",
            short_day(m.forecast),
            short_day(m.done_on) if m.done_on else "",
        )
        for m in facts.milestones
    ]
    return _rows("milestones", "Milestones", ("Milestone", "Agreed date", "Forecast", "Done"), rows)


def gains(low: int | None, high: int | None) -> str:
    """Return a range of gains in £ a year, such as `£40,000 to £60,000 a year`."""
    high = low if high is None else high
    if not high:
        return ""
    return f"{pounds(high)} a year" if low in (None, high) else f"{pounds(low or 0)} to {pounds(high)} a year"


def _plan(facts: Facts) -> Part:
    head = ("Element", "Scope", "Method", "Who", "Staff hours", "Target date", "Gains")
    rows = [
        (
            e.title,
            e.scope,
            e.method,
            e.who,
            str(e.hours or ""),
            short_day(e.target) if e.target else "",
            ". ".join(filter(None, (gains(e.gain_low, e.gain_high), e.gain))),
        )
        for e in facts.plan
    ]
    return _rows("plan", "Action plan", head, rows)


def _measures(facts: Facts) -> Part:
    def value(step: int | None, places: int) -> str:
        return "" if step is None else figure(step, places)

    rows = [(m.name, value(m.baseline, m.places), value(m.target, m.places), m.unit) for m in facts.measures]
    return _rows(
        "measures", "Targets in cost and performance", ("Measure", "Baseline", "Target", "Unit"), rows
    )


def _savings(facts: Facts) -> Part:
    years = sorted({year for line in facts.savings for year, *_ in line.years})
    rows = []
    for line in facts.savings:
        by_year = {year: expected for year, _, expected, _ in line.years}
        kind = (
            f"{'cashable' if line.cashable else 'non-cashable'}, {'ongoing' if line.ongoing else 'one-off'}"
        )
        rows.append((line.title, kind, *(pounds(by_year.get(year, 0)) for year in years)))
    return _rows("savings", "Savings expected", ("Saving", "Kind", *(year_name(y) for y in years)), rows)


def _documents(facts: Facts, document: str) -> list[Part]:
    """Return the part of the files, none where there are none. The digest makes a changed file a changed text."""
    from vfm_workflow.domain.uploads import size_text  # it loads what knows the kinds of files

    rows = [
        (f.name, size_text(f.size), f"paragraph {f.exempt}" if f.exempt else "", grouped(f.digest))
        for f in facts.documents
        if f.document == document
    ]
    return [_rows("documents", "Documents", ("Document", "Size", "Exempt", "SHA-256"), rows)] if rows else []


def grouped(digest_hex: str) -> str:
    """Return a digest in groups that a narrow page can break between."""
    return " ".join(digest_hex[start : start + 16] for start in range(0, len(digest_hex), 16))


def _advice(facts: Facts, decision: str) -> list[Part]:
    """Return the part of the advice given on a decision before it was asked for, none where there is none."""
    rows = [
        (REMARKS[r.kind], r.by, short_day(r.on), r.text)
        for r in facts.remarks
        if r.kind in REMARKS and r.subject == f"decision:{decision}"
    ]
    title = "Advice and recommendations"
    return [_rows("advice", title, ("What", "Who", "When", "Said"), rows)] if rows else []


REMARKS = {"advice": "Advice of Finance", "recommendation": "Recommendation of the Board"}
"""The remarks that a board has before it with the text."""


def _outline(facts: Facts) -> list[Part]:
    rest = [
        _criteria(facts),
        _consultations(facts),
        *_documents(facts, "outline"),
        *_advice(facts, "outline"),
        _measures(facts),
        _savings(facts),
        _milestones(facts),
        _plan(facts),
    ]
    return [*_written(facts, "outline"), *rest]


def _recommendations(facts: Facts) -> list[Part]:
    return [
        *_written(facts, "recommendations"),
        *_documents(facts, "recommendations"),
        *_advice(facts, "recommendations"),
        _measures(facts),
        _savings(facts),
        _milestones(facts),
        _plan(facts),
    ]


def _rebaseline(facts: Facts) -> list[Part]:
    proposal = facts.proposal
    rows = [
        (title, short_day(old) if old else "", short_day(new))
        for _, title, old, new in (proposal.changes if proposal else ())
    ]
    parts = [_text("reason", _why(proposal), proposal.reason if proposal else "")]
    if rows or proposal is None or proposal.empty:
        parts.append(_rows("changes", "Dates proposed", ("Milestone", "Agreed date", "Proposed date"), rows))
    if proposal is not None and proposal.savings:
        head = ("Saving", "Year", "First agreed", "Agreed now", "Proposed")
        parts.append(_rows("proposed_savings", "Savings proposed", head, _profiles(proposal.savings)))
    if proposal is not None and proposal.targets:
        head = ("Measure", "First agreed", "Agreed now", "Proposed", "Unit")
        targets = [
            (t.name, *(figure(value, t.places) for value in (t.first, t.now, t.proposed)), t.unit)
            for t in proposal.targets
        ]
        parts.append(_rows("proposed_targets", "Targets proposed", head, targets))
    return [*parts, _milestones(facts)]


def _why(proposal: Proposal | None) -> str:
    figures = proposal is not None and (proposal.savings or proposal.targets)
    return "Why new dates or figures are needed" if figures else "Why new dates are needed"


def _profiles(proposed: Iterable[ProposedProfile]) -> Iterator[tuple[str, ...]]:
    """Yield a row for each year of each profile: as CMT agreed it first, as it stands, as it would be."""
    for one in proposed:
        for year in sorted({*one.first, *one.now, *one.proposed}):
            amounts = (part.get(year) for part in (one.first, one.now, one.proposed))
            yield one.title, year_name(year), *map(spread, amounts)


def spread(amounts: tuple[int, int, int] | None) -> str:
    """Return what a year is expected to save, with its range where it has one, such as `£80,000 (£40,000 to £90,000)`."""
    if amounts is None:
        return "nothing"
    low, expected, high = amounts
    return pounds(expected) if low == high else f"{pounds(expected)} ({pounds(low)} to {pounds(high)})"


def _lessons(facts: Facts) -> list[Part]:
    return [
        _rows("lessons", "Lessons learned", ("Lesson",), [(lesson.text,) for lesson in facts.lessons]),
        _savings(facts),
        _milestones(facts),
    ]


SUBJECTS: Mapping[str, Subject] = {
    "outline": Subject(
        "Outline",
        frozenset(
            {
                "sections",
                "criteria",
                "consultations",
                "documents",
                "remarks",
                "milestones",
                "plan",
                "measures",
                "savings",
            }
        ),
        _outline,
    ),
    "recommendations": Subject(
        "Recommendations",
        frozenset({"sections", "documents", "remarks", "milestones", "plan", "measures", "savings"}),
        _recommendations,
    ),
    "rebaseline": Subject(
        "New dates or figures", frozenset({"proposal", "milestones", "savings"}), _rebaseline
    ),
    "lessons": Subject("Lessons learned", frozenset({"lessons", "milestones", "savings"}), _lessons),
}


@dataclass(frozen=True, slots=True)
class Change:
    """What differs in one part: runs of (`same` | `removed` | `added`, words)."""

    key: str
    title: str
    runs: tuple[tuple[str, str], ...]

    @property
    def removed(self) -> str:
        return " … ".join(text.strip() for kind, text in self.runs if kind == "removed" and text.strip())

    @property
    def added(self) -> str:
        return " … ".join(text.strip() for kind, text in self.runs if kind == "added" and text.strip())


def differences(before: Snapshot, after: Snapshot) -> list[Change]:
    """Return what changed between two snapshots, part by part, word by word; nothing for equal ones."""
    old = {part["key"]: part for part in before["parts"]}
    new = {part["key"]: part for part in after["parts"]}
    found = []
    for key in [*new, *(key for key in old if key not in new)]:
        a, b = _flat(old.get(key)), _flat(new.get(key))
        if a != b:
            found.append(Change(key, (new.get(key) or old[key])["title"], _runs(a, b)))
    return found


def _flat(part: Part | None) -> str:
    if part is None:
        return ""
    if "text" in part:
        return str(part["text"])
    return "\n".join("; ".join(cell for cell in row if cell) for row in part["rows"])


def _runs(before: str, after: str) -> tuple[tuple[str, str], ...]:
    a, b = re.findall(r"\s+|[^\s]+", before), re.findall(r"\s+|[^\s]+", after)
    runs: list[tuple[str, str]] = []
    for tag, a1, a2, b1, b2 in difflib.SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
        if tag == "equal":
            runs.append(("same", "".join(a[a1:a2])))
            continue
        if a2 > a1:
            runs.append(("removed", "".join(a[a1:a2])))
        if b2 > b1:
            runs.append(("added", "".join(b[b1:b2])))
    return tuple(runs)
