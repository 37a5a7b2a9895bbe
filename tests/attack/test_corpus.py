"""Hostile text in every field of every form: no page breaks, nothing runs, and nothing typed is lost."""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Iterator
from email import message_from_bytes, policy
from typing import Any

import httpx
import pytest

from tests.attack.corpus import ATTRIBUTES, BODIES, FIGURES, HEADERS, MARKDOWN, MARKUP, TEMPLATES, VALUES
from tests.attack.filling import fill, narrow
from tests.attack.reading import EVIL, TYPED, Form, Page, injected
from tests.attack.walking import Key, Pairs, Snapshot, Visitor, kinds, tokens, walk
from tests.people import PEOPLE, Council, address
from vfm_workflow.journeys import writing

pytestmark = pytest.mark.xdist_group("attack")

STARTS = ("/", "/tasks", "/projects", "/projects?q=x", "/people", "/mail", "/ideas", "/returns", "/sign-in")
ROLES = ("", "link", "manager", "head", "chief", "admin", "holder", "legal")
"""Who attacks: nobody, whoever holds the links of mails, and the roles."""
KNOWN = {
    "Date", "From", "To", "Reply-To", "Subject", "Message-ID", "References", "In-Reply-To", "Auto-Submitted",
    "X-Auto-Response-Suppress", "List-Id", "List-Unsubscribe", "List-Unsubscribe-Post", "MIME-Version",
    "Content-Language", "Content-Type",
}  # fmt: skip
"""The headers that a mail of ours may have."""
UNSEEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
SHORT = "\"'><vfmx onclick=vfm_ran()>"
"""What fits into any box."""
RAN = "829348951"
"""What the sums in TEMPLATES come to: long enough that no fingerprint or nonce holds it by chance."""
WELL = {200, 303, 400, 401, 403, 404, 405, 409, 410, 413, 422}
IN_AN_ADDRESS = 2_000
"""Characters of a field that a form sends in the address; a longer address the server itself refuses."""
SEEN: set[Key] = set()
"""Kinds of forms attacked as a role before: they are the same code."""
RAW: set[str] = set()
"""Addresses that were sent what no browser sends."""


def starts(visitor: Visitor, role: str) -> list[str]:
    """Return where a role begins to walk: a link holder at the newest link of each kind that still works."""
    if role != "link":
        return list(STARTS)
    return [path for kind in kinds(visitor) for path in list(tokens(visitor.council, kind))[:4]]


def send(visitor: Visitor, form: Form, pairs: Pairs) -> httpx.Response:
    """Send a form as it says; a form with files sends one whose name is hostile too."""
    if form.method == "get":
        short: Any = [(name, value[:IN_AN_ADDRESS]) for name, value in pairs]
        return visitor.get(form.action.partition("?")[0] + "?" + str(httpx.QueryParams(short)))
    names = [one.name for one in form.fields if one.kind == "file"]
    name = '../=x"\r\nX-Injected: yes\u202e.pdf'
    files = dict.fromkeys(names, (name, b"%PDF-1.7 <script>vfm_ran()</script>", "text/html"))
    return visitor.pairs(form.action, [pair for pair in pairs if pair[0] not in names], files)


def look(answer: httpx.Response, doing: str, wrong: list[str]) -> bool:
    """Return whether an answer is a page; note in `wrong` what should not be in it."""
    if answer.status_code not in WELL:
        wrong.append(f"{doing}: answered {answer.status_code}")
    if "x-injected" in answer.headers or EVIL in answer.headers.get("location", ""):
        wrong.append(f"{doing}: a header came from what was typed")
    if not answer.headers.get("content-type", "").startswith("text/html"):
        return False
    wrong += [f"{doing}: {what}" for what in injected(answer.text)]
    if RAN in answer.text.replace(html.escape(TEMPLATES), ""):
        wrong.append(f"{doing}: a template ran")
    return True


def gone(answer: httpx.Response, form: Form, pairs: Pairs) -> list[str]:
    """Return what a refused form no longer shows of what was typed into it."""
    shown = {plainly(value) for one in Page(answer.text).forms for value in one.typed().values()}
    typed_into = {one.name for one in form.fields if one.kind in TYPED}
    lost = [(name, value) for name, value in pairs if name in typed_into and plainly(value) not in shown]
    whole = plainly(html.unescape(answer.text)) if lost else ""
    return [
        f"what was typed into {name} is gone: {value[:40]!r}"
        for name, value in lost
        if plainly(value) not in whole
    ]


def plainly(text: str) -> str:
    """Return a text without what no page can show, nor its spaces: a date's three boxes take a stroke for a space."""
    return " ".join(UNSEEN.sub("", text).replace("/", " ").split())


def attack(visitor: Visitor, form: Form) -> Iterator[tuple[str, Pairs, httpx.Response]]:
    """Send every value into every field of a form, and yield what was sent and answered."""
    values, figures = list(VALUES.values()), list(FIGURES.values())
    prose = any(one.kind in TYPED and not narrow(one) for one in form.fields)
    for turn in range(len(values) if prose else 2):
        pairs = fill(form, values, turn)
        yield f"turn {turn}", pairs, send(visitor, form, pairs)
    if any(one.kind in TYPED and narrow(one) for one in form.fields):
        for turn in range(len(figures)):
            pairs = fill(form, figures, turn, figures=True)
            yield f"figures {turn}", pairs, send(visitor, form, pairs)
    for turn in range(3):
        pairs = fill(form, values, turn * 7 + 4, everything=True)
        yield f"everything {turn}", pairs, send(visitor, form, pairs)
    if form.method == "post" and form.action not in RAW:
        RAW.add(form.action)
        for kind, body in BODIES:
            yield kind, [], visitor.raw(form.action, kind, body)


@pytest.mark.parametrize("role", ROLES)
def test_no_page_breaks_and_nothing_typed_is_lost(visitor: Visitor, snapshot: Snapshot, role: str) -> None:
    attacker = visitor.as_("" if role == "link" else role)
    found = walk(attacker, starts(attacker, role))
    wrong: list[str] = []
    for path, answer in found.pages.items():
        look(answer, f"{role or 'nobody'} on {path}", wrong)
    for key, (path, form) in found.forms.items():
        if key in SEEN:
            continue
        SEEN.add(key)
        cookies = httpx.Cookies(attacker.cookies)
        for turn, pairs, answer in attack(attacker, form):
            doing = f"{role or 'nobody'} on {path}: {form.method} {form.action}, {turn}"
            is_page = look(answer, doing, wrong)
            if answer.status_code in (409, 422) and is_page and "everything" not in turn:
                wrong += [f"{doing}: {lost}" for lost in gone(answer, form, pairs)]
            if role == "link" and answer.is_redirect:
                snapshot.restore()  # a link that has decided takes nothing more
        attacker.cookies = cookies  # whoever signed in or out on the way is who they were
        if role != "link":
            look(attacker.get(path), f"{path} afterwards", wrong)
        snapshot.restore()
        attacker = visitor.as_(role) if role not in ("", "link") else attacker
    assert not wrong, "\n".join(wrong)


@pytest.fixture(scope="module")
def poisoned(stage: tuple[Visitor, Snapshot]) -> Iterator[Visitor]:
    """The council after every role wrote something hostile wherever it was taken, and the clock ticked for weeks."""
    stranger, snapshot = stage
    snapshot.restore()
    council, began = stranger.council, stranger.council.at
    hostile_decision(council)
    assert poison(stranger) > 80, "hardly anything was taken: the forms have changed, and this proves little"
    for _ in range(15):
        council.app.tick(council.later(days=1))
    yield stranger
    council.at = began
    snapshot.restore()


def hostile_decision(council: Council) -> None:
    """Take a project whose every text is hostile before the board, and through it."""
    reference = council.create(HEADERS[:60] + MARKUP[:60])
    council.outline_ready(reference)
    with council.app.write() as session:
        manager = council.actor(session, "manager")
        for number, section in enumerate(council.home.outline.outline):
            text = (MARKUP, HEADERS, ATTRIBUTES, MARKDOWN)[number % 4] + " word" * section.min_words
            writing.save_section(
                session, council.home, reference, "outline", section.key, text, manager, council.at
            )
    council.do(reference, "submit_outline")
    council.decide(reference, "chief", "approve", reason=HEADERS)
    council.decide(reference, "place", "approve_with_conditions", conditions=MARKUP)
    council.decide(reference, "resources", "approve", reason=MARKUP)
    council.do(reference, "hold", "head", reason=HEADERS + MARKUP)


def moves(form: Form) -> bool:
    """Return whether a form moves its project on, so that it comes after those that only write."""
    return form.action.endswith("/events")


def poison(visitor: Visitor) -> int:
    """Have every role write something hostile wherever it is taken; return how many forms took it."""
    taken = 0
    for key in ("manager", "head", "holder", "legal"):
        found = walk(visitor.as_(key), STARTS).forms.values()
        forms = [form for _, form in found if form.method == "post" and form.action != "/sign-in"]
        for form in sorted(forms, key=moves):
            writer = visitor.as_(key)  # anew, since one of the forms signs out
            for turn, value in enumerate((SHORT, MARKUP, ATTRIBUTES, MARKDOWN, HEADERS[:100])):
                taken += send(writer, form, fill(form, [value], turn)).status_code == 303
    return taken


def test_what_was_kept_is_inert_on_every_page(poisoned: Visitor) -> None:
    wrong: list[str] = []
    for key in ("manager", "auditor", "holder", "legal"):
        for path, answer in walk(poisoned.as_(key), STARTS).pages.items():
            look(answer, f"{key} on {path}", wrong)
    stranger = poisoned.as_("")
    for path, answer in walk(stranger, starts(stranger, "link")).pages.items():
        look(answer, f"a link holder on {path}", wrong)
    assert not wrong, "\n".join(wrong)


def test_mails_of_hostile_text_have_the_headers_of_any_other(poisoned: Visitor) -> None:
    council = poisoned.council
    everybody = {address(key) for key in PEOPLE}
    hostile = [mail for mail in council.mails() if re.search(b"vfm_ran|X-Injected", decoded(mail.data))]
    assert len(hostile) > 15, "hardly anything hostile was mailed"
    for mail in hostile:
        names = headers(mail.data)
        assert set(names) <= KNOWN, mail.subject
        assert max(Counter(names).values()) == 1, mail.subject
        message = council.read_mail(mail)
        assert message["To"].addresses[0].addr_spec in everybody
        assert len(message["To"].addresses) == 1
        assert EVIL not in f"{message['From']} {message['Reply-To']}"
        body: Any = message.get_body(("html",))
        assert injected(body.get_content()) == [], mail.subject


def decoded(data: bytes) -> bytes:
    """Return a mail with its bodies as they are read."""
    message = message_from_bytes(data, policy=policy.default)
    return b"".join(part.get_payload(decode=True) or b"" for part in message.walk())  # type: ignore[misc]


def headers(data: bytes) -> list[str]:
    """Return the names of a mail's headers, as another program reads them."""
    return list(message_from_bytes(data, policy=policy.default).keys())
