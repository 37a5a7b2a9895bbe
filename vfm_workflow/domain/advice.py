"""What somebody answers who is asked for advice by link: one of three, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from vfm_workflow.domain.texts import clean
from vfm_workflow.errors import BadInput

Stance = Literal["no_objection", "comments", "objection"]
STANCES: tuple[Stance, ...] = get_args(Stance)
LABELS: Mapping[Stance, str] = {
    "no_objection": "No objection",
    "comments": "No objection, with comments",
    "objection": "Objection",
}
HINTS: Mapping[Stance, str] = {
    "no_objection": "Nothing more need be said.",
    "comments": "Say below what should be thought of.",
    "objection": "Say below what is wrong, and what would mend it.",
}
MOST = 5_000


@dataclass(frozen=True, slots=True)
class Advice:
    """A whole answer."""

    stance: Stance
    text: str

    @property
    def written(self) -> str:
        """The answer as the record keeps it."""
        label = LABELS[self.stance]
        return f"{label}. {self.text}" if self.text else f"{label}."


def read_advice(stance: str, text: str) -> Advice:
    """Return the answer of a form. Raises BadInput naming each field that is missing or too long."""
    said = clean(text)
    problems: dict[str, str] = {}
    found = next((known for known in STANCES if known == stance), None)
    if found is None:
        problems["stance"] = "Choose whether you object"
    if found in ("comments", "objection") and not said:
        problems["answer"] = "Write what should be changed or thought of"
    if len(said) > MOST:
        problems["answer"] = f"The answer must be {MOST:,} characters or fewer; this is {len(said):,}"
    if found is None or problems:
        raise BadInput(problems)
    return Advice(found, said)
