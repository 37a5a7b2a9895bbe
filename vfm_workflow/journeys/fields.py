"""A form as it was typed: each field read or refused, and every refusal said at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from vfm_workflow.errors import BadInput
from vfm_workflow.journeys.writing import clean

MOST_TITLE = 200
MOST_TEXT = 5_000
LONGEST_VALUE = 200
"""No date, figure or choice is longer than this; what is longer is no value at all."""

T = TypeVar("T")


class Fields:
    """What was typed, by field name, and what is wrong with it. Nothing may change before `finish`."""

    def __init__(self, typed: Mapping[str, str]) -> None:
        self.typed = typed
        self.problems: dict[str, str] = {}

    def refuse(self, name: str, sentence: str) -> None:
        """Say what is wrong with a field; the first thing said of it stays."""
        self.problems.setdefault(name, sentence)

    def line(self, name: str, label: str, *, required: str = "", most: int = MOST_TITLE) -> str:
        """Return a field's text on one line. `required` is what to say where it is empty."""
        return self._text(name, " ".join(clean(self.typed.get(name, "")).split()), label, required, most)

    def text(self, name: str, label: str, *, required: str = "", most: int = MOST_TEXT) -> str:
        """Return a field's text, its lines kept. `required` is what to say where it is empty."""
        return self._text(name, clean(self.typed.get(name, "")), label, required, most)

    def _text(self, name: str, text: str, label: str, required: str, most: int) -> str:
        if required and not text:
            self.refuse(name, required)
        if len(text) > most:
            self.refuse(name, f"{label} must be {most:,} characters or fewer; this is {len(text):,}")
        return text

    def read(self, name: str, label: str, parse: Callable[[str], T], *, required: str = "") -> T | None:
        """Return a field's value, None where it is empty or refused. `parse` raises ValueError with “must …”."""
        typed = clean(self.typed.get(name, ""))
        if not typed:
            if required:
                self.refuse(name, required)
            return None
        if len(typed) > LONGEST_VALUE:
            self.refuse(name, f"{label} must be {LONGEST_VALUE} characters or fewer; this is {len(typed):,}")
            return None
        try:
            return parse(typed)
        except ValueError as error:
            self.refuse(name, f"{label} {error}")
            return None

    def choice(self, name: str, accepted: Mapping[str, T], required: str) -> T | None:
        """Return what a field's key stands for. `required` is what to say where it is none of `accepted`."""
        typed = clean(self.typed.get(name, ""))
        if typed not in accepted:
            self.refuse(name, required)
            return None
        return accepted[typed]

    def finish(self) -> None:
        """Raise BadInput with everything that was refused, if anything was."""
        if self.problems:
            raise BadInput(self.problems)


YES_NO: Mapping[str, bool] = {"yes": True, "no": False}
