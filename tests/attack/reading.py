"""Reads a page as an attacker does: its forms and links, and whatever in it did not come from our templates."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

TYPED = {"text", "email", "search", "number", "tel", "url", "date", "password", "textarea"}
"""Kinds of fields that hold what a person types."""
EVIL = "evil.example"
"""The host that every hostile address names."""

_TAG = re.compile(r"<[a-z!/?][^>]*>", re.IGNORECASE)
_QUOTED = re.compile(r'"[^"]*"')
_ATTRIBUTE = re.compile(r"""([\w:-]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""")
_ADDRESSES = {
    "href",
    "xlink:href",
    "src",
    "action",
    "formaction",
    "poster",
    "data",
    "content",
    "style",
    "background",
}
_ACTIVE = re.compile(
    r"<(applet|animate|base|embed|foreignobject|frame|object|set|vfmx)\b"  # elements that no page of ours has
    r"|\son\w+\s*=|\ssrcdoc\s*="  # attributes that run what stands in them
    r"|<meta[^>]*http-equiv|<script(?![^>]*(\snonce=|\ssrc=))|<iframe(?![^>]*\ssrc=)",
    re.IGNORECASE,
)
_RUNS = re.compile(rf"^(javascript|vbscript|data:text)|//{re.escape(EVIL)}", re.IGNORECASE)


def injected(text: str) -> list[str]:
    """Return the tags of a page that no template of ours writes. What is escaped as it should be has no tags."""
    found = []
    for tag in _TAG.findall(text):
        bare = _QUOTED.sub('""', tag)
        given = {
            name.lower(): html.unescape("".join(value)).strip() for name, *value in _ATTRIBUTE.findall(tag)
        }
        runs = any(_RUNS.search(value) for name, value in given.items() if name in _ADDRESSES)
        if _ACTIVE.search(bare) or runs:
            found.append(tag[:120])
    return found


@dataclass
class Field:
    """One field of a form; `options` are the values it may take, where a page lists them."""

    name: str
    kind: str
    value: str = ""
    mode: str = ""
    options: list[str] = field(default_factory=list)
    ticked: bool = False


@dataclass
class Form:
    """A form as a browser would send it; `buttons` are the pairs that its buttons add."""

    action: str
    method: str
    files: bool
    fields: list[Field] = field(default_factory=list)
    buttons: list[tuple[str, str]] = field(default_factory=list)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(sorted({one.name for one in self.fields}))

    def typed(self) -> dict[str, str]:
        """Return what stands in the fields that are typed into."""
        return {one.name: one.value for one in self.fields if one.kind in TYPED}


class Page(HTMLParser):
    """A page that was read: its `forms`, and its `links` to pages of ours."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.links: list[str] = []
        self._form: Form | None = None
        self._field: Field | None = None
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag == "a" and found.get("href", "").startswith("/"):
            self.links.append(found["href"])
        elif tag == "form":
            files = found.get("enctype") == "multipart/form-data"
            self._form = Form(found.get("action", ""), found.get("method", "get").lower(), files)
            self.forms.append(self._form)
        elif self._form is not None:
            self._control(self._form, tag, found)

    def _control(self, form: Form, tag: str, found: dict[str, str]) -> None:
        name, value = found.get("name", ""), found.get("value", "")
        kind = {"input": found.get("type", "text"), "button": "submit"}.get(tag, tag)
        if kind == "submit" and found.get("type") != "button":
            form.buttons.append((name, value))
        elif tag in ("input", "textarea", "select") and name:
            self._field = Field(name, kind, value, found.get("inputmode", ""), ticked="checked" in found)
            if kind in ("radio", "checkbox"):
                self._field.options = [value]
            form.fields.append(self._field)
        elif tag == "option" and self._field is not None:
            self._field.options.append(value)
            if "selected" in found or len(self._field.options) == 1:
                self._field.value = value

    def handle_data(self, data: str) -> None:
        if self._field is not None and self._field.kind == "textarea":
            self._field.value += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = self._field = None
        elif tag in ("textarea", "select"):
            if tag == "textarea" and self._field is not None:
                self._field.value = self._field.value.removeprefix("\n")
            self._field = None
