"""What differs between two versions of a lifecycle, in the words of the file a council edits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from vfm_workflow.domain.lifecycle import Lifecycle

NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Difference:
    """One key that differs. `before` and `after` are as the file would say them; None where the key is not there."""

    where: str
    """Such as `stages.outline.limit_working_days`."""
    before: str | None
    after: str | None

    def __str__(self) -> str:
        if self.before is None:
            return f"added {self.where}: {self.after}"
        if self.after is None:
            return f"removed {self.where}"
        return f"{self.where}: from {self.before} to {self.after}"


def differences(before: Lifecycle, after: Lifecycle) -> list[Difference]:
    """Return every difference, in the order of the file; what was added or removed whole is one."""
    old, new = (each.document.model_dump(mode="json", by_alias=True) for each in (before, after))
    return list(_between(old, new, ""))


def _between(old: Any, new: Any, where: str) -> Iterator[Difference]:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in dict.fromkeys([*old, *new]):
            inner = f"{where}.{key}" if where else str(key)
            if key not in old:
                yield Difference(inner, None, _said(new[key]))
            elif key not in new:
                yield Difference(inner, _said(old[key]), None)
            else:
                yield from _between(old[key], new[key], inner)
    elif old != new:
        yield Difference(where, _said(old), _said(new))


def _said(value: Any) -> str:
    if isinstance(value, Mapping):
        return str(value.get("title") or value.get("label") or "{…}")
    if isinstance(value, list):
        return f"[{', '.join(_said(each) for each in value)}]"
    return NOTHING if value in (None, "") else str(value)
