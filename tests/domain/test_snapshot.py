"""A frozen text: canonical, with a fingerprint, and a difference a person can read."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.domain.test_requirements import complete
from vfm_workflow.domain.facts import Proposal
from vfm_workflow.domain.snapshot import (
    SUBJECTS,
    Snapshot,
    canonical,
    differences,
    digest,
    fingerprint,
    freeze,
    gains,
)


def text(**parts: str) -> Snapshot:
    return {"parts": [{"key": key, "title": key.title(), "text": value} for key, value in parts.items()]}


WORDS = st.text(alphabet="ab c.\n\té£", max_size=60)


@given(WORDS, WORDS)
def test_the_runs_of_a_difference_give_the_text_before_and_the_text_after(before: str, after: str) -> None:
    changes = differences(text(why=before), text(why=after))
    if before == after:
        assert changes == []
        return
    (change,) = changes
    assert "".join(run for kind, run in change.runs if kind in ("same", "removed")) == before
    assert "".join(run for kind, run in change.runs if kind in ("same", "added")) == after
    assert all(run for _, run in change.runs)


@given(
    st.dictionaries(st.sampled_from(["a", "b", "c"]), WORDS), st.dictionaries(st.sampled_from("abcd"), WORDS)
)
def test_exactly_the_parts_that_differ_are_named(before: dict[str, str], after: dict[str, str]) -> None:
    changed = {change.key for change in differences(text(**before), text(**after))}
    assert changed == {key for key in {*before, *after} if before.get(key, "") != after.get(key, "")}


def test_a_difference_shows_what_was_taken_out_and_what_was_put_in() -> None:
    (change,) = differences(text(why="Costs are £71 a household"), text(why="Costs are £64 a household"))
    assert (change.title, change.removed, change.added) == ("Why", "£71", "£64")


def test_rows_are_compared_as_lines() -> None:
    def rows(*cells: list[str]) -> Snapshot:
        return {
            "parts": [
                {"key": "m", "title": "Milestones", "head": ["Milestone", "Forecast"], "rows": list(cells)}
            ]
        }

    (change,) = differences(
        rows(["Contract", "1 July 2026"]), rows(["Contract", "3 July 2026"], ["Start", ""])
    )
    assert change.removed == "1"
    assert change.added.split(" … ") == ["3", "Start"]


def test_a_part_that_came_or_went_is_a_difference() -> None:
    assert [change.key for change in differences(text(why="x"), text(why="x", targets="y"))] == ["targets"]
    assert differences(text(why="x", targets="y"), text(why="x"))[0].removed == "y"


@pytest.mark.parametrize("subject", sorted(SUBJECTS))
def test_every_subject_freezes_to_text_and_rows_that_json_keeps(subject: str) -> None:
    frozen = freeze(subject, complete())
    assert json.loads(canonical(frozen)) == frozen
    for part in frozen["parts"]:
        assert part["key"]
        assert part["title"]
        assert isinstance(part.get("text", ""), str)
        assert all(len(row) == len(part["head"]) for row in part.get("rows", []))
        assert all(isinstance(cell, str) for row in part.get("rows", []) for cell in row)


@pytest.mark.parametrize("subject", sorted(SUBJECTS))
def test_the_same_facts_freeze_to_the_same_fingerprint_whatever_the_day(subject: str) -> None:
    later = complete(today=dt.date(2027, 1, 1), stage="another")
    assert canonical(freeze(subject, complete())) == canonical(freeze(subject, later))


def test_another_figure_is_another_fingerprint() -> None:
    facts = complete()
    other = complete(
        sections={**facts.sections, "outline": {**facts.sections["outline"], "why": "Another reason"}}
    )
    before, after = (digest(canonical(freeze("outline", each))) for each in (facts, other))
    assert fingerprint(before) != fingerprint(after)
    assert fingerprint(before) == before[:8]


def test_new_dates_show_the_agreed_date_beside_the_one_proposed() -> None:
    change = (1, "Contract signed", dt.date(2026, 7, 1), dt.date(2026, 8, 3))
    facts = complete(proposal=Proposal("The supplier is late", (change,)))
    part = next(part for part in freeze("rebaseline", facts)["parts"] if part["key"] == "changes")
    assert part["rows"] == [["Contract signed", "1 July 2026", "3 August 2026"]]


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (4_000_000, 6_000_000, "£40,000 to £60,000 a year"),
        (None, 6_000_000, "£60,000 a year"),
        (6_000_000, 6_000_000, "£60,000 a year"),
        (0, 6_000_000, "£0 to £60,000 a year"),
        (None, None, ""),
        (4_000_000, None, "£40,000 a year"),
    ],
)
def test_a_range_of_gains_is_a_sentence(low: int | None, high: int | None, said: str) -> None:
    assert gains(low, high) == said
