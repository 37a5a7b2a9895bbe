"""A report of every kind of block, for `vfm check` to fill a council's template with."""

from __future__ import annotations

from vfm_workflow.reports.model import Bullets, Cell, Column, Picture, Report, Section, Table, Text, rows_of

MUST = (
    ("Sample report", "the report's title", "{{ report.title }}"),
    ("Sample fact", "the facts at its head", "{{ fact.value }}"),
    ("Sample section", "the titles of its sections", "{{ part.title }}"),
    ("Sample paragraph", "its paragraphs", "{{ block.text }}"),
    ("Sample recommendation", "its numbered lists", "{{ item }}"),
    ("Sample point", "its lists", "{{ item }}"),
    ("Sample table", "the titles of its tables", "{{ table.title }}"),
    ("Sample column", "the heads of columns", "{{ head.title }}"),
    ("Sample row", "the rows of tables", "{{r cell }} in a row of its own, in a cell between {%tc for %} and {%tc endfor %}"),
    ("£1,234.56", "the totals of tables", "{{r cell }} in the last row, of `table.total`"),
    ("Sample note", "the notes under tables", "{{ table.note }}"),
    ("Sample nothing", "what stands in place of an empty table", "{{ table.empty }}"),
    ("Schedule 12A, paragraph 3", "by which paragraph a section is exempt", "{{ part.exempt }}"),
    ("Sample finding", "what a picture shows, in words", "{{ block.finding }}"),
)  # fmt: skip
"""Words that the sample has, what is missing where they are not, and what to write."""
ON_EACH_PAGE = (
    ("Draft for a sample", "on each page that it is a draft", "{{ report.mark }} in the header"),
    ("Not for publication", "on each page that it is exempt", "{{ report.mark }} in the header"),
)


def sample() -> Report:
    """Return the report."""
    columns = (
        Column("Sample column"),
        Column("Pounds", "money", sums=True),
        Column("Light", "light"),
        Column("Day", "date"),
    )
    rows = rows_of(((Cell("Sample row", link="/projects/VFM-0001"), 123456, "amber", "2026-11-23"),))
    table = Table("sample", "Sample table", columns, rows, "Sample note", total="Total")
    empty = Table("none", "Another table", columns, (), empty="Sample nothing")
    broad = Table(
        "broad",
        "A broad table",
        tuple(Column(f"A broad column {n}") for n in range(9)),
        rows_of([("words",) * 9]),
    )
    picture = Picture("picture", "Sample picture", "Sample finding", {}, table)
    blocks = (
        Text("Sample paragraph"),
        Bullets(("Sample recommendation",), numbered=True),
        Bullets(("Sample point",)),
        empty,
        picture,
    )
    return Report(
        kind="mtfp",
        key="",
        title="Sample report",
        council="Sample council",
        made_on="2026-11-23",
        standing="Draft for a sample",
        facts=(("To", "Sample fact"),),
        sections=(
            Section("first", "Sample section", blocks),
            Section("second", "Another section", (broad,), exempt="3", appendix=True),
        ),
    )
