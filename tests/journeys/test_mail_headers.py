"""Nothing that somebody types becomes a header of a mail, or a second reader of it."""

from __future__ import annotations

import dataclasses

import pytest

from tests.people import Council, address
from vfm_workflow.domain.addresses import clean_address
from vfm_workflow.errors import BadInput, ConfigError
from vfm_workflow.journeys import people, projects, signin
from vfm_workflow.settings import load

HEADERS = {
    "Date", "From", "To", "Subject", "Message-ID", "MIME-Version", "Content-Type", "Reply-To", "Auto-Submitted",
    "Content-Language", "X-Auto-Response-Suppress", "References", "In-Reply-To", "Precedence",
}  # fmt: skip
ATTACKS = [
    "Waste\r\nBcc: victim@bad.example",
    "Waste\nBcc: victim@bad.example",
    "Waste\rBcc: victim@bad.example",
    "Waste\r\n\r\n<script>alert(1)</script>",
    "Waste\u2028Bcc: victim@bad.example",
    "Waste\u0085Bcc: victim@bad.example",
    "Waste\x0bBcc: victim@bad.example",
    "Waste\x00\r\n Bcc: victim@bad.example",
    "=?utf-8?q?Waste=0D=0ABcc:_victim@bad.example?=",
    'Waste" <victim@bad.example>, "x',
    "Waste, victim@bad.example",
    "Waste <victim@bad.example>",
    "Waste\r\n\tfolded: yes",
    "Waste\r\nContent-Type: text/html\r\n\r\n<b>",
]


def check(council: Council, *, readers: set[str]) -> None:
    """See that every mail has our headers alone, each once, one reader, and the parts it should have."""
    mails = council.mails()
    assert mails
    for row in mails:
        head = row.data.partition(b"\r\n\r\n")[0].replace(b"\r\n ", b" ").replace(b"\r\n\t", b" ")
        names = [line.partition(b":")[0].decode() for line in head.split(b"\r\n")]
        assert len(names) == len(set(names))
        assert {name for name in names if not name.startswith(("List-", "X-VFM"))} <= HEADERS, names
        message = council.read_mail(row)
        assert [found.addr_spec for found in message["To"].addresses] == [row.to]
        assert row.to in readers
        assert len(message["From"].addresses) == 1
        assert message["From"].addresses[0].addr_spec == council.home.mail_from
        if message["Reply-To"]:
            assert [found.domain for found in message["Reply-To"].addresses] == ["wrenfold.example"]
        assert message.get_content_type() == "multipart/alternative"


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_post_as_a_header(council: Council, attack: str) -> None:
    with council.app.write() as session:
        people.add_person(
            session, council.home, address="new@wrenfold.example", name=attack, role="administrator",
            department="", at=council.at,
        )  # fmt: skip
        assert signin.ask(session, council.home, "new@wrenfold.example", council.at)
    check(council, readers={"new@wrenfold.example"})


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_title_and_a_reason_as_a_header(council: Council, attack: str) -> None:
    with council.app.write() as session:
        reference = projects.create(
            session, council.home, title=attack, kind="delivery_model", department="SS",
            manager=address("manager"), by=council.actor(session, "manager"), at=council.at, summary=attack,
        ).reference  # fmt: skip
    council.outline_ready(reference)
    council.do(reference, "submit_outline")
    council.decide(reference, "chief", "return_for_changes", reason=attack)
    council.later(days=1)
    council.app.tick(council.at)
    readers = {mail.to for mail in council.mails()}
    assert {reader.partition("@")[2] for reader in readers} == {"wrenfold.example"}
    check(council, readers=readers)


@pytest.mark.parametrize(
    "attack",
    [
        "new@wrenfold.example\r\nBcc: victim@bad.example",
        "new@wrenfold.example\nBcc: victim@bad.example",
        "new@wrenfold.example, victim@bad.example",
        "new@wrenfold.example;victim@bad.example",
        "new@wrenfold.example victim@bad.example",
        "<new@wrenfold.example>",
        '"a\r\nBcc: x"@wrenfold.example',
        "new@wrenfold.example%0aBcc:victim@bad.example",
        "new\x00@wrenfold.example",
        "new@wrenfold.example\u2028x",
        "new@[127.0.0.1]",
        "@wrenfold.example",
        "-f@wrenfold.example\n",
    ],
)
def test_an_address_as_a_header(council: Council, attack: str) -> None:
    clean = clean_address(attack)
    assert clean is None or (
        clean.isprintable() and clean.count("@") == 1 and not set(clean) & set(' ,;<>"\r\n')
    )
    with council.app.write() as session:
        signin.ask(session, council.home, attack, council.at)
        if clean is None:
            with pytest.raises(BadInput):
                people.add_person(
                    session, council.home, address=attack, name="New", role="administrator", department="", at=council.at
                )  # fmt: skip
    assert council.mails() == []


@pytest.mark.parametrize("attack", ATTACKS)
def test_the_councils_own_name_as_a_header(council: Council, attack: str) -> None:
    if not attack.isprintable():
        with pytest.raises(ConfigError):
            load({"VFM_MAIL_FROM_NAME": attack})
        with pytest.raises(ConfigError):
            load({"VFM_COUNCIL_NAME": attack})
        return
    home = dataclasses.replace(council.home, mail_from_name=attack, council_name=attack)
    with council.app.write() as session:
        assert signin.ask(session, home, address("manager"), council.at)
    check(council, readers={address("manager")})


def test_a_reply_goes_to_the_projects_manager_or_else_to_the_mailbox_that_is_read(council: Council) -> None:
    def reply_to(key: str, notice: str) -> str | None:
        header = council.read_mail(council.mails(to=key, notice=notice)[-1])["Reply-To"]
        return header.addresses[0].addr_spec if header else None

    reference = council.create()
    council.outline_ready(reference)
    council.do(reference, "submit_outline")
    council.later(days=1)
    council.app.tick(council.at)
    assert reply_to("chief", "decision_asked") == address("manager")
    assert reply_to("head", "digest") is None, "whatever comes from the sender's own mailbox"
    council.app.home = dataclasses.replace(council.home, mail_reply_to="vfm.team@wrenfold.example")
    council.do(reference, "hold", "head", reason="An election")
    council.later(days=1)
    council.app.tick(council.at)
    assert reply_to("manager", "digest") == "vfm.team@wrenfold.example"
