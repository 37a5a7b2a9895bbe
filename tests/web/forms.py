"""Reads a page's forms as a browser does, so that a test sends what somebody would send who changed only a field."""

from __future__ import annotations

from html.parser import HTMLParser


class _Reader(HTMLParser):
    """Collects each form's fields: (action, [(name, value)]), without its buttons."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[tuple[str, list[tuple[str, str]]]] = []
        self.open = False
        self.area: str | None = None
        self.choice: str | None = None
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append((found.get("action", ""), []))
            self.open = True
        elif not self.open:
            return
        elif tag == "input" and found.get("name"):
            ticked = found.get("type") not in ("checkbox", "radio") or "checked" in found
            if ticked:
                self.forms[-1][1].append((found["name"], found.get("value", "")))
        elif tag == "textarea":
            self.area, self.text = found.get("name", ""), ""
        elif tag == "select":
            self.choice = found.get("name", "")
        elif tag == "option" and self.choice is not None and "selected" in found:
            self.forms[-1][1].append((self.choice, found.get("value", "")))

    def handle_data(self, data: str) -> None:
        if self.area is not None:
            self.text += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.open = False
        elif tag == "textarea" and self.area is not None:
            self.forms[-1][1].append((self.area, self.text.removeprefix("\n")))  # as browsers do
            self.area = None
        elif tag == "select":
            self.choice = None


def fields(page: str, action: str, /, **changes: str | list[str]) -> dict[str, str | list[str]]:
    """Return what the page's form with that action would send; `changes` are typed over it."""
    reader = _Reader()
    reader.feed(page)
    found: dict[str, list[str]] = {}
    for name, value in next(rows for where, rows in reader.forms if where == action):
        found.setdefault(name, []).append(value)
    sent: dict[str, str | list[str]] = {
        name: values[0] if len(values) == 1 else values for name, values in found.items()
    }
    return {**sent, **changes}


def actions(page: str) -> list[str]:
    """Return where the page's forms post to, in order."""
    reader = _Reader()
    reader.feed(page)
    return [action for action, _ in reader.forms]


def boxes(name: str, day: str, month: str, year: str) -> dict[str, str]:
    """Return a date's three boxes."""
    return {f"{name}-day": day, f"{name}-month": month, f"{name}-year": year}
