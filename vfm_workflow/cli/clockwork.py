"""`vfm tick`, `deliver` and `preview`: what the clock does, once and by hand, and what it would do."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vfm_workflow.cli.options import At, Json, council, local, moment, stamp
from vfm_workflow.cli.output import emit, note, say, table

if TYPE_CHECKING:
    from vfm_workflow.domain.calendar import Calendar
    from vfm_workflow.journeys.post import Posted


def tick(at: At = "", as_json: Json = False) -> None:
    """Post whatever is due at a moment, once; print what it posted."""
    with council() as app:
        when = moment(at, app)
        posted = app.tick(when)
        calendar = app.home.calendar
    if as_json:
        emit([_mail(mail, calendar) for mail in posted])
        return
    _mails([(mail.not_before, mail) for mail in posted], calendar)
    note(f"Posted {len(posted)} mail{'' if len(posted) == 1 else 's'} at {local(when, calendar)}.")


def deliver(at: At = "", as_json: Json = False) -> None:
    """Send what may leave at a moment; print what became of it."""
    with council() as app:
        when = moment(at, app)
        done = app.deliver(when)
        where = app.transport.describe()
    counts = {name: getattr(done, name) for name in ("sent", "failed", "deferred", "unknown")}
    if as_json:
        emit(counts)
    else:
        say(", ".join(f"{name} {count}" for name, count in counts.items()))
    note(f"By way of {where}.")


def preview(
    days: Annotated[int, typer.Option(min=0, max=400, help="How many days to look ahead.")],
    at: At = "",
    as_json: Json = False,
) -> None:
    """Show the mails of the coming days, to whom and why; send none.

    It shows what would go out if nobody did anything meanwhile.
    """
    with council() as app:
        when = moment(at, app)
        coming = app.preview(days, when)
        calendar = app.home.calendar
    if as_json:
        emit([{"at": stamp(at_, calendar), **_mail(mail, calendar)} for at_, mail in coming])
        return
    _mails(coming, calendar)
    note(f"{len(coming)} mails in the {days} days from {local(when, calendar)}. None was sent.")


def _mail(mail: Posted, calendar: Calendar) -> dict[str, Any]:
    return {
        "notice": mail.notice,
        "to": mail.to,
        "subject": mail.subject,
        "not_before": stamp(mail.not_before, calendar),
        "why": mail.why,
        "facts": mail.facts,
    }


def _mails(mails: list[tuple[dt.datetime, Posted]], calendar: Calendar) -> None:
    if mails:
        rows = [(local(at, calendar), mail.to, mail.notice, mail.subject, mail.why) for at, mail in mails]
        table(("Leaves", "To", "Notice", "Subject", "Why"), rows)
