"""Differences as people read them: whole phrases taken out and put in, not word by word."""

from __future__ import annotations

from collections.abc import Iterable

Run = tuple[str, str]
"""`same`, `removed` or `added`, and the words."""


def phrases(runs: Iterable[Run]) -> list[Run]:
    """Return the runs with neighbouring changes put together where only a space stands between them.

    What was there before and after stays exactly the same: the space counts as taken out and put in again.
    """
    found: list[Run] = []
    removed, added, space = "", "", ""
    for kind, text in runs:
        if kind == "same" and not text.strip() and (removed or added):
            space += text
        elif kind == "same":
            found += [*_change(removed, added), ("same", space + text)]
            removed, added, space = "", "", ""
        else:
            removed, added, space = removed + space, added + space, ""
            removed, added = (removed + text, added) if kind == "removed" else (removed, added + text)
    found += _change(removed, added)
    return [*found, ("same", space)] if space else found


def _change(removed: str, added: str) -> list[Run]:
    return [run for run in (("removed", removed), ("added", added)) if run[1]]
