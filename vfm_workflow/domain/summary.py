"""The few rows a busy person decides from, in the mail and on the page: all of them from the frozen text."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from vfm_workflow.domain.money import parse_pounds, pounds
from vfm_workflow.domain.snapshot import Part, Snapshot

MOST_CHARACTERS = 400
OPENINGS = ("why", "recommendation", "reason")
"""Sections whose beginning says what it is about."""


def rows(frozen: Snapshot) -> list[dict[str, str]]:
    """Return label and value of each row: the project in a sentence, its reasons, its figures."""
    said = frozen.get("summary", "")
    found = [{"label": "In short", "value": said}] if said else []
    for part in frozen["parts"]:
        lines = _LINES.get(part["key"])
        if lines is not None and part["rows"]:
            found.append({"label": part["title"], "value": "\n".join(lines(part))})
        elif part["key"] in OPENINGS and part.get("text"):
            found.append({"label": part["title"], "value": shorten(part["text"])})
    return found


def shorten(text: str, most: int = MOST_CHARACTERS) -> str:
    """Return `text` cut at a word, with an ellipsis, where it is longer than `most` characters."""
    flat = " ".join(text.split())
    return flat if len(flat) <= most else flat[:most].rsplit(" ", 1)[0] + " …"


def _measures(part: Part) -> list[str]:
    lines = []
    for name, before, after, unit in part["rows"]:
        sign, per = ("£", f" {unit[1:].strip()}") if unit.startswith("£") else ("", f" {unit}")
        per = per.removeprefix(" ") if unit.startswith("%") else per
        lines.append(f"{name}: {sign}{before or '?'} → {sign}{after or '?'}{per}".rstrip())
    return lines


def _savings(part: Part) -> list[str]:
    """Return each saving with its years on a line below and, for several, one line that adds up the last year."""
    years = part["head"][2:]
    lines = [
        f"{title} ({kind}):\n"
        + " · ".join(f"{year} {amount}" for year, amount in zip(years, amounts, strict=True))
        for title, kind, *amounts in part["rows"]
    ]
    if len(lines) > 1 and years:
        total = sum(parse_pounds(amounts[-1]) for _, _, *amounts in part["rows"])
        lines.insert(0, f"{pounds(total)} in {years[-1]}, together")
    return lines


def _changes(part: Part) -> list[str]:
    return [f"{title}: {old or 'no date'} → {new}" for title, old, new in part["rows"]]


def _profiles(part: Part) -> list[str]:
    """Return a line for each year that changes, with what CMT agreed first wherever that is not what stands."""
    return [
        f"{title}, {year}: {now} → {new}" + (f" (first agreed: {first})" if first != now else "")
        for title, year, first, now, new in part["rows"]
        if now != new
    ]


def _targets(part: Part) -> list[str]:
    return [
        f"{name}: {now} → {new} {unit}".rstrip() + (f" (first agreed: {first})" if first != now else "")
        for name, first, now, new, unit in part["rows"]
    ]


def _lessons(part: Part) -> list[str]:
    return [str(row[0]) for row in part["rows"]]


_LINES: Mapping[str, Callable[[Part], list[str]]] = {
    "measures": _measures,
    "savings": _savings,
    "changes": _changes,
    "proposed_savings": _profiles,
    "proposed_targets": _targets,
    "lessons": _lessons,
}
