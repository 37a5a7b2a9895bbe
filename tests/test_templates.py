"""Templates of mails and pages: an item of a dict before what every dict has, and their globals as they were."""

from __future__ import annotations

from typing import Any

import pytest
from jinja2 import DictLoader, StrictUndefined, UndefinedError

from vfm_workflow.templates import Environment


class Thing:
    name = "a thing"


def filled(source: str, **values: Any) -> str:
    made = Environment(
        loader=DictLoader({"page": source, "part": "{{ council }}"}), undefined=StrictUndefined
    )
    made.globals["council"] = "Wrenfold"
    return made.get_template("page", globals={"more": 2}).render(values)


def test_an_item_an_attribute_and_a_method_are_found() -> None:
    source = "{{ one.name }} {{ two.name }} {{ one.missing is defined }} {{ one.items() | list }}"
    assert (
        filled(source, one={"name": "an item"}, two=Thing()) == "an item a thing False [('name', 'an item')]"
    )


def test_an_item_is_found_before_what_every_dict_has() -> None:
    assert filled("{{ one.items }} {{ one.keys() | list }}", one={"items": 3}) == "3 ['items']"


def test_what_is_in_neither_is_an_error() -> None:
    with pytest.raises(UndefinedError, match="nothing"):
        filled("{{ one.nothing }}", one={})


def test_globals_are_seen_by_a_template_and_what_it_includes_and_values_win() -> None:
    assert filled("{{ council }} {{ more }} {% include 'part' %}") == "Wrenfold 2 Wrenfold"
    assert filled("{{ council }} {{ more }}", council="Another") == "Another 2"
