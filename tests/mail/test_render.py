"""Every mail as its reader sees it."""

from __future__ import annotations

import datetime as dt
import itertools
import re
from collections.abc import Mapping
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from tests.mail.shipped import NOTICES_YAML, NOTIFICATIONS, catalogue, own_copy, write
from vfm_workflow.domain.notices import AT_ONCE, context_key
from vfm_workflow.errors import ConfigError
from vfm_workflow.mail.render import MOST_ITEMS, Council, Group, Rendered, Renderer, one_line, tidy
from vfm_workflow.mail.samples import COUNCIL, DAY, SAMPLES, TASKS_URL

CATALOGUE = catalogue()
SHIPPED = Renderer([NOTIFICATIONS], CATALOGUE, COUNCIL)
DIGESTS = {key: context_key(key, notice) for _, key, notice in CATALOGUE.digests}
HOSTILE = '<script>alert("x")</script>{{ 7 * 7 }} & “quotes”'


def sample(key: str, **changes: Any) -> dict[str, Any]:
    return {**SAMPLES[key], **changes}


def item(key: str, **changes: Any) -> dict[str, Any]:
    return {**SAMPLES[DIGESTS[key]], **changes}


def digest(*groups: Group, **more: Any) -> Rendered:
    return SHIPPED.digest("Head of Planning", groups, TASKS_URL, DAY, **more)


def every_mail() -> dict[str, Rendered]:
    mails = {key: SHIPPED.render(key, SAMPLES[key]) for key in AT_ONCE}
    mails |= {key: digest(Group(key, [item(key), item(key)])) for key in DIGESTS}
    return mails


MAILS = every_mail()


class Reader(HTMLParser):
    """What a screen reader or a mail program finds in a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, Mapping[str, str]]] = []
        self.links: list[tuple[str, str]] = []
        self.text = ""
        self._href: str | None = None
        self._skip = False
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        self.tags.append((tag, found))
        self._skip = tag in ("style", "title")
        if tag == "a":
            self.links.append((found["href"], ""))
            self._href = found["href"]

    def handle_endtag(self, tag: str) -> None:
        self._skip = False
        if tag == "a":
            self._href = None

    def handle_data(self, data: str) -> None:
        if self._skip:
            return
        self.text += data
        if self._href is not None:
            href, words = self.links[-1]
            self.links[-1] = (href, words + data)


@pytest.mark.parametrize("key", sorted(MAILS))
class TestEveryMail:
    def test_has_a_subject_of_one_line_that_a_phone_shows(self, key: str) -> None:
        assert MAILS[key].subject == one_line(MAILS[key].subject)
        assert 10 < len(MAILS[key].subject) <= 110

    def test_ends_with_why_it_came_and_how_to_change_that(self, key: str) -> None:
        mail, page = MAILS[key], Reader(MAILS[key].html)
        for text in (mail.text, page.text):
            last = text[text.rindex("You get this mail because") :]
            assert CATALOGUE.notices[key].why in last
            assert re.search(r"reply to this mail|cannot be switched off|Choose whether you are mailed", last)

    def test_names_the_council_and_says_no_unknown_value(self, key: str) -> None:
        mail = MAILS[key]
        for text in (mail.text, mail.html):
            assert COUNCIL.name in text
            assert not re.search(r"\bNone\b|Undefined|\{\{|\{%|\bTrue\b|\[\]", text)

    def test_has_the_same_links_in_text_and_in_html(self, key: str) -> None:
        mail = MAILS[key]
        hrefs = {href for href, _ in Reader(mail.html).links}
        assert hrefs == set(re.findall(r"https://\S+", mail.text))

    def test_has_links_whose_words_say_where_they_go(self, key: str) -> None:
        for _, words in Reader(MAILS[key].html).links:
            assert len(words.split()) >= 2
            assert not re.search(r"click|here$|https?:", words.lower())

    def test_is_readable_by_a_screen_reader(self, key: str) -> None:
        tags = Reader(MAILS[key].html).tags
        names = [tag for tag, _ in tags]
        assert dict(tags[0][1])["lang"] == "en-GB"
        assert names.count("h1") == 1
        levels = [int(name[1]) for name in names if re.fullmatch(r"h\d", name)]
        assert all(later <= earlier + 1 for earlier, later in itertools.pairwise(levels))
        for tag, found in tags:
            if tag == "table" and found.get("class") != "facts":
                assert found["role"] == "presentation"
        assert not {"img", "svg", "script", "form"} & set(names)

    def test_has_no_small_print_and_its_own_colours(self, key: str) -> None:
        for tag, found in Reader(MAILS[key].html).tags:
            style = found.get("style", "")
            for size in re.findall(r"font-size:\s*(\d+)px", style):
                spacer = found.get("class") in ("rule", "gap", "preheader")
                assert spacer or int(size) >= 16, (tag, found)
            if "background-color" in style and found.get("class") not in ("button", "card"):
                assert re.search(r"(?<!background-)color:", style), (tag, found)
        assert '<meta name="color-scheme" content="light dark">' in MAILS[key].html
        assert "prefers-color-scheme: dark" in MAILS[key].html

    def test_is_small_enough_not_to_be_cut(self, key: str) -> None:
        assert len(MAILS[key].html.encode()) < 100_000


def test_a_decision_mail_has_all_that_the_protocol_asks_for() -> None:
    mail = MAILS["decision_asked"]
    page = Reader(mail.html)
    for text in (mail.text, page.text):
        for part in (
            "Opening the link decides nothing",
            "6pm on Monday 30 November 2026",
            "Version 3, fingerprint a1b2c3d4",
            "approve, approve with conditions, return for changes or reject",
            "4 of the 7 members must decide",
            *(row["label"] for row in SAMPLES["decision_asked"]["summary"]),
            *(row["value"] for row in SAMPLES["decision_asked"]["summary"]),
        ):
            assert part in text
    assert page.links == [(SAMPLES["decision_asked"]["link"], "Read and decide")]
    rows = [found for tag, found in page.tags if tag == "th"]
    assert len(rows) == len(SAMPLES["decision_asked"]["summary"])
    assert all(found["scope"] == "row" for found in rows)


@pytest.mark.parametrize(
    ("left", "subject", "said"),
    [
        (2, "2 working days left: ", "2 working days"),
        (1, "1 working day left: ", "1 working day"),
        (0, "Last day: ", "Today is the last day"),
        (-1, "Deadline passed: ", "The deadline has passed"),
    ],
)
def test_a_reminder_says_how_long_is_left(left: int, subject: str, said: str) -> None:
    mail = SHIPPED.render("decision_reminded", sample("decision_reminded", working_days_left=left))
    assert mail.subject.startswith(subject)
    assert said in mail.text
    assert said in mail.html


def test_a_changed_text_shows_what_was_taken_out_and_what_was_added() -> None:
    changes = [{"section": "Targets", "removed": "", "added": "Satisfied visitors 78%"}]
    mail = SHIPPED.render("decision_superseded", sample("decision_superseded", changes=changes))
    assert "Targets\nAdded: Satisfied visitors 78%" in mail.text
    assert "Taken out" not in mail.text + mail.html


def test_a_receipt_has_no_live_link_but_the_one_to_say_it_was_not_you() -> None:
    links = Reader(MAILS["decision_receipt"].html).links
    assert links == [(SAMPLES["decision_receipt"]["dispute_link"], "Tell us this was not your decision")]


def test_a_plain_approval_shows_no_empty_reason_or_condition() -> None:
    bare = sample("decision_receipt", choice="Approve", reason="", conditions=[])
    mail = SHIPPED.render("decision_receipt", bare)
    assert "Reason" not in mail.text + Reader(mail.html).text
    assert "Condition" not in mail.text + Reader(mail.html).text
    assert "Your decision: Approve\nWhen: " in mail.text


def test_what_people_write_is_shown_and_never_run() -> None:
    project = {**SAMPLES["decision_asked"]["project"], "title": HOSTILE}
    summary = [{"label": "Why", "value": f"{HOSTILE}\nsecond line"}]
    mail = SHIPPED.render("decision_asked", sample("decision_asked", project=project, summary=summary))
    assert "<script" not in mail.html
    assert HOSTILE in mail.text
    assert HOSTILE in Reader(mail.html).text
    assert "49" not in mail.subject
    shown = digest(Group("return_sent_back", [item("return_sent_back", reason=HOSTILE, project=project)]))
    assert "<script" not in shown.html
    assert HOSTILE in shown.text


def test_a_title_with_a_line_break_in_it_stays_within_the_subject() -> None:
    project = {**SAMPLES["decision_asked"]["project"], "title": "Waste\r\nBcc: everyone@x.example\u202e"}
    mail = SHIPPED.render("decision_asked", sample("decision_asked", project=project))
    assert "Waste Bcc: everyone@x.example" in mail.subject
    assert mail.subject.isprintable()


def test_a_digest_puts_the_most_pressing_first_and_names_the_first_thing_to_do() -> None:
    mail = digest(
        Group("stage_changed", [item("stage_changed")]),
        Group("milestone_due_soon", [item("milestone_due_soon")]),
        Group("milestone_slipped", [item("milestone_slipped"), item("milestone_slipped")]),
        Group("return_overdue", [item("return_overdue"), item("return_overdue")]),
    )
    assert mail.subject == "2 monthly returns overdue, 2 milestones slipped and 2 other things"
    order = [mail.text.index(title) for title in ("START HERE", "LATE", "COMING UP", "WHAT CHANGED")]
    assert order == sorted(order)
    first = "Send the October 2026 return for Planning validation"
    assert f"START HERE: {first}\n{item('return_overdue')['link']}\n" in mail.text
    assert Reader(mail.html).links[0] == (item("return_overdue")["link"], first)
    headings = re.findall(r"<h([123])[^>]*>([^<]*)</h", mail.html)
    assert headings == [
        ("1", mail.subject),
        ("2", "Late"),
        ("3", "Monthly returns overdue"),
        ("3", "Milestones that have slipped"),
        ("2", "Coming up"),
        ("3", "Milestones coming up"),
        ("2", "What changed"),
        ("3", "Projects that moved"),
    ]


def test_a_digest_of_news_alone_asks_for_nothing() -> None:
    mail = digest(Group("stage_changed", [item("stage_changed")]))
    assert "start here" not in (mail.text + Reader(mail.html).text).lower()
    assert mail.subject == "1 project moved"


def test_an_empty_digest_is_never_made() -> None:
    with pytest.raises(ValueError, match="never sent"):
        digest()
    with pytest.raises(ValueError, match="never sent"):
        digest(Group("return_overdue", []))


def test_a_long_list_is_cut_and_counted_and_the_subject_counts_them_all() -> None:
    many = [item("milestone_slipped_far", milestone=f"Milestone {n}") for n in range(MOST_ITEMS + 30)]
    mail = digest(Group("milestone_slipped_far", many))
    assert mail.subject == "40 milestones slipped past the tolerance"
    assert mail.text.count(": Milestone ") == mail.html.count(": Milestone ") == MOST_ITEMS
    assert "And 30 more like these" in mail.text
    assert "And 30 more like these" in mail.html


def test_two_groups_of_one_notice_are_one_list() -> None:
    mail = digest(Group("return_due", [item("return_due")]), Group("return_due", [item("return_due")]))
    assert mail.subject == "2 monthly returns due today"
    assert mail.text.count("Monthly returns due today\n") == 1


def test_a_digest_says_for_each_part_why_it_came() -> None:
    mail = digest(
        Group("return_overdue", [item("return_overdue")]),
        Group("return_to_verify", [item("return_to_verify")]),
        Group("milestone_due_soon", [item("milestone_due_soon")]),
    )
    assert "- you manage the project (Monthly returns overdue and Milestones coming up)\n" in mail.text
    assert "- you head the service (Monthly returns for you to verify)\n" in mail.text


def test_a_digest_offers_the_page_to_choose_mails_where_there_is_one() -> None:
    url = "https://vfm.wrenfold.example/account/mail"
    mail = digest(Group("return_due", [item("return_due")]), change_url=url)
    assert f"Choose what you are sent, and when: {url}" in mail.text
    assert (url, "Choose what you are sent, and when") in Reader(mail.html).links


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"missing": 1, "unverified": 2}, "1 return not sent, 2 returns not verified, of 12 expected"),
        ({"missing": 0, "unverified": 1}, "late\n  1 return not verified, of 12 expected"),
        ({"missing": 3, "unverified": 0}, "3 returns not sent, of 12 expected"),
    ],
)
def test_a_quarter_says_what_is_missing(changes: dict[str, int], said: str) -> None:
    assert said in digest(Group("quarter_overdue", [item("quarter_overdue", **changes)])).text


def test_a_milestone_without_an_agreed_date_or_at_its_date_shows_none() -> None:
    for baseline in (None, item("milestone_due_soon")["forecast"]):
        mail = digest(
            Group("milestone_due_soon", [item("milestone_due_soon", baseline=baseline, days_left=0)])
        )
        assert "agreed date" not in mail.text
        assert "Monday 30 November 2026 · today" in mail.text


def test_a_councils_own_file_wins_and_the_rest_stays_ours(tmp_path: Path) -> None:
    home = own_copy(tmp_path)
    write(home, "decision_asked/subject.txt", "Please decide on {{ project.title }}\n")
    mail = Renderer([home, NOTIFICATIONS], CATALOGUE, COUNCIL).render(
        "decision_asked", SAMPLES["decision_asked"]
    )
    assert mail.subject == "Please decide on A trust for the leisure centres"
    assert mail.text == MAILS["decision_asked"].text


def test_a_councils_own_frame_and_colours_dress_every_mail(tmp_path: Path) -> None:
    home = own_copy(tmp_path, "_frame/base.html")
    frame = (home / "_frame/base.html").read_text(encoding="utf-8")
    write(home, "_frame/base.html", frame.replace("#0f7a52", "#123456"))
    council = Council(
        "Elmdale Borough Council", "#005ea5", "https://vfm.elmdale.example", sign_off="The VFM team"
    )
    mail = Renderer([home, NOTIFICATIONS], CATALOGUE, council).render("sign_in_link", SAMPLES["sign_in_link"])
    assert "background-color: #123456" in mail.html
    assert "border-bottom: 6px solid #005ea5" in mail.html
    assert "The VFM team\nElmdale Borough Council" in mail.text


def test_moments_are_shown_by_the_councils_own_clock() -> None:
    abroad = Council("Elmdale", "#005ea5", "https://vfm.elmdale.example", time_zone="Asia/Tokyo")
    mail = Renderer([NOTIFICATIONS], CATALOGUE, abroad).render("decision_asked", SAMPLES["decision_asked"])
    assert "3am on Tuesday 1 December 2026" in mail.text


@pytest.mark.parametrize(
    ("name", "text", "line", "said"),
    [
        ("decision_asked/body.txt", "One\nTwo\n{{ project.refernce }}\n", 3, "refernce"),
        (
            "decision_asked/body.html",
            "<p>\n{% for row in summary %}\n{{ row.lable }}\n{% endfor %}",
            3,
            "lable",
        ),
        ("decision_asked/subject.txt", "{{ titel }}", 1, "titel"),
        ("decision_asked/body.txt", "One\n{{ decision.version|moment }}", 2, "a moment needs"),
        ("decision_asked/body.txt", "One\n{% if %}", 2, "cannot be read"),
    ],
)
def test_a_broken_template_of_a_council_is_named_with_its_line(
    tmp_path: Path, name: str, text: str, line: int, said: str
) -> None:
    path = write(own_copy(tmp_path), name, text)
    renderer = Renderer([tmp_path / "notifications", NOTIFICATIONS], CATALOGUE, COUNCIL)
    with pytest.raises(ConfigError) as refused:
        renderer.render("decision_asked", SAMPLES["decision_asked"])
    (problem,) = refused.value.problems
    assert (problem.file, problem.line) == (str(path), line)
    assert said in problem.what


def test_a_mail_without_a_value_it_needs_is_refused_and_not_sent_with_a_gap() -> None:
    facts = {key: value for key, value in SAMPLES["decision_asked"].items() if key != "asked_by"}
    with pytest.raises(ConfigError) as refused:
        SHIPPED.render("decision_asked", facts)
    assert "asked_by" in refused.value.problems[0].what
    assert refused.value.problems[0].file.endswith("decision_asked/body.txt")


def test_a_notice_of_the_other_kind_or_of_no_kind_is_refused() -> None:
    for key in ("return_overdue", "no_such_notice"):
        with pytest.raises(ConfigError, match=f"no notice `{key}`"):
            SHIPPED.render(key, {})
    with pytest.raises(ConfigError, match="no notice `decision_asked`"):
        digest(Group("decision_asked", [{}]))


def test_a_reason_of_its_own_stands_in_place_of_the_catalogues() -> None:
    mail = SHIPPED.render("decision_made", sample("decision_made", why="you sponsor the project"))
    assert "You get this mail because you sponsor the project." in mail.text


def test_a_colour_that_is_none_is_refused() -> None:
    with pytest.raises(ConfigError, match="no colour"):
        Council("X", "red; background: url(//x)", "https://x.example")


def test_a_text_body_has_no_ragged_ends() -> None:
    assert tidy("a  \n\n\n\nb\t\n\n") == "a\n\nb\n"
    for mail in MAILS.values():
        assert mail.text == tidy(mail.text)


def test_the_samples_have_real_days() -> None:
    assert dt.date(2026, 11, 23) == DAY
    assert f"{DAY:%A}" == "Monday"
    assert "sign_in_link" in NOTICES_YAML
