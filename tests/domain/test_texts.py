"""Words of other machines are kept whatever is in them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vfm_workflow.domain.texts import MOST_SAID, said, within_sentence


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("550  no\r\nsuch\tmailbox\x07", "550 no such mailbox"),
        (b"caf\xc3\xa9".decode("ascii", "surrogateescape"), "café"),
        ("half \ud800 a character", "half \ufffd a character"),
        (b"\xff".decode("ascii", "surrogateescape"), "\ufffd"),
        ("", ""),
    ],
)
def test_what_a_machine_says_is_one_line_that_a_page_can_show(text: str, kept: str) -> None:
    assert said(text) == kept


@given(st.text(st.characters(codec=None), max_size=800))
def test_nothing_a_machine_says_breaks_the_keeping(text: str) -> None:
    kept = said(text)
    assert len(kept) <= MOST_SAID
    kept.encode()


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Issued 28 November 2026", "issued 28 November 2026"),
        ("CMT agreed it", "CMT agreed it"),
        ("A", "a"),
        ("", ""),
    ],
)
def test_what_begins_a_sentence_is_small_within_one_and_names_stay(text: str, kept: str) -> None:
    assert within_sentence(text) == kept
