"""Reads a page as an attacker does: its forms and links, and whatever in it did not come from our templates."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urlsplit

TYPED = {"text", "email", "search", "number", "tel", "url", "date", "password", "textarea"}
"""Kinds of fields that hold what a person types."""
ACTIVE = {"applet", "animate", "base", "embed", "foreignobject", "frame", "object", "set", "vfmx"}
"""Elements that no page of ours has."""
ADDRESSES = ("href", "src", "action", "formaction", "xlink:href", "poster", "data")
RUNS = ("javascript:", "vbscript:", "data:text")
EVIL = "evil.example"
"""The host that every hostile address names."""


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
    """A page that was read: `forms`, `links` to pages of ours, and `injected`, what no template of ours writes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.links: list[str] = []
        self.injected: list[str] = []
        self._form: Form | None = None
        self._field: Field | None = None
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        self._suspect(tag, found)
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

    def _suspect(self, tag: str, found: dict[str, str]) -> None:
        wrong = [name for name in found if name.startswith("on") or name == "srcdoc"]
        if tag in ACTIVE:
            wrong.append(tag)
        if tag == "script" and not (found.get("nonce") or found.get("src", "").startswith("/static/")):
            wrong.append("script")
        if tag == "iframe" and not found.get("src", "").startswith("/"):
            wrong.append("iframe")
        if tag == "meta" and found.get("http-equiv", "").lower() == "refresh":
            wrong.append("refresh")
        for name in ADDRESSES:
            address = found.get(name, "").strip().lower()
            host = urlsplit(address).netloc if "//" in address else ""
            if address.startswith(RUNS) or EVIL in host:
                wrong.append(f"{name}={address}")
        self.injected += [f"<{tag}> {what}" for what in wrong]
