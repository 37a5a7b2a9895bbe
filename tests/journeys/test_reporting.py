"""Reports: made of verified figures, frozen when issued, corrected by a dated addendum, and released by the clock (§6.2)."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import select, text
from sqlmodel import col

from tests.figures_support import moment, saving
from tests.people import Council
from tests.reported import QUARTER, reported, verified
from vfm_workflow.errors import BadInput, NotAllowed, NotFound
from vfm_workflow.journeys import reporting, returns
from vfm_workflow.reports.model import Report, Table, shown, to_json
from vfm_workflow.store import audit
from vfm_workflow.store.tables import SavingLine


@pytest.fixture
def quarter(council: Council) -> str:
    """A project whose three returns for April to June 2026 are verified; the council is at 14 July 2026."""
    return reported(council)


def read(
    council: Council,
    key: str = QUARTER,
    by: str | None = None,
    kind: str = "quarter",
    *,
    exempt: bool = False,
) -> Report:
    with council.app.read() as session:
        actor = council.actor(session, by) if by is not None else None
        return reporting.read(session, council.home, kind, key, actor, council.at, exempt=exempt)


def issue(council: Council, by: str = "performance", key: str = QUARTER) -> Report:
    with council.app.write() as session:
        return reporting.issue(session, council.home, "quarter", key, council.actor(session, by), council.at)


def addend(council: Council, said: str = "", by: str = "performance") -> Report:
    with council.app.write() as session:
        actor = council.actor(session, by)
        return reporting.addend(session, council.home, "quarter", QUARTER, actor, council.at, said)


def comment(council: Council, by: str, department: str, said: str, exempt: str = "") -> None:
    with council.app.write() as session:
        actor = council.actor(session, by)
        home = council.home
        reporting.comment(
            session, home, "quarter", QUARTER, department, said, actor, council.at, exempt=exempt
        )


def row(table: Table, first: str) -> dict[str, str]:
    """Return the row that begins with `first`, as title → what is read."""
    for cells in table.all_rows():
        if shown(table.columns[0], cells[0]).startswith(first):
            return {c.title: shown(c, cell) for c, cell in zip(table.columns, cells, strict=True)}
    raise AssertionError(f"no row {first}")


# ------------------------------------------------------------------ figures


def test_savings_are_those_of_verified_returns_and_the_total_is_their_sum(
    council: Council, quarter: str
) -> None:
    found = read(council)
    mine = row(found.table("savings_projects"), quarter)
    assert mine["Delivered"] == row(found.table("savings_projects"), "All")["Delivered"] == "£21,000.50"
    assert row(found.table("savings_departments"), "Street Scene")["Delivered"] == "£21,000.50"
    assert row(found.table("savings_departments"), "All")["Delivered"] == "£21,000.50"


def test_a_return_that_is_not_verified_is_named_and_counts_for_nothing(
    council: Council, quarter: str
) -> None:
    with council.app.write() as session:
        head = council.actor(session, "head")
        returns.send_back(session, council.home, quarter, "2026-06", head, council.at, "Check June.")
    found = read(council)
    assert row(found.table("savings_projects"), quarter)["Delivered"] == "£14,000"
    assert row(found.table("unverified"), quarter)["Month"] == "June 2026"
    assert "£7,000.50 is reported and not verified" in to_json(found)


def test_a_line_that_another_project_counts_is_left_out(council: Council, quarter: str) -> None:
    other = council.create("Fleet", manager="other", department="PE")
    with council.app.read() as session:
        parent = session.execute(text("SELECT min(id) FROM saving_line")).scalar_one()
    child = saving(council, other, by="other", counted_in=str(parent))
    with council.app.write() as session:
        session.execute(
            text(
                "INSERT INTO saving_entry (line_id, period, number, delivered, at, by, source) "
                "VALUES (:line, '2026-05', 1, 500, '2026-06-01', 1, 'api')"
            ),
            {"line": child.id},
        )
    assert row(read(council).table("savings_departments"), "All")["Delivered"] == "£21,000.50"
    assert row(read(council, "", kind="mtfp").table("projects"), "Total")["2026/27"] == "£80,000"


def test_every_figure_leads_to_its_entries(council: Council, quarter: str) -> None:
    found = read(council)
    status = found.table("status").rows[0]
    assert status[0].link == f"/projects/{quarter}"
    assert status[2].link == f"/projects/{quarter}/returns/2026-06"
    assert all(cells[0].link for cells in found.table("targets").rows)
    assert all(cells[0].link for cells in found.table("savings_projects").rows)
    assert all(table.note for table in found.tables())


def test_what_is_no_quarter_or_not_over_is_refused(council: Council, quarter: str) -> None:
    with pytest.raises(BadInput, match="is no quarter"):
        read(council, "2026-Q5")
    with pytest.raises(BadInput, match="has not ended yet"):
        read(council, "2026-Q2")
    with pytest.raises(NotFound, match="There is no report"):
        read(council, kind="gossip")


# ------------------------------------------------------------------ issued


def test_what_is_issued_stays_as_it_was_issued(council: Council, quarter: str) -> None:
    before = issue(council)
    council.at = moment(2026, 8, 7)
    with council.app.write() as session:
        head = council.actor(session, "head")
        returns.send_back(session, council.home, quarter, "2026-05", head, council.at, "Count again.")
    verified(council, quarter, "2026-05", saved="6,900")
    after = read(council, exempt=True)
    assert after == before
    assert after.standing == "Issued 14 July 2026"


def test_a_later_correction_stands_in_a_dated_addendum_beside_what_was_issued(
    council: Council, quarter: str
) -> None:
    issue(council)
    council.at = moment(2026, 8, 7)
    with council.app.write() as session:
        head = council.actor(session, "head")
        returns.send_back(session, council.home, quarter, "2026-05", head, council.at, "Count again.")
    verified(council, quarter, "2026-05", saved="6,900")
    addend(council, "May was counted twice.")
    found = read(council)
    assert found.standing == "Issued 14 July 2026; 1 addendum"
    assert row(found.table("savings_projects"), quarter)["Delivered"] == "£21,000.50"
    corrected = found.table("corrections")
    assert ("Savings by project, year so far", "£21,000.50", "£20,900.50") in {
        (str(c[0].value), str(c[3].value), str(c[4].value)) for c in corrected.rows
    }
    assert any(section.title == "Addendum 1, 7 August 2026" for section in found.sections)


def test_a_correction_is_said_once(council: Council, quarter: str) -> None:
    issue(council)
    council.at = moment(2026, 8, 7)
    with council.app.write() as session:
        head = council.actor(session, "head")
        returns.send_back(session, council.home, quarter, "2026-05", head, council.at, "Count again.")
    verified(council, quarter, "2026-05", saved="6,900")
    addend(council)
    with pytest.raises(BadInput, match="No figure was corrected since"):
        addend(council)
    second = addend(council, "For Cabinet.")
    assert second.table("corrections").rows == ()


def test_what_moves_from_day_to_day_is_no_correction(council: Council, quarter: str) -> None:
    issue(council)
    council.at = moment(2026, 12, 1)  # the first milestone is overdue by now
    with pytest.raises(BadInput, match="No figure was corrected since"):
        addend(council)


def test_only_a_performance_officer_issues_and_only_once(council: Council, quarter: str) -> None:
    for stranger in ("manager", "head", "chief", "finance", "admin", "holder"):
        with pytest.raises(NotAllowed):
            issue(council, stranger)
    with pytest.raises(NotAllowed, match="has not been issued yet"):
        addend(council, "Too early.")
    issue(council)
    with pytest.raises(NotAllowed, match="was issued already"):
        issue(council)


def test_an_issued_report_cannot_be_changed_in_the_database(council: Council, quarter: str) -> None:
    issue(council)
    with pytest.raises(Exception, match="append-only"), council.app.write() as session:
        session.execute(text("UPDATE issued_report SET public = '{}'"))


def test_whoever_changes_an_issued_report_past_the_database_is_found(council: Council, quarter: str) -> None:
    issue(council)
    with council.app.write() as session:
        assert list(audit.verify(session)) == []
        session.execute(text("DROP TRIGGER issued_report_no_update"))
        session.execute(text("UPDATE issued_report SET public = replace(public, '21,000', '31,000')"))
        assert [broken.what for broken in audit.verify(session)] == ["the report is not what was issued"]


def test_whoever_changes_an_agreed_profile_past_the_database_is_found(council: Council, quarter: str) -> None:
    with council.app.write() as session:
        session.execute(text("DROP TRIGGER saving_year_changed"))
        session.execute(text("UPDATE saving_year SET high = high + 1 WHERE year = 2026"))
        assert [
            "shows another profile than CMT agreed" in broken.what for broken in audit.verify(session)
        ] == [True]


def test_whoever_changes_a_profile_and_what_cmt_agreed_of_it_is_found_by_the_decision(
    council: Council, quarter: str
) -> None:
    with council.app.write() as session:
        for guard in ("saving_year_changed", "saving_agreed_no_update"):
            session.execute(text(f"DROP TRIGGER {guard}"))
        for table in ("saving_year", "saving_agreed"):
            session.execute(text(f"UPDATE {table} SET high = high + 1 WHERE year = 2026"))
        found = [broken.what for broken in audit.verify(session)]
    assert found
    assert all("is not what its decision says" in what for what in found), found


# ------------------------------------------------------------------ commentary


def test_a_head_comments_for_their_department_and_performance_for_the_council(
    council: Council, quarter: str
) -> None:
    comment(council, "head", "SS", "The mill bridge held us up.")
    comment(council, "performance", "", "A quiet quarter.")
    with pytest.raises(NotAllowed, match="comments for it"):
        comment(council, "planning", "SS", "Not mine.")
    with pytest.raises(NotAllowed, match="comments for it"):
        comment(council, "head", "", "Not the council.")
    with pytest.raises(NotFound):
        comment(council, "performance", "XX", "Nobody.")
    found = to_json(read(council))
    assert "The mill bridge held us up." in found
    assert "A quiet quarter." in found


def test_an_exempt_commentary_is_in_the_exempt_version_alone(council: Council, quarter: str) -> None:
    comment(council, "head", "SS", "The supplier owes us £18,000.", "3")
    issue(council)
    assert "18,000" not in to_json(read(council))
    assert "18,000" in to_json(read(council, exempt=True))
    assert "18,000" in to_json(read(council, by="chief", exempt=True))
    for stranger in ("manager", "head", "performance"):
        with pytest.raises(NotAllowed, match="exempt"):
            read(council, by=stranger, exempt=True)


def test_nothing_is_said_in_a_report_that_is_issued(council: Council, quarter: str) -> None:
    issue(council)
    with pytest.raises(NotAllowed, match="goes into an addendum"):
        comment(council, "head", "SS", "Too late.")


# ------------------------------------------------------------------ the release clock


def test_officers_read_a_draft_and_members_nothing_before_it_is_issued_and_released(
    council: Council, quarter: str
) -> None:
    assert read(council, by="head").standing == "Draft, not issued"
    with pytest.raises(NotAllowed, match="not issued yet"):
        read(council, by="holder")
    issue(council)
    assert read(council, by="head").standing == "Issued 14 July 2026"
    # June ends on a Tuesday: portfolio holders see it one month on, Friday 31 July.
    council.at = dt.datetime(2026, 7, 29, 22, tzinfo=dt.UTC)
    with pytest.raises(NotAllowed, match="released to you on"):
        read(council, by="holder")
    council.at = moment(2026, 7, 31)
    assert read(council, by="holder").standing == "Issued 14 July 2026"


def test_each_sees_in_the_list_what_is_theirs_to_read(council: Council, quarter: str) -> None:
    def offered(key: str) -> set[tuple[str, str]]:
        with council.app.read() as session:
            found = reporting.listed(session, council.home, council.actor(session, key), council.at)
            return {(one.kind.name, one.key) for one in found}

    assert ("quarter", QUARTER) in offered("head")
    assert offered("holder") == set()
    assert offered("admin") == set()
    issue(council)
    council.at = moment(2026, 8, 3)
    assert offered("holder") == {("quarter", QUARTER)}
    assert {("mtfp", ""), ("department", "SS")} <= offered("chief")


def test_reports_that_are_never_issued_are_for_officers_alone(council: Council, quarter: str) -> None:
    for kind, key in (("mtfp", ""), ("department", "SS")):
        assert read(council, key, by="chief", kind=kind).sections
        with pytest.raises(NotAllowed):
            read(council, key, by="holder", kind=kind)
        with pytest.raises(NotAllowed):
            read(council, key, by="admin", kind=kind)


def test_officers_are_told_in_their_next_digest_and_members_on_the_day_of_release(
    council: Council, quarter: str
) -> None:
    issue(council)
    council.at = moment(2026, 7, 15)
    council.app.tick(council.at)
    (mail,) = council.mails(to="chief", notice="digest")[-1:]
    assert "/reports/quarter/2026-Q1" in council.read_mail(mail).as_string().replace("=\n", "")
    assert not council.mails(to="holder", notice="digest")
    council.at = moment(2026, 7, 31)
    council.app.tick(council.at)
    (mail,) = council.mails(to="holder", notice="digest")[-1:]
    assert "/reports/quarter/2026-Q1" in council.read_mail(mail).as_string().replace("=\n", "")


# ------------------------------------------------------------------ one project


def test_a_member_reads_of_a_project_what_is_released_and_no_more(council: Council, quarter: str) -> None:
    council.at = moment(2026, 7, 20)
    found = to_json(read(council, quarter, by="holder", kind="project"))
    assert "June 2026" not in found
    council.at = moment(2026, 7, 31)
    found = to_json(read(council, quarter, by="holder", kind="project"))
    assert "June 2026" in found
    assert "Decided by" not in found
    assert "Decided by" in to_json(read(council, quarter, by="chief", kind="project"))


def test_nobody_learns_of_a_project_by_asking_for_its_report(council: Council) -> None:
    hidden = council.create()
    with pytest.raises(NotFound):
        read(council, hidden, by="holder", kind="project")
    with pytest.raises(NotFound):
        read(council, hidden, by="admin", kind="project")


# ------------------------------------------------------------------ the efficiency statement


def test_the_statement_says_nothing_that_finance_has_not_verified(council: Council, quarter: str) -> None:
    found = read(council, "2026/27", kind="efficiency")
    assert found.table("projects").rows == ()
    assert row(found.table("left_out"), quarter)["Not stated"] == "£21,000.50"
    assert found.standing == "Draft: the year is not over"


def test_a_line_that_another_project_counts_is_not_in_the_statement(council: Council, quarter: str) -> None:
    other = council.create("Shared rounds")
    above = saving(council, other)
    with council.app.write() as session:
        mine = session.scalars(select(SavingLine).where(col(SavingLine.id) != above.id)).one()
        mine.counted_in = above.id
    found = read(council, "2026/27", kind="efficiency")
    assert found.table("left_out").rows == ()
    assert quarter not in to_json(found)


def test_the_plan_lists_projects_with_a_weight_and_a_saving(council: Council, quarter: str) -> None:
    empty, refused = council.create("Nothing yet"), council.create("Refused")
    council.outline_ready(refused, milestone=dt.date(2026, 11, 30))
    council.do(refused, "submit_outline")
    for key in ("chief", "place", "resources"):
        council.decide(refused, key, "reject", reason="It saves too little for what it takes.")
    found = to_json(read(council, "", kind="mtfp"))
    assert quarter in found
    assert empty not in found
    assert refused not in found


@pytest.mark.parametrize("key", ["2026", "2026/28", "26/27", "2026/2027"])
def test_what_is_no_financial_year_is_refused(council: Council, key: str) -> None:
    with pytest.raises(BadInput, match="is no financial year"):
        read(council, key, kind="efficiency")
