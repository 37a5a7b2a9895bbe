"""The bytes of a mail: what a reader's mail program makes of them, and what is refused."""

from __future__ import annotations

import datetime as dt
import email
import email.policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.utils import parseaddr
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vfm_workflow.errors import BadInput
from vfm_workflow.mail.message import DigestList, Mailbox, build, thread_root

MESSAGE_ID = "<01jd-42@wrenfold.example>"
AT = dt.datetime(2026, 11, 23, 9, 30, tzinfo=dt.UTC)
COUNCIL = Mailbox("Value for Money", "vfm@wrenfold.example")
DIRECTOR = Mailbox("Director of Resources", "director.of.resources@wrenfold.example")


def make(**changes: Any) -> bytes:
    values: dict[str, Any] = {
        "message_id": MESSAGE_ID,
        "date": AT,
        "sender": COUNCIL,
        "to": DIRECTOR,
        "subject": "Decide on the outline",
        "text": "Please decide.\n",
        "html": "<p>Please decide.</p>\n",
    }
    return build(**{**values, **changes})


def read(data: bytes) -> EmailMessage:
    message = email.message_from_bytes(data, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


def body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


visible = st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"])
bodies = st.text(st.characters(exclude_categories=["Cs"]), max_size=600)
atoms = st.text(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$%&'*+-/=?^_`{|}~", min_size=1
)
local_parts = st.lists(atoms, min_size=1, max_size=3).map(".".join).filter(lambda part: len(part) <= 64)


@given(subject=st.text(visible, max_size=300).map(str.strip))
def test_any_subject_is_read_back_as_it_was_written(subject: str) -> None:
    data = make(subject=subject)
    assert read(data)["Subject"] == subject
    assert max(map(len, data.split(b"\r\n\r\n")[0].split(b"\r\n"))) <= 120


@given(text=bodies, html=bodies)
def test_any_two_bodies_are_read_back_as_they_were_written(text: str, html: str) -> None:
    data = make(text=text, html=html)
    message = read(data)

    def lines(written: str) -> str:
        return written.replace("\r\n", "\n").replace("\r", "\n")

    assert body(message, "plain") == lines(text)
    assert body(message, "html") == lines(html)
    assert data.isascii()
    assert b"\n" not in data.replace(b"\r\n", b"")
    assert b"\r" not in data.replace(b"\r\n", b"")
    assert max(map(len, data.split(b"\r\n"))) <= 998


names = st.text(visible, max_size=80).map(lambda name: " ".join(name.split()))


@given(name=names.filter(lambda name: name.isascii() or len(name) <= 4), local=local_parts)
def test_any_name_and_address_are_read_back_as_they_were_written(name: str, local: str) -> None:
    message = read(make(to=Mailbox(name, f"{local}@wrenfold.example")))
    (address,) = message["To"].addresses
    assert (address.display_name, address.addr_spec) == (name, f"{local}@wrenfold.example")
    assert not message["To"].defects


@given(name=names)
def test_a_name_too_long_for_one_encoded_word_is_read_back_whole(name: str) -> None:
    # The newer parser of Python 3.11 puts a space between two encoded words of a name; RFC 2047 has none.
    shown, address = parseaddr(email.message_from_bytes(make(to=Mailbox(name, DIRECTOR.address)))["To"])
    assert (str(make_header(decode_header(shown))), address) == (name, DIRECTOR.address)


@given(
    before=st.text(visible, max_size=20),
    after=st.text(visible, max_size=20),
    bad=st.sampled_from("\r\n\0\x0b\x85\u2028"),
)
@pytest.mark.parametrize("field", ["subject", "to", "sender", "reply_to"])
def test_nobody_can_write_a_second_header_through_the_first(
    field: str, before: str, after: str, bad: str
) -> None:
    hostile = f"{before}{bad}Bcc: everyone@elsewhere.example{after}"
    value = hostile if field == "subject" else Mailbox(hostile, "someone@wrenfold.example")
    with pytest.raises(BadInput) as refused:
        make(**{field: value})
    assert field in refused.value.fields


@pytest.mark.parametrize(
    "address",
    [
        "a@x\r\nRCPT TO:<e@elsewhere.example>",
        "a@x.example, e@elsewhere.example",
        "a@x.example e@elsewhere.example",
        "<a@x.example>",
        "a b@x.example",
        '"quoted part"@x.example',
        "nobody",
        "@x.example",
        "a@",
        "a@-x.example",
        "é@x.example",
        "",
    ],
)
def test_an_address_that_is_more_or_less_than_one_is_refused(address: str) -> None:
    with pytest.raises(BadInput) as refused:
        make(to=Mailbox("Someone", address))
    assert "to" in refused.value.fields


def test_an_international_domain_is_written_in_ascii() -> None:
    assert read(make(to=Mailbox("", "info@bücher.example")))["To"] == "info@xn--bcher-kva.example"


def test_the_same_mail_built_twice_has_the_same_bytes() -> None:
    assert make() == make()
    assert make() != make(message_id="<other@wrenfold.example>")


def test_an_automatic_mail_says_so_and_still_gets_its_bounces() -> None:
    message = read(make())
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["X-Auto-Response-Suppress"] == "OOF, AutoReply, DR, RN, NRN"
    assert message["Content-Language"] == "en-GB"
    assert message["Message-ID"] == MESSAGE_ID
    assert message["Date"].datetime == AT
    assert message.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]


def test_all_mails_of_a_project_are_one_thread() -> None:
    root = thread_root("6f9619ff-8b86-d011-b42d-00cf4fc964ff", "wrenfold.example")
    message = read(make(thread=root))
    assert message["References"] == root == message["In-Reply-To"]
    assert root == "<project-6f9619ff-8b86-d011-b42d-00cf4fc964ff@wrenfold.example>"


def test_replies_go_to_the_project_manager() -> None:
    manager = Mailbox("Leisure Project Manager", "leisure.pm@wrenfold.example")
    assert read(make(reply_to=manager))["Reply-To"] == "Leisure Project Manager <leisure.pm@wrenfold.example>"


def test_a_digest_can_be_unsubscribed_from_with_one_click_and_a_decision_cannot() -> None:
    url = "https://vfm.wrenfold.example/mail/stop/abc"
    digest = read(make(digest=DigestList("digest.wrenfold.example", url)))
    assert digest["List-Id"] == "<digest.wrenfold.example>"
    assert digest["List-Unsubscribe"] == f"<{url}>"
    assert digest["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert not [name for name in read(make()) if name.startswith("List-")]


def test_one_click_is_offered_only_where_the_page_is_encrypted() -> None:
    demo = read(make(digest=DigestList("digest.wrenfold.example", "http://127.0.0.1:8000/stop")))
    assert demo["List-Unsubscribe"] == "<http://127.0.0.1:8000/stop>"
    assert demo["List-Unsubscribe-Post"] is None


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"message_id": "no-brackets@x.example"}, "message_id"),
        ({"message_id": "<a@x>\r\nBcc: e@x.example"}, "message_id"),
        ({"thread": "<a b@x.example>"}, "thread"),
        ({"date": AT.replace(tzinfo=None)}, "date"),
        ({"digest": DigestList("digest.x.example", "javascript:alert(1)")}, "unsubscribe_url"),
        (
            {"digest": DigestList("digest.x.example", "https://x.example/>, <https://y.example")},
            "unsubscribe_url",
        ),
        ({"digest": DigestList("not a name", "https://x.example/")}, "list_id"),
    ],
)
def test_a_malformed_header_is_refused_by_name(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(BadInput) as refused:
        make(**changes)
    assert field in refused.value.fields


def test_a_body_with_half_a_character_in_it_is_still_sent() -> None:
    assert body(read(make(text="before \ud83d after")), "plain") == "before ? after"
