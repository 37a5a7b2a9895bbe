"""docs/security.md is true: each test and file that it names exists, each limit stands there, and no answer is missing."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.documentation import ROOT, rows, section, text

PAGE = "docs/security.md"
TABLE = "OWASP ASVS 5.0.0, levels 1 and 2"
ANSWERS = {"met", "in part", "not met", "council", "n/a"}
CODE = sorted((ROOT / "vfm_workflow").rglob("*.py"))
Row = tuple[str, str, str, str, str, str]


def table() -> list[Row]:
    """Return the rows: number, level, requirement, answer, where, test."""
    found = []
    for line in section(PAGE, TABLE).splitlines():
        if re.match(r"\| \d", line):
            cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
            assert len(cells) == 6, line
            found.append((cells[0], cells[1], cells[2], cells[3], cells[4], cells[5]))
    return found


def order(number: str) -> tuple[int, ...]:
    return tuple(int(part) for part in number.split("."))


def test_every_requirement_of_levels_1_and_2_stands_there_once() -> None:
    numbers = [row[0] for row in table()]
    assert numbers == sorted(set(numbers), key=order)
    levels = [row[1] for row in table()]
    assert (levels.count("1"), levels.count("2"), len(levels)) == (70, 183, 253), "the standard's own count"


@pytest.mark.parametrize("row", table(), ids=lambda row: row[0])
def test_a_requirement_has_an_answer_that_says_where_or_why_not(row: Row) -> None:
    _, _, requirement, answer, where, test = row
    assert requirement
    assert answer in ANSWERS
    assert where
    assert re.fullmatch(r"–|`tests/[\w/]+\.py::test_\w+`(, `tests/[\w/]+\.py::test_\w+`)*", test), test


def test_every_test_that_is_named_exists() -> None:
    lost = []
    for name in re.findall(r"`(tests/[\w/]+\.py::\w+)`", text(PAGE)):
        file, _, function = name.partition("::")
        path = ROOT / file
        if not path.exists() or not re.search(
            rf"^def {function}\(", path.read_text(encoding="utf-8"), re.MULTILINE
        ):
            lost.append(name)
    assert lost == []


def test_every_file_and_setting_that_is_named_exists() -> None:
    files = re.findall(r"`((?:vfm_workflow|config|requirements|assets|docs|tests)/[\w/.-]*)`", text(PAGE))
    assert files
    assert [name for name in files if not (ROOT / name).exists()] == []
    settings = set(re.findall(r"`(VFM_\w+)`", text(PAGE)))
    assert settings
    assert [name for name in settings if f"`{name}`" not in text("docs/settings.md")] == []


def test_every_limit_of_tries_is_listed() -> None:
    written = {
        name: re.findall(r"\d+/\w+", cells[0])[0]
        for name, cells in rows(section(PAGE, "Limits")).items()
        if "/" in cells[0]
    }
    assert written == dict(limits())


def limits() -> Iterator[tuple[str, str]]:
    """Yield name and rate of each limit in the pages."""
    for path in CODE:
        for call in calls(path):
            name = getattr(call.func, "attr", getattr(call.func, "id", ""))
            if name == "allow" and len(call.args) == 4:
                yield spelt(call.args[1]), spelt(call.args[3])


def spelt(node: ast.expr) -> str:
    """Return a text of the code; what is put into it is written `…`."""
    if isinstance(node, ast.JoinedStr):
        return "".join(spelt(part) if isinstance(part, ast.Constant) else "…" for part in node.values)
    return str(node.value) if isinstance(node, ast.Constant) else "…"


# ------------------------------------------------------------------ what the program does not do


def calls(path: Path) -> Iterator[ast.Call]:
    yield from (
        node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)
    )


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


NEVER = {
    "subprocess",
    "pickle",
    "marshal",
    "shelve",
    "dill",
    "xml",
    "lxml",
    "ldap",
    "ctypes",
    "telnetlib",
    "ftplib",
}
RUNS = {
    "eval",
    "exec",
    "compile",
    "__import__",
    "system",
    "popen",
    "spawnv",
    "execv",
    "from_string",
    "unsafe_load",
}


def test_the_program_starts_no_program_and_runs_no_text() -> None:
    assert [
        f"{path.name}: {name}" for path in CODE for name in imported(path) if name.partition(".")[0] in NEVER
    ] == []
    found = []
    for path in CODE:
        for call in calls(path):
            name = getattr(call.func, "attr", getattr(call.func, "id", ""))
            of_re = getattr(getattr(call.func, "value", None), "id", "") == "re"
            if name in RUNS and not of_re:
                found.append(f"{path.relative_to(ROOT)}:{call.lineno} {name}")
    assert found == []


def test_hashes_and_randomness_are_the_strong_ones() -> None:
    weak = re.compile(
        r"\b(md5|sha1|crc32|blake2\w*)\b|\brandom\.(random|choice|randint|randrange|getrandbits|shuffle)\b"
    )
    found = [
        f"{path.relative_to(ROOT)}: {line.strip()}"
        for path in CODE
        if "demo" not in path.parts
        for line in path.read_text(encoding="utf-8").splitlines()
        if weak.search(line.partition("#")[0])
    ]
    assert found == []


def test_our_script_writes_no_html_and_keeps_nothing() -> None:
    script = text("vfm_workflow/web/static/app.js")
    assert "textContent" in script
    for word in (
        "innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function", "postMessage",
        "addEventListener(\"message\"", "localStorage", "sessionStorage", "indexedDB", "document.cookie", "__proto__",
        "Object.assign",
    ):  # fmt: skip
        assert word not in script, word
