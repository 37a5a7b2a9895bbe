"""What customers said, and whether it is enough to stand on (§4.9.1)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Protocol

SURVEYS = ("survey", "questionnaire", "poll")


class Heard(Protocol):
    """One piece of evidence: where it comes from, and of which day."""

    @property
    def source(self) -> str: ...

    @property
    def on(self) -> dt.date: ...


def evidence_warning(rows: Iterable[Heard]) -> str | None:
    """Return a warning where all that is known of customers comes from one survey; None where there is more, or nothing."""
    sources = {(" ".join(row.source.lower().split()), row.on) for row in rows}
    if len(sources) != 1:
        return None
    source, _ = sources.pop()
    if not any(word in source for word in SURVEYS):
        return None
    return (
        "One survey alone is thin evidence (§4.9.1). Add what was heard elsewhere: a focus group, complaints, ward feedback "
        "or what front-line staff are told."
    )
