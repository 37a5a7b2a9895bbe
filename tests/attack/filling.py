"""Fills forms in: with what fits, with what is hostile, or with both."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tests.attack.reading import TYPED, Field, Form
from tests.attack.walking import Pairs

PARTS = {"day": "15", "month": "6", "year": "2027"}


def narrow(one: Field) -> bool:
    """Return whether a field takes only a figure, a part of a date or an address."""
    return bool(
        one.mode or one.kind == "email" or re.search(r"-(day|month|year)$|^address$|^code$", one.name)
    )


def fitting(one: Field) -> str:
    """Return what somebody might type there."""
    if one.value:
        return one.value
    if one.name == "code":
        return "NEW"
    if one.kind == "email" or one.name == "address":
        return "head@wrenfold.example"
    return PARTS.get(one.name.rpartition("-")[2], "12")


def fill(
    form: Form, values: Sequence[str], turn: int, *, figures: bool = False, everything: bool = False
) -> Pairs:
    """Return a form's pairs, each free text hostile, every field another value at every turn.

    `figures`: what takes a figure, a date or an address as well; `everything`: choices and hidden marks as well.
    """
    pairs: list[tuple[str, str]] = []
    for number, (name, group) in enumerate(_groups(form)):
        hostile, first = values[(turn + number) % len(values)], group[0]
        if everything or (first.kind in TYPED and (figures or not narrow(first))):
            pairs.append((name, hostile))
        elif first.kind in TYPED:
            pairs.append((name, fitting(first)))
        else:
            pairs += [(name, value) for value in _chosen(group, turn)]
    if form.buttons:
        name, value = form.buttons[turn % len(form.buttons)]
        if name:
            pairs.append((name, values[turn % len(values)] if everything else value))
    return pairs


def _groups(form: Form) -> list[tuple[str, list[Field]]]:
    """Return the fields by name: the radios of one question are one."""
    groups: dict[str, list[Field]] = {}
    for one in form.fields:
        groups.setdefault(one.name, []).append(one)
    return list(groups.items())


def _chosen(group: list[Field], turn: int) -> list[str]:
    """Return what is chosen of one question: another answer at every turn."""
    first = group[0]
    if first.kind == "checkbox":
        return [one.value for number, one in enumerate(group) if (turn >> number) % 2 or one.ticked]
    options = [value for one in group for value in one.options if value]
    if options:
        return [options[turn % len(options)]]
    return [first.value]
