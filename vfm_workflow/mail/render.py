"""Mails from their templates: a notice and its facts in; subject, text and HTML out."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any

from jinja2 import Environment, TemplateError, TemplateNotFound, TemplateSyntaxError

from vfm_workflow.domain.notices import FILES, RECURRING, Catalogue, Notice
from vfm_workflow.errors import ConfigError, Problem
from vfm_workflow.mail.council import Council

__all__ = ["Council", "Group", "Rendered", "Renderer"]

MOST_ITEMS = 10
"""Items of one notice that a digest shows; the rest are counted, with a link to where they all are."""

SHARED = "_frame/recurring"
"""The folder of what a notice that comes round by the calendar is shown with where it has no folder of its own."""

MOST_SUBJECT = 70
"""Characters of a digest's subject before the rest becomes “and 3 other things”."""

_UNSEEN = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Marks that reverse the direction of text, and so could make a subject show what it does not say."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """One mail, ready for `message.build`."""

    subject: str
    text: str
    html: str


@dataclass(frozen=True, slots=True)
class Group:
    """The items of one digest notice for one person, in the order in which they are to be shown."""

    notice_key: str
    items: Sequence[Mapping[str, Any]]
    whys: Sequence[str] = ()
    """Why each of them came to this person, where that is not the notice's own reason."""


class Renderer:
    """Renders every notice of a catalogue. Templates are compiled once; safe to use from several threads."""

    def __init__(
        self, search_path: Sequence[Path], catalogue: Catalogue, council: Council, *, inline: bool = True
    ) -> None:
        self._catalogue = catalogue
        self._search_path = tuple(search_path)
        self._folders = tuple(str(path) for path in search_path)
        self._council = council
        self._inline = inline

    @cached_property
    def environment(self) -> Environment:
        """What templates are compiled in. It is made, and what styles mails is loaded, with the first mail."""
        from vfm_workflow.mail.loader import environment

        return environment(self._search_path, self._council, inline=self._inline)

    def render(self, notice_key: str, context: Mapping[str, Any]) -> Rendered:
        """Return the mail of an at_once notice. `why` is the catalogue's unless `context` has its own.

        Raises ConfigError, with file and line, where a template is missing, broken or uses an unknown value.
        """
        notice = self._notice(notice_key, "at_once")
        values = {"why": notice.why, **context}
        values.pop("council", None)
        subject = one_line(self._fill(f"{notice_key}/subject.txt", values))
        text = tidy(self._fill(f"{notice_key}/body.txt", values))
        return Rendered(subject, text, self._fill(f"{notice_key}/body.html", {**values, "subject": subject}))

    def digest(
        self,
        person_name: str,
        groups: Sequence[Group],
        tasks_url: str,
        day: dt.date,
        change_url: str | None = None,
    ) -> Rendered:
        """Return the one mail that tells a person of all `groups`, the most pressing section first.

        `change_url` is the page on which the person chooses what to be sent. Raises ValueError where no group
        has an item, since an empty digest is never sent, and ConfigError as `render` does.
        """
        parts = self._parts(groups)
        if not parts:
            raise ValueError("a digest without an item is never sent")
        heads = [part["subject"] for part in parts]
        shown = _fitting(heads)
        values = {
            "person": {"name": person_name},
            "day": day,
            "sections": _by_section(parts),
            "start": next((part["start"] for part in parts if part["start"]), None),
            "subjects": heads[:shown],
            "others": len(heads) - shown,
            "whys": _whys(parts),
            "tasks_url": tasks_url,
            "change_url": change_url,
        }
        subject = one_line(self._fill("_frame/subject.txt", values))
        text = tidy(self._fill("_frame/digest.txt", values))
        return Rendered(subject, text, self._fill("_frame/digest.html", {**values, "subject": subject}))

    def _parts(self, groups: Sequence[Group]) -> list[dict[str, Any]]:
        """Return the rendered fragments of every group that has an item, in the catalogue's order."""
        waiting: dict[str, list[Mapping[str, Any]]] = {}
        whys: dict[str, list[str]] = {}
        for group in groups:
            self._notice(group.notice_key, "digest")
            if group.items:
                waiting.setdefault(group.notice_key, []).extend(group.items)
                whys.setdefault(group.notice_key, []).extend(group.whys)
        return [
            self._part(section.title, key, notice, waiting[key], whys[key])
            for section, key, notice in self._catalogue.digests
            if key in waiting
        ]

    def _part(
        self, section: str, key: str, notice: Notice, items: list[Mapping[str, Any]], whys: Sequence[str]
    ) -> dict[str, Any]:
        total = len(items)
        said = self._fill(self.template(key, "subject.txt"), {"items": items, "total": total})
        head, _, first = said.strip().partition("\n")
        values = {"items": items[:MOST_ITEMS], "total": total}
        return {
            "section": section,
            "key": key,
            "title": notice.title,
            "whys": list(dict.fromkeys(whys)) or [notice.why],
            "subject": one_line(head),
            "start": {"label": one_line(first), "link": items[0]["link"]} if first.strip() else None,
            "text": tidy(self._fill(self.template(key, "body.txt"), values)).rstrip(),
            "html": self._fill(self.template(key, "body.html"), values),
            "more": max(total - MOST_ITEMS, 0),
        }

    def template(self, key: str, name: str) -> str:
        """Return the template of a notice's file: its own, or where it comes round by the calendar, perhaps the common one."""
        when = self._catalogue.notices[key].when
        if when is not None and when.what in RECURRING and f"{key}/{name}" not in self._own:
            return f"{SHARED}/{name}"
        return f"{key}/{name}"

    @cached_property
    def _own(self) -> frozenset[str]:
        """The files that notices which come round by the calendar have of their own."""
        return frozenset(
            f"{key}/{name}"
            for key in self._catalogue.notices
            for name in FILES
            if any((Path(folder) / key / name).is_file() for folder in self._folders)
        )

    def _notice(self, key: str, deliver: str) -> Notice:
        notice = self._catalogue.notices.get(key)
        if notice is None or notice.deliver != deliver:
            what = f"there is no notice `{key}` with `deliver: {deliver}`."
            raise ConfigError(
                [Problem("notifications/notices.yaml", None, what, "Add it, or run `vfm check`.")]
            )
        return notice

    def _fill(self, name: str, values: Mapping[str, Any]) -> str:
        try:
            return self.environment.get_template(name).render(values)
        except (TemplateError, TypeError, ValueError, AttributeError, KeyError, ArithmeticError) as error:
            raise ConfigError([explain(error, name, self._folders)]) from error


def explain(error: Exception, name: str, folders: Iterable[str]) -> Problem:
    """Return what is wrong with the template `name`, with the file and line on which rendering stopped."""
    if isinstance(error, TemplateNotFound):
        missing = f"notifications/{error.name or name}"
        return Problem(missing, None, "the template is missing.", "Write it, or take ours with `vfm init`.")
    if isinstance(error, TemplateSyntaxError):
        file = error.filename or f"notifications/{name}"
        return Problem(file, error.lineno, f"the template cannot be read: {error.message}.", "Mend it there.")
    found = _last_place(error.__traceback__, tuple(folders))
    file, line = found or (f"notifications/{name}", None)
    what = f"the template cannot be filled in: {str(error).rstrip('.')}."
    return Problem(file, line, what, "docs/notices.md lists the values that each template may use.")


def _last_place(trace: TracebackType | None, folders: tuple[str, ...]) -> tuple[str, int | None] | None:
    found = None
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if file.startswith(folders):
            found = (file, trace.tb_lineno)
        trace = trace.tb_next
    return found


def one_line(text: str) -> str:
    """Return text fit for a subject: one line, single spaces, nothing that cannot be seen."""
    if not text.isprintable():
        text = "".join(_seen(letter) for letter in text if letter not in _UNSEEN)
    return " ".join(text.split())


def _seen(letter: str) -> str:
    return " " if unicodedata.category(letter) in ("Cc", "Zl", "Zp") else letter


def tidy(text: str) -> str:
    """Return a text body with no space at the end of a line and never two empty lines together."""
    lines = "\n".join(line.rstrip() for line in text.splitlines())
    return re.sub(r"\n{3,}", "\n\n", lines).strip("\n") + "\n"


def _by_section(parts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    sections: dict[str, list[dict[str, Any]]] = {}
    for part in parts:
        sections.setdefault(part["section"], []).append(part)
    return [{"title": title, "parts": found} for title, found in sections.items()]


def _whys(parts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return each reason once, with the titles of the notices it explains."""
    titles: dict[str, list[str]] = {}
    for part in parts:
        for why in part["whys"]:
            titles.setdefault(why, []).append(part["title"])
    return [{"why": why, "titles": found} for why, found in titles.items()]


def _fitting(heads: Sequence[str]) -> int:
    """Return how many of the fragments' subjects fit in one; at least the first."""
    length, shown = 0, 0
    for head in heads:
        length += len(head) + 2
        if shown and length > MOST_SUBJECT:
            break
        shown += 1
    return shown
