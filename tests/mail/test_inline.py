"""Styles written into a template once give what writing them into every mail would have given."""

from __future__ import annotations

import time
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from statistics import median
from typing import Any

import css_inline
import pytest
from jinja2 import DictLoader, Environment, StrictUndefined

from tests.mail.shipped import NOTIFICATIONS, catalogue
from vfm_workflow.domain.notices import AT_ONCE, context_key
from vfm_workflow.mail.inline import Stylesheet, changing_classes, contextual, stylesheet
from vfm_workflow.mail.loader import TemplateLoader, without_tag_lines
from vfm_workflow.mail.render import Group, Renderer
from vfm_workflow.mail.samples import COUNCIL, DAY, SAMPLES, TASKS_URL

PER_MAIL = css_inline.CSSInliner(keep_at_rules=True, load_remote_stylesheets=False)


class Page(HTMLParser):
    """Reads a mail into its tags, each with its style taken apart, and its words."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str], dict[str, str]]] = []
        self.words: list[str] = []
        self.media: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        style = [part.split(":", 1) for part in found.pop("style", "").split(";") if ":" in part]
        if tag not in ("tbody", "style"):  # a parser adds the one and moves the other
            self.tags.append((tag, found, {name.strip(): value.strip() for name, value in style}))

    def handle_data(self, data: str) -> None:
        if self.lasttag == "style" and "@media" in data:
            self.media = data.split()
        else:
            self.words += data.split()


def both(render: Callable[[Renderer], str]) -> tuple[Page, Page]:
    made = catalogue()
    once = render(Renderer([NOTIFICATIONS], made, COUNCIL))
    each_time = PER_MAIL.inline(render(Renderer([NOTIFICATIONS], made, COUNCIL, inline=False)))
    return Page(once), Page(each_time)


@pytest.mark.parametrize("key", sorted(AT_ONCE))
def test_each_mail_looks_as_if_it_had_been_inlined_itself(key: str) -> None:
    once, each_time = both(lambda renderer: renderer.render(key, SAMPLES[key]).html)
    assert once.tags == each_time.tags
    assert once.words == each_time.words
    assert once.media == each_time.media != []


def everything() -> list[Group]:
    made = catalogue()
    return [Group(key, [SAMPLES[context_key(key, notice)]] * 2) for _, key, notice in made.digests]


def test_a_digest_of_everything_looks_as_if_it_had_been_inlined_itself() -> None:
    once, each_time = both(lambda r: r.digest("Head of Planning", everything(), TASKS_URL, DAY).html)
    assert once.tags == each_time.tags
    assert once.words == each_time.words


def test_rendering_costs_no_more_than_the_same_template_without_inlining() -> None:
    made = catalogue()
    inlined, plain = (Renderer([NOTIFICATIONS], made, COUNCIL, inline=inline) for inline in (True, False))
    groups = everything()

    def spent(renderer: Renderer) -> float:
        start = time.process_time()
        for _ in range(5):
            renderer.digest("Head of Planning", groups, TASKS_URL, DAY)
            renderer.render("decision_asked", SAMPLES["decision_asked"])
        return time.process_time() - start

    spent(inlined), spent(plain)  # the first time compiles
    rounds = [spent(inlined) / spent(plain) for _ in range(15)]
    assert median(rounds) < 1.15


BASE = """<!doctype html><html><head><style>
/* a comment { with braces } */
body { margin: 0 } td.c, th { padding: 1px 2px } .late { color: {{ council.brand_colour }} }
.c { border: 1px solid #000 } p { margin: 0; font-family: "Segoe UI", Arial }
@media (max-width: 480px) { .c { padding: 0 !important } }
</style></head>
<body>{% block content %}{% endblock %}</body></html>
"""
CHILD = """{% extends "_frame/base.html" %}
{% from "rows.html" import row %}
{% block content %}
<table><thead><tr><th>Project</th></tr></thead>
{% for item in items %}
{% if item.late %}<tr><td class="c late" title="{{ item.name }}">{{ item.name }}</td></tr>
{% else %}{{ row(item.name) }}{% endif %}
{% endfor %}
</table>
{% include "foot.html" %}
{% endblock %}
"""
ROWS = '{% macro row(name) %}<tr><td class="c" align="left">{{ name }}</td></tr>{% endmacro %}'
FOOT = '<p style="color: {{ council.brand_colour }}">{{ council.name }}<br></p><!-- <p>not this</p> -->'


def small(inline: bool) -> str:
    files = {"_frame/base.html": BASE, "child.html": CHILD, "rows.html": ROWS, "foot.html": FOOT}
    environment = Environment(
        loader=TemplateLoader(DictLoader(files), inline=inline), undefined=StrictUndefined, autoescape=True
    )
    environment.globals["council"] = COUNCIL
    items = [{"name": "A <b>", "late": True}, {"name": "B", "late": False}]
    return environment.get_template("child.html").render(items=items)


def test_inheritance_loops_macros_and_includes_between_table_rows_survive() -> None:
    once, each_time = Page(small(inline=True)), Page(PER_MAIL.inline(small(inline=False)))
    assert once.tags == each_time.tags
    assert once.words == each_time.words
    assert ("td", {"class": "c late", "title": "A <b>"}) in [(tag, found) for tag, found, _ in once.tags]
    assert "<!-- <p>not this</p> -->" in small(inline=True)


def test_a_colour_of_the_councils_reaches_the_tags() -> None:
    late = next(style for _, found, style in Page(small(inline=True)).tags if found.get("class") == "c late")
    assert late["color"] == COUNCIL.brand_colour


def test_media_rules_stay_in_the_head_and_the_rest_leaves_it() -> None:
    head = small(inline=True).partition("</head>")[0]
    assert "@media (max-width: 480px)" in head
    assert "border" not in head


def test_no_line_of_a_template_moves_so_that_errors_name_the_right_one() -> None:
    for name in sorted(NOTIFICATIONS.rglob("*.html")):
        source = name.read_text(encoding="utf-8")
        sheet = Stylesheet(stylesheet((NOTIFICATIONS / "_frame" / "base.html").read_text(encoding="utf-8")))
        done = without_tag_lines(sheet.inline(source))
        assert done.count("\n") == source.count("\n"), name


@pytest.mark.parametrize(
    ("css", "expected"),
    [
        ("p { } td.c { } .a.b { } h1, h2 { }", []),
        (".card p { }", [(".card p", 1)]),
        ("p { }\n\nul > li, p { }", [("ul > li", 3)]),
        ("a:hover { }", [("a:hover", 1)]),
        ("/* .a .b { } */\n@media print { .a .b { } }\n* { }", [("*", 3)]),
        ('[class~="x"] { }', [('[class~="x"]', 1)]),
    ],
)
def test_a_rule_that_looks_beyond_its_tag_is_found(css: str, expected: list[tuple[str, int]]) -> None:
    assert contextual(css) == expected


def test_a_class_that_the_template_computes_is_found() -> None:
    source = '<p class="a">\n<td\n class="n{% if late %} late{% endif %}">\n<p id="{{ x }}" class="{{ y }}">'
    assert changing_classes(source) == [2, 4]


def test_a_line_of_tags_alone_leaves_no_empty_line_and_a_line_that_ends_in_one_keeps_its_break() -> None:
    source = "A\n  {% if yes %}\nB\n{% endif %}\nC{% if yes %}, D{% endif %}\nE\n{# note #}\nF"
    rendered = Environment(autoescape=True).from_string(without_tag_lines(source)).render(yes=True)
    assert rendered == "A\nB\nC, D\nE\nF"


def test_a_frame_without_styles_is_no_error(tmp_path: Path) -> None:
    assert stylesheet("<p>") == ""
    files: dict[str, Any] = {"a.html": '<p class="x">y</p>'}
    environment = Environment(loader=TemplateLoader(DictLoader(files)), autoescape=True)
    assert environment.get_template("a.html").render() == '<p class="x">y</p>'
