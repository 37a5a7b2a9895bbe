"""What the tests of the pages in `docs/` share: their text, tables, code and links."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])


def text(name: str) -> str:
    """Return a page, such as `docs/lifecycle.md`."""
    return (ROOT / name).read_text(encoding="utf-8")


def section(name: str, heading: str) -> str:
    """Return what stands under a heading, up to the next one of its level or above."""
    lines = text(name).splitlines()
    starts = [n for n, line in enumerate(lines) if re.fullmatch(rf"#+ {re.escape(heading)}", line)]
    assert len(starts) == 1, f"{name} has the heading “{heading}” {len(starts)} times"
    level = len(lines[starts[0]]) - len(lines[starts[0]].lstrip("#"))
    after = lines[starts[0] + 1 :]
    ends = [n for n, line in enumerate(_without_code(after)) if re.match(rf"#{{1,{level}}} ", line)]
    return "\n".join(after[: ends[0]] if ends else after)


def blocks(found: str, language: str) -> list[str]:
    """Return the fenced code of a language, without its fences, each with the line break at its end."""
    return re.findall(rf"^```{language}\n(.*?)^```$", found, re.DOTALL | re.MULTILINE)


def rows(found: str) -> dict[str, list[str]]:
    """Return the rows of every table by the code in their first cell, which may be several: name → the other cells."""
    table: dict[str, list[str]] = {}
    lines = [line for line in found.splitlines() if line.startswith("|")]
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        if len(cells) > 1 and not following.startswith("|-"):  # what stands over the rule is a table's head
            table.update(dict.fromkeys(re.findall(r"`([^`]+)`", cells[0]), cells[1:]))
    return table


def codes(found: str) -> set[str]:
    """Return everything written as code in running text and tables."""
    return set(re.findall(r"`([^`\n]+)`", "\n".join(_without_code(found.splitlines()))))


def links(found: str) -> list[str]:
    """Return where the links lead."""
    return re.findall(r"\]\(([^)\s]+)\)", "\n".join(_without_code(found.splitlines())))


def anchors(found: str) -> set[str]:
    """Return the names that headings can be linked by, as they are made where Markdown is read."""
    heads = [line for line in _without_code(found.splitlines()) if re.match(r"#{1,6} ", line)]
    plain = [re.sub(r"[`*]", "", head.lstrip("#").strip()).lower() for head in heads]
    return {re.sub(r"[^\w\- ]", "", head).replace(" ", "-") for head in plain}


def _without_code(lines: list[str]) -> list[str]:
    """Return the lines with those of fenced code emptied."""
    found, inside = [], False
    for line in lines:
        fence = line.startswith("```")
        found.append("" if inside or fence else line)
        inside ^= fence
    return found
