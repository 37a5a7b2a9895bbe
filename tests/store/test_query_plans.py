"""What the clock asks all day walks small partial indexes, and not every milestone or mail a council ever had."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping

import pytest
from sqlalchemy import event, text

from tests.people import Council
from vfm_workflow.store import due, mail_log, outbox
from vfm_workflow.store.raw import Raw, _positional

TODAY = dt.date(2026, 11, 23)
SLIPS = {"ix_milestone_open", "ix_milestone_slipped"}


def many(council: Council, count: int = 3_000) -> str:
    """Give one project so many milestones that a planner has a reason to choose; most of them are done."""
    reference = council.create()
    council.to_implementation(reference)
    cast = "::date" if council.app.database.engine.dialect.name == "postgresql" else ""
    done = f"CASE WHEN n % 20 = 0 THEN NULL ELSE '2026-05-01'{cast} END"
    numbers = f"WITH RECURSIVE numbers(n) AS (SELECT 2 UNION ALL SELECT n + 1 FROM numbers WHERE n < {count})"
    with council.app.database.engine.connect() as connection, connection.begin():
        connection.execute(
            text(
                f"{numbers} INSERT INTO milestone (project_id, position, title, forecast, done_on) "
                f"SELECT 1, n, 'Milestone', '2026-05-01'{cast}, {done} FROM numbers"
                if cast
                else "INSERT INTO milestone (project_id, position, title, forecast, done_on) "
                f"{numbers} SELECT 1, n, 'Milestone', '2026-05-01', {done} FROM numbers"
            )
        )
    analyse(council)
    return reference


def analyse(council: Council) -> None:
    """Let the planner know what there is; of an index of nothing it keeps no figures, and does not choose it."""
    with council.app.database.engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT").execute(text("ANALYZE"))


def plan(council: Council, statement: str) -> str:
    """Return the database's plan for the scan, as text."""
    explain = (
        "EXPLAIN " if council.app.database.engine.dialect.name == "postgresql" else "EXPLAIN QUERY PLAN "
    )
    with council.app.read() as session:
        raw = Raw.of(session)
        today = TODAY if raw.postgresql else TODAY.isoformat()
        rows = raw.run(explain + statement, {"today": today}).fetchall()
    return "\n".join(str(row[-1]) for row in rows)


def test_the_scan_for_slips_walks_the_partial_indexes(council: Council) -> None:
    many(council)
    slips = "UPDATE milestone SET forecast = '2027-01-04' WHERE title = 'Contract signed'"
    with council.app.database.engine.connect() as connection, connection.begin():
        connection.execute(text(slips))
    analyse(council)
    shown = plan(council, due._SLIPPED)
    assert set(re.findall(r"ix_milestone_\w+", shown)) == SLIPS, shown
    assert not re.search(r"SCAN milestone(?! USING INDEX)|Seq Scan on milestone", shown), shown


def test_the_scan_finds_what_has_slipped_and_nothing_else(council: Council) -> None:
    reference = many(council, 200)
    with council.app.read() as session:
        assert list(due.slipped(session, TODAY)) != []
        found = [row.title for row in due.slipped(session, TODAY)]
        assert found == ["Contract signed"], "a milestone that CMT never agreed has not slipped"
        assert list(due.slipped(session, dt.date(2026, 3, 2))) == []
    assert council.milestones(reference)[0].baseline is not None


def test_delivery_looks_at_the_mails_still_open_and_no_other(council: Council) -> None:
    asked: list[tuple[str, tuple[object, ...]]] = []

    def keep(_c: object, _cursor: object, statement: str, parameters: tuple[object, ...], *_: object) -> None:
        asked.append((statement, parameters))

    engine = council.app.database.engine
    event.listen(engine, "before_cursor_execute", keep)
    real = Raw.run

    def run(raw: Raw, sql: str, values: Mapping[str, object]) -> object:
        """Delivery's own statements go to the driver, past the engine's events."""
        plain, pick = _positional(sql)
        asked.append((plain, pick(values)))
        return real(raw, sql, values)

    with council.app.read() as session, pytest.MonkeyPatch.context() as patch:
        patch.setattr(Raw, "run", run)
        assert not outbox.owed(session, council.at)
        outbox.claim(session, "a worker", council.at, dt.timedelta(minutes=15))
        outbox.waiting_count(session, council.at)
        mail_log.waiting(session, council.at)
    event.remove(engine, "before_cursor_execute", keep)
    assert len(asked) == 4
    with engine.connect() as connection:
        for statement, parameters in asked:
            rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).fetchall()
            shown = "\n".join(str(row[-1]) for row in rows)
            assert "USING INDEX ix_outbox_open" in shown, shown
