"""docs/reliability.md names tests that there are."""

from __future__ import annotations

import ast
import re

from tests.documentation import ROOT, section, text
from tests.faults.__main__ import BEGIN, END

PAGE = "docs/reliability.md"
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")


def test_every_row_names_its_tests_and_every_test_exists() -> None:
    table = section(PAGE, "Every fault and its test")
    rows = [line for line in table.splitlines() if line.startswith("| ")][1:]
    assert len(rows) >= 10
    for row in rows:
        named = NAMED.findall(row)
        assert named, row
        for file, test in named:
            tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
            defined = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
            assert test in defined, f"{file} has no {test}"


def test_the_figures_of_a_long_run_stand_there() -> None:
    figures = text(PAGE).partition(BEGIN)[2].partition(END)[0]
    assert len([line for line in figures.splitlines() if line.startswith("| ")]) >= 4
