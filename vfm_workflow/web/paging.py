"""A long list, page by page: which page is asked for, and the addresses of the others."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import urlencode

Entry = TypeVar("Entry")


@dataclass(frozen=True, slots=True)
class Pager:
    """One page of a list of `total` entries. Pages count from 1; one past the end is the last."""

    path: str
    query: Mapping[str, str]
    """The filters, kept from page to page."""
    total: int
    size: int
    asked: str

    @property
    def count(self) -> int:
        return max(1, -(-self.total // self.size))

    @property
    def number(self) -> int:
        number = int(self.asked) if self.asked.isdecimal() and len(self.asked) < 7 else 1
        return min(max(number, 1), self.count)

    @property
    def offset(self) -> int:
        return (self.number - 1) * self.size

    @property
    def first(self) -> int:
        """The number of the page's first entry; 0 where there is none."""
        return self.offset + 1 if self.total else 0

    @property
    def last(self) -> int:
        return min(self.offset + self.size, self.total)

    def href(self, number: int) -> str:
        """Return the address of a page, with the same filters."""
        kept = {name: value for name, value in self.query.items() if value}
        if number > 1:
            kept["page"] = str(number)
        return f"{self.path}?{urlencode(kept)}" if kept else self.path

    @property
    def links(self) -> dict[str, object] | None:
        """What GOV.UK's pagination draws, or None where one page holds everything."""
        if self.count == 1:
            return None
        near = sorted({1, self.count, *range(max(1, self.number - 1), min(self.count, self.number + 1) + 1)})
        items: list[dict[str, object]] = []
        before = 0
        for number in near:
            if number - before > 1:
                items.append({"ellipsis": True})
            items.append({"number": str(number), "href": self.href(number), "current": number == self.number})
            before = number
        found: dict[str, object] = {"items": items}
        if self.number > 1:
            found["previous"] = {"href": self.href(self.number - 1)}
        if self.number < self.count:
            found["next"] = {"href": self.href(self.number + 1)}
        return found


def paged(
    fetch: Callable[[int], tuple[Sequence[Entry], int]],
    path: str,
    query: Mapping[str, str],
    size: int,
    asked: str,
) -> tuple[Sequence[Entry], Pager]:
    """Return (the entries of the page asked for, its pager). `fetch(offset)` returns entries and how many there are.

    It is asked once; again only where the page asked for lies past the end.
    """
    guess = Pager(path, query, 10**9, size, asked).offset
    entries, total = fetch(guess)
    pager = Pager(path, query, total, size, asked)
    return (entries if pager.offset == guess else fetch(pager.offset)[0]), pager
