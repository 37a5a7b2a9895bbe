"""What people write reaches the reader of a mail by GOV.UK Notify word for word, and is no Markdown to it."""

from __future__ import annotations

import html
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from vfm_workflow.mail.notify_text import plain

LINK = "https://vfm.wrenfold.example/d/abc_DEF-123?x=1"
INERT = {"paragraph_open", "paragraph_close", "inline", "text", "text_special", "softbreak", "entity"}
PIECES = [
    "#", "## ", " ", "    ", "\t", "\n", "\n\n", "\r", "[", "]", "(", ")", "!", "<", ">", "<b>", "<div>", "\\", "&", ";",
    "-", "*", "_", "+", "~~~", "```", "`", "|", "---", "===", "=", "^", "•", "1.", "2)", "word", "é", ".", ",", "'", '"', ":",
    "&#91;", "&#x5b;", "&lsqb;", "&lpar;", "&amp;", "&lt;", "&nbsp;", "&NewLine;", "https://evil.example/a", "http://e",
    "[x]: ", "((subject))", "\u00a0", "\u2028", "\x0b", "\x0c", "\x85", "0",
]  # fmt: skip


def shown(text: str) -> str:
    """Return what a reader sees of what is sent: backslashes and entities are undone, as Notify does."""
    return html.unescape(re.sub(r"\\([\\`*_\[\]|~.)])", r"\1", text)).replace("\u200b", "")


def words(text: str) -> str:
    return "".join(re.sub(r"[\u00a0\u2424\u2028\u2029\x85\u200b]", " ", text).split())


hostile = st.lists(st.sampled_from(PIECES) | st.text(max_size=4), max_size=14).map("".join)


@given(hostile)
@example("2)")
@example("2) word\n1. word")
@example("https://evil.example/a*https://evil.example/a*")
def test_a_reader_of_markdown_finds_paragraphs_and_nothing_else(text: str) -> None:
    def kinds(tokens: list[object]) -> set[str]:
        found: set[str] = set()
        for token in tokens:
            found.add(token.type)  # type: ignore[attr-defined]  # a token of markdown-it
            found |= kinds(token.children or [])  # type: ignore[attr-defined]
        return found

    read = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    sent = re.sub(
        r"https?://\S+", "address", plain(text)
    )  # Notify takes an address whole before it looks for marks
    assert kinds(list(read.parse(sent))) <= INERT


@given(hostile)
def test_no_line_begins_as_notifys_own_markdown_does(text: str) -> None:
    sent = plain(text)
    for line in sent.split("\n"):
        assert not re.match(r" *[#^•*+>-]| {4}|\t| *\d+\.|[=\s]*=[=\s]*$", line)
    assert not re.search(r"(?<!\\)(?:\\\\)*[\[\]`|]", re.sub(r"https?://\S+", "", sent))


@given(hostile)
def test_an_entity_is_read_as_the_letters_that_were_typed(text: str) -> None:
    assert not re.search(r"&(?!amp;|lt;|gt;)", plain(text))


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"])))
def test_no_word_is_lost(text: str) -> None:
    assert words(shown(plain(text))) == words(text)


@pytest.mark.parametrize(
    "around",
    ["{}", "({})", "({}).", "See {}.", "{}, then", "“{}”", "[{}]", "<{}>", "{}|", "*{}*", "# {}", "{}\\"],
)
def test_an_address_stays_whole_and_nothing_becomes_a_part_of_it(around: str) -> None:
    sent = html.unescape(plain(around.format(LINK)))
    # as Notify finds it: up to white space, without what may end a sentence
    (found,) = re.findall(r"https?://[^\s<]+[^<.,:\"')\]\s]", sent)
    assert found.rstrip("*") == LINK


def test_a_link_that_says_another_thing_than_it_leads_to_shows_both() -> None:
    sent = plain("[Sign in to the council](https://evil.example/a)")
    assert sent == "\\[Sign in to the council\\](https://evil.example/a)"


def test_our_own_mails_read_as_they_are_written() -> None:
    text = "Conditions:\n- keep the depot\n  until May\n1. first\n\n--\nYou get this mail because …"
    assert shown(plain(text)) == text.replace("\n  until", "\nuntil")
