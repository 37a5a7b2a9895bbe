"""Reports of mail servers are read, whatever a stranger may have put into them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.mail.bouncing import away, exim, postfix
from vfm_workflow.domain.texts import MOST_SAID
from vfm_workflow.mail import bounces

SENT = "<3f2a@wrenfold.example>"


def test_a_standard_report_says_which_mail_which_recipient_and_why() -> None:
    (report,) = bounces.read(postfix(SENT, envelope="17"))
    assert report.kind == "hard"
    assert (report.status, report.recipient, report.envelope_id) == ("5.1.1", "place@wrenfold.example", "17")
    assert report.message_ids == (SENT,)
    assert report.said == "550 5.1.1 no such mailbox here"


@pytest.mark.parametrize(
    ("action", "status", "kind"),
    [("failed", "5.2.2", "hard"), ("failed", "4.4.7", "soft"), ("delayed", "4.4.1", "delayed")],
)
def test_what_is_given_up_differs_from_what_is_late(action: str, status: str, kind: str) -> None:
    (report,) = bounces.read(postfix(SENT, action=action, status=status))
    assert report.kind == kind


@pytest.mark.parametrize("action", ["delivered", "relayed", "expanded", ""])
def test_good_news_is_no_report(action: str) -> None:
    assert bounces.read(postfix(SENT, action=action, status="2.0.0")) == []


def test_a_report_in_plain_text_is_read_too() -> None:
    (report,) = bounces.read(exim(SENT))
    assert report.kind == "hard"
    assert report.recipient == "place@wrenfold.example"
    assert SENT in report.message_ids
    assert "no such mailbox here" in report.said


def test_somebody_who_is_away_reports_nothing() -> None:
    assert bounces.read(away(SENT)) == []


@pytest.mark.parametrize(
    "kind", [b"message/rfc822", b"message/global", b"message/global-headers", b"message/rfc822-headers"]
)
def test_a_report_with_the_mail_in_it_names_it_however_it_is_put(kind: bytes) -> None:
    whole = postfix(SENT).replace(b"text/rfc822-headers", kind)
    assert kind in whole
    (report,) = bounces.read(whole)
    assert report.message_ids == (SENT,)


def test_the_same_report_has_the_same_key_and_another_has_another() -> None:
    keys = [bounces.read(postfix(SENT, number=number))[0].key for number in (1, 1, 2)]
    assert keys[0] == keys[1] != keys[2]
    unnamed = [line for line in postfix(SENT).splitlines(keepends=True) if not line.startswith(b"Message-Id")]
    assert bounces.read(b"".join(unnamed))[0].key == bounces.read(b"".join(unnamed))[0].key


def test_what_is_kept_of_a_strangers_words_is_short_and_on_one_line() -> None:
    (report,) = bounces.read(postfix(SENT, said="550 " + "x\x07" * 2000))
    assert len(report.said) <= MOST_SAID
    assert report.said.isprintable()


@given(st.binary(max_size=600))
def test_nothing_that_comes_breaks_the_reading(noise: bytes) -> None:
    bounces.read(noise)


@given(st.integers(0, 1200), st.integers(1, 60), st.binary(max_size=40))
def test_a_report_that_was_damaged_breaks_nothing(start: int, cut: int, put: bytes) -> None:
    whole = postfix(SENT, envelope="17")
    for report in bounces.read(whole[:start] + put + whole[start + cut :]):
        assert report.kind in ("hard", "soft", "delayed")
        assert report.said.isprintable()
