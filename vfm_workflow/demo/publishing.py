"""What is said in the demo council's reports, and when they are issued and brought up to date."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from functools import partial

from vfm_workflow.demo.entries import AddendumEntry, CommentEntry, ReportEntry
from vfm_workflow.demo.replay import Replay
from vfm_workflow.journeys import reporting

ISSUER = "performance.officer"


def entries(replay: Replay) -> Iterator[tuple[dt.date, str, Callable[[dt.datetime], None]]]:
    """Yield what happens to reports: the day, the kind of thing (a key of `timetable.TIMES`), and what is done."""
    for report in replay.data.reports:
        for comment in report.comments:
            yield comment.on, "comment", partial(say, replay, report, comment)
        yield report.issued, "issue", partial(issue, replay, report)
        for addendum in report.addenda:
            yield addendum.on, "issue", partial(bring_up_to_date, replay, report, addendum)


def say(replay: Replay, report: ReportEntry, entry: CommentEntry, at: dt.datetime) -> None:
    """Somebody comments for their department, or Performance for the whole council."""
    with replay.act(f"The commentary of {entry.by} in {report.key}") as session:
        by = replay.actor(session, entry.by)
        reporting.comment(
            session,
            replay.home,
            report.kind,
            report.key,
            entry.department,
            replay.said(entry.text),
            by,
            at,
            exempt=entry.exempt,
        )


def issue(replay: Replay, report: ReportEntry, at: dt.datetime) -> None:
    """The report is issued."""
    with replay.act(f"The report {report.kind} {report.key}") as session:
        by = replay.actor(session, ISSUER)
        reporting.issue(session, replay.home, report.kind, report.key, by, at)


def bring_up_to_date(replay: Replay, report: ReportEntry, entry: AddendumEntry, at: dt.datetime) -> None:
    """An addendum is issued."""
    with replay.act(f"The addendum of {entry.on} to {report.kind} {report.key}") as session:
        by = replay.actor(session, ISSUER)
        reporting.addend(session, replay.home, report.kind, report.key, by, at, replay.said(entry.text))
