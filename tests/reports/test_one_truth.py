"""A figure is the same wherever it is read: the quarter's report in every form, the register, and what machines read."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests import claims_support
from tests.library_support import token
from tests.people import Council
from tests.reported import QUARTER, reported
from tests.reports.test_equal_figures import equal_csv, equal_excel, equal_pages, equal_pdf, equal_word
from tests.web.support import Browser
from tests.web.test_api import Machine
from vfm_workflow.journeys import register, reporting
from vfm_workflow.reports.model import Report
from vfm_workflow.reports.writing import write


@pytest.fixture
def banked(council: Council) -> Council:
    """A council with a quarter of verified returns, whose saving is evidenced, verified and banked."""
    claims_support.banked(council, reported(council), "15,000")
    return council


def report(council: Council, kind: str, key: str) -> Report:
    with council.app.read() as session:
        return reporting.read(session, council.home, kind, key, None, council.at)


@pytest.mark.parametrize(
    ("kind", "key"),
    [
        ("quarter", QUARTER),
        ("efficiency", "2026/27"),
        ("mtfp", ""),
        ("returns", "2026-06"),
        ("department", "SS"),
        ("project", "VFM-0001"),
    ],
)
def test_a_report_says_the_same_on_its_page_and_in_every_file(banked: Council, kind: str, key: str) -> None:
    found = report(banked, kind, key)
    equal_pages(found, Browser(banked).sign_in("chief").get(reporting.address(kind, key)).text)
    equal_word(found)
    equal_excel(found)
    equal_csv(found)
    equal_pdf(found)


def test_the_quarter_the_register_and_the_feed_have_one_figure(banked: Council) -> None:
    row = report(banked, "quarter", QUARTER).table("savings_departments").totals()
    titles = [
        column.title for column in report(banked, "quarter", QUARTER).table("savings_departments").columns
    ]
    said = {title: cell.value for title, cell in zip(titles, row, strict=True)}
    with banked.app.read() as session:
        total = register.of(session, banked.home, banked.at, register.Asked(2026)).counted
    assert (said["Delivered"], said["Evidenced"], said["Verified"], said["Banked"]) == (
        total.delivered,
        total.evidenced,
        total.verified,
        total.banked,
    )
    assert said["Banked"] == 15_000_00
    fed_lines = Machine(banked, token(banked, "chief")).data("/api/savings")
    lines = [line for line in fed_lines if line["year"] == "2026/27"]
    fed = sum(Decimal(str(line["delivered"] or 0)) for line in lines if not line["counted_in"])
    assert fed * 100 == said["Delivered"]
    assert sum(Decimal(str(line["expected"])) for line in lines) * 100 == total.gross


def test_the_statement_states_what_finance_verified_gross_and_net(banked: Council) -> None:
    found = report(banked, "efficiency", "2026/27")
    (project,) = found.table("projects").rows
    values = {
        column.title: cell.value
        for column, cell in zip(found.table("projects").columns, project, strict=True)
    }
    assert values["Gross"] == 15_000_00
    assert values["Cost to achieve"] == 3 * 1_200_00
    assert values["Net"] == 15_000_00 - 3 * 1_200_00
    (left,) = found.table("left_out").rows
    assert left[3].value == 21_000_50 - 15_000_00


def test_what_the_written_report_is_made_of_is_what_was_frozen(banked: Council) -> None:
    with banked.app.write() as session:
        by = banked.actor(session, "performance")
        issued = reporting.issue(session, banked.home, "quarter", QUARTER, by, banked.at)
    again = report(banked, "quarter", QUARTER)
    assert write(again, "json", banked.home.style) == write(issued, "json", banked.home.style)
