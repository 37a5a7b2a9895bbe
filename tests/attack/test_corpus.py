"""Hostile text in every field of every form: no page breaks, nothing runs, and nothing typed is lost."""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Iterator
from email import message_from_bytes, policy
from typing import Any

import httpx
import pytest

from tests.attack.corpus import ATTRIBUTES, BODIES, HEADERS, MARKDOWN, MARKUP, TEMPLATES, VALUES
from tests.attack.filling import fill, narrow
from tests.attack.reading import EVIL, TYPED, Form, Page
from tests.attack.walking import Key, Pairs, Snapshot, Visitor, kinds, tokens, walk
from vfm_workflow.domain.texts import one_line

pytestmark = pytest.mark.xdist_group("attack")

STARTS = ("/", "/tasks", "/projects", "/projects?q=x", "/people", "/mail", "/ideas", "/returns", "/sign-in")
ROLES = ("", "link", "manager", "head", "chief", "admin", "holder", "legal")
"""Who attacks: nobody, whoever holds the links of mails, and the roles."""
FIGURES = [VALUES[name] for name in ("empty", "number", "minus", "not a number", "day", "control", "unicode", "sql")]
RAN = "1337"
"""What a template would make of 7*191."""
WELL = {200, 303, 400, 401, 403, 404, 405, 409, 410, 413, 422}
IN_AN_ADDRESS = 2_000
"""Characters of a field that a form sends in the address; a longer address the server itself refuses."""
SEEN: set[Key] = set()
"""Forms attacked as a role before: they are the same code."""


def starts(visitor: Visitor, role: str) -> list[str]:
    """Return where a role begins to walk: a link holder at the newest link of each kind that still works."""
    if role != "link":
        return list(STARTS)
    return [path for kind in kinds(visitor) for path in list(tokens(visitor.council, kind))[:4]]


def send(visitor: Visitor, form: Form, pairs: Pairs) -> httpx.Response:
    """Send a form as it says; a form with files sends one whose name is hostile too."""
    if form.method == "get":
        short = [(name, value[:IN_AN_ADDRESS]) for name, value in pairs]
        return visitor.get(form.action.partition("?")[0] + "?" + str(httpx.QueryParams(short)))
    names = [one.name for one in form.fields if one.kind == "file"]
    name = "../=x\"\r\nX-Injected: yes\u202e.pdf"
    files = {each: (name, b"%PDF-1.7 <script>vfm_ran()</script>", "text/html") for each in names}
    return visitor.pairs(form.action, [pair for pair in pairs if pair[0] not in names], files)


def look(answer: httpx.Response, doing: str, wrong: list[str]) -> Page | None:
    """Return an answer's page; note in `wrong` what should not be in it."""
    if answer.status_code not in WELL:
        wrong.append(f"{doing}: answered {answer.status_code}")
    if "x-injected" in answer.headers or EVIL in answer.headers.get("location", ""):
        wrong.append(f"{doing}: a header came from what was typed")
    if not answer.headers.get("content-type", "").startswith("text/html"):
        return None
    page = Page(answer.text)
    wrong += [f"{doing}: {what}" for what in page.injected]
    if RAN in answer.text.replace(html.escape(TEMPLATES), ""):
        wrong.append(f"{doing}: a template ran")
    return page


def gone(page: Page, answer: httpx.Response, form: Form, pairs: Pairs) -> list[str]:
    """Return what a refused form no longer shows of what was typed into it."""
    shown = {one_line(value) for one in page.forms for value in one.typed().values()}
    typed_into = {one.name for one in form.fields if one.kind in TYPED}
    whole = one_line(html.unescape(answer.text))
    return [
        f"what was typed into {name} is gone: {value[:40]!r}"
        for name, value in pairs
        if name in typed_into and one_line(value) not in shown and one_line(value) not in whole
    ]


def attack(visitor: Visitor, form: Form) -> Iterator[tuple[str, Pairs, httpx.Response]]:
    """Send every value into every field of a form, and yield what was sent and answered."""
    values = list(VALUES.values())
    for turn in range(len(values)):
        pairs = fill(form, values, turn)
        yield f"turn {turn}", pairs, send(visitor, form, pairs)
    if any(one.kind in TYPED and narrow(one) for one in form.fields):
        for turn in range(len(FIGURES)):
            pairs = fill(form, FIGURES, turn, figures=True)
            yield f"figures {turn}", pairs, send(visitor, form, pairs)
    for turn in range(3):
        pairs = fill(form, values, turn * 7 + 4, everything=True)
        yield f"everything {turn}", pairs, send(visitor, form, pairs)
    if form.method == "post":
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
            page = look(answer, doing, wrong)
            if answer.status_code in (409, 422) and page is not None and "everything" not in turn:
                wrong += [f"{doing}: {lost}" for lost in gone(page, answer, form, pairs)]
            if role == "link" and answer.is_redirect:
                snapshot.restore()  # a link that has decided takes nothing more
        attacker.cookies = cookies  # whoever signed in or out on the way is who they were
        if role != "link":
            look(attacker.get(path), f"{path} afterwards", wrong)
        snapshot.restore()
        attacker = visitor.as_(role) if role not in ("", "link") else attacker
    assert not wrong, '\n'.join(wrong)


def test_what_was_kept_is_inert_on_every_page(visitor: Visitor) -> None:
    wrong: list[str] = []
    poison(visitor)
    for key in ("manager", "head", "chief", "admin", "auditor", "holder", "legal"):
        for path, answer in walk(visitor.as_(key), STARTS).pages.items():
            look(answer, f"{key} on {path}", wrong)
    stranger = visitor.as_("")
    for path, answer in walk(stranger, starts(stranger, "link")).pages.items():
        look(answer, f"a link holder on {path}", wrong)
    assert wrong == []


def poison(visitor: Visitor) -> int:
    """Have every role write something hostile wherever it is taken; return how many forms took it."""
    taken = 0
    for key in ("manager", "other", "head", "holder", "legal", "chief"):
        writer = visitor.as_(key)
        for path, form in walk(writer, STARTS).forms.values():
            if form.method != "post" or "/people" in form.action or form.action == "/sign-in":
                continue
            for turn, value in enumerate((MARKUP, ATTRIBUTES, MARKDOWN + TEMPLATES, HEADERS)):
                answer = send(writer, form, fill(form, [value], turn))
                taken += answer.status_code == 303
    assert taken > 40, "hardly anything was taken: the forms have changed, and this test proves little"
    return taken


def test_mails_of_hostile_text_have_the_headers_of_any_other(visitor: Visitor) -> None:
    council = visitor.council
    plain = {name for mail in council.mails() for name in headers(mail.data)}
    before = len(council.mails())
    poison(visitor)
    for _ in range(25):
        council.app.tick(council.later(days=1))
    written = council.mails()[before:]
    council.at = visitor.council.at
    assert len(written) > 20
    assert any("vfm_ran" in council.read_mail(mail).as_string() for mail in written), "nothing hostile was mailed"
    for mail in written:
        names = headers(mail.data)
        assert set(names) <= plain | {"Reply-To", "References", "In-Reply-To"}, mail.subject
        assert max(Counter(names).values()) == 1, mail.subject
        message = council.read_mail(mail)
        assert EVIL not in f"{message['To']} {message['From']} {message['Reply-To']}"
        assert "\n" not in mail.subject
        body: Any = message.get_body(("html",))
        assert Page(body.get_content()).injected == [], mail.subject


def headers(data: bytes) -> list[str]:
    """Return the names of a mail's headers, as another program reads them."""
    return list(message_from_bytes(data, policy=policy.default).keys())
