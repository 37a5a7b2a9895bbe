"""What a report is: values beside their words, totals of what stands above them, and JSON that gives the same report back."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from vfm_workflow.reports.model import (
    Bullets,
    Cell,
    Column,
    Picture,
    Report,
    Section,
    Table,
    Text,
    from_json,
    public,
    rows_of,
    shown,
    tenths,
    to_json,
)

MONEY = (Column("Project"), Column("Delivered", "money", sums=True), Column("Status", "light"))


def table(*rows: tuple[str, int, str]) -> Table:
    return Table("savings", "Savings", MONEY, rows_of(rows), "£, whole pence.", total="All")


def report(*sections: Section) -> Report:
    return Report(
        "quarter", "2026-Q2", "Report", "Wrenfold", "2026-10-14", "Draft", (("To", "CMT"),), sections
    )


def test_a_total_is_the_sum_of_the_rows_above_it() -> None:
    total = table(("Waste", 100_50, "red"), ("Fleet", -25, "green")).totals()
    assert [shown(column, cell) for column, cell in zip(MONEY, total, strict=True)] == ["All", "£100.25", ""]


def test_a_table_without_rows_has_no_total() -> None:
    assert list(table().all_rows()) == []


def test_each_kind_of_value_is_read_one_way() -> None:
    def read(kind: str, value: int | str | None, **more: int) -> str:
        return shown(Column("", kind), Cell(value, **more))  # type: ignore[arg-type]  # one of KINDS

    assert read("money", 26_000_50) == "£26,000.50"
    assert read("percent", 949) == "94.9%"
    assert read("percent", -1000) == "-100%"
    assert read("date", "2026-10-14") == "14 October 2026"
    assert read("number", 7150, places=2) == "71.50"
    assert read("light", "amber") == "Amber"
    assert read("count", 1200) == "1,200"
    assert read("money", None) == read("text", "") == "–"


@given(st.integers(-(10**9), 10**9), st.integers(-(10**9), 10**9).filter(bool))
def test_a_percentage_is_rounded_once_half_away_from_nothing(part: int, whole: int) -> None:
    found = tenths(part, whole)
    assert found is not None
    assert abs(2 * (found * whole - 1000 * part)) <= abs(whole)
    assert tenths(-part, whole) == -found


def test_of_nothing_there_is_no_percentage() -> None:
    assert tenths(1, 0) is None


def test_a_report_comes_back_from_its_json_as_it_was() -> None:
    body = table(("Waste", 1, "red"))
    whole = report(
        Section("a", "Purpose", (Text("“Quoted” & £"), Bullets(("One", "Two"), numbered=True)), exempt="3"),
        Section(
            "b",
            "Savings",
            (body, Picture("p", "P", "It rose.", {"kind": "trend", "x": [1]}, body)),
            appendix=True,
        ),
    )
    assert from_json(to_json(whole)) == whole
    assert to_json(from_json(to_json(whole))) == to_json(whole)


def test_the_public_version_says_that_something_is_exempt_and_not_what() -> None:
    whole = report(
        Section("a", "Purpose", (Text("Open."),)),
        Section("b", "Contract", (Text("£18,000 of the licence"), table(("Secret", 1, "red"))), exempt="3"),
    )
    out = public(whole)
    assert out.hidden == 1
    assert "18,000" not in to_json(out)
    assert "Secret" not in to_json(out)
    assert [section.title for section in out.sections] == ["Purpose", "Contract"]
    assert "paragraph 3" in to_json(out)
