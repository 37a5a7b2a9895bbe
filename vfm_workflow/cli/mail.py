"""`vfm mail`: the delivery log."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from vfm_workflow.cli.options import At, Json, council, local, moment, stamp
from vfm_workflow.cli.output import emit, note, say, table

if TYPE_CHECKING:
    from vfm_workflow.domain.calendar import Calendar
    from vfm_workflow.journeys.mail_log import Shown

group = typer.Typer(help="The delivery log: what went, and what the server said.", no_args_is_help=True)
State = Literal["waiting", "opening", "sending", "sent", "failed", "unknown", "undelivered"]
MailId = Annotated[int, typer.Argument(metavar="ID", help="A number of `vfm mail list`.")]


@group.command("list")
def list_(
    state: Annotated[State | None, typer.Option(help="Only these.")] = None,
    search: Annotated[str, typer.Option(help="Only those with this in address or subject.")] = "",
    limit: Annotated[int, typer.Option(min=0, help="How many, newest first; 0 for all.")] = 50,
    as_json: Json = False,
) -> None:
    """List the mails, newest first."""
    from vfm_workflow.journeys import mail_log

    with council() as app, app.read() as session:
        rows, total = mail_log.listed(
            session, app.home, None, state=state, search=search, limit=limit or None
        )
        calendar = app.home.calendar
    if as_json:
        moments = ("created_at", "next_try", "settled_at", "bounced_at", "dealt_at")
        emit([{**row._asdict(), **{m: stamp(getattr(row, m), calendar) for m in moments}} for row in rows])
    elif rows:
        table(
            ("ID", "State", "Written", "To", "Notice", "Tries", "Subject", "The server said"),
            [
                (
                    r.id,
                    "came back" if r.bounced_at else r.state,  # as the page has it
                    local(r.created_at, calendar),
                    r.to,
                    r.notice,
                    r.attempts,
                    r.subject,
                    r.answer,
                )
                for r in rows
            ],
        )
    if len(rows) < total:
        note(f"{len(rows)} of {total} mails. See all with --limit 0.")
    elif not rows:
        note("No mail.")


@group.command()
def show(mail_id: MailId, as_json: Json = False) -> None:
    """Show a mail: its headers, its text, and what the server said each time."""
    from vfm_workflow.journeys import mail_log

    with council() as app, app.read() as session:
        found = mail_log.show(session, app.home, mail_id, None)
        calendar = app.home.calendar
    if as_json:
        emit(_shown(found, calendar))
        return
    mail = found.mail
    say("\n".join(f"{name}: {value}" for name, value in found.headers))
    say(f"\n{found.text.rstrip()}\n")
    say(f"Mail {mail.id} ({mail.notice}) is {mail.state}. It is sent because: {mail.why}.")
    if mail.state == "waiting":
        say(f"It leaves from {local(mail.next_try, calendar)}.")
    for attempt in found.attempts:
        said = " ".join(str(part) for part in (attempt.code, attempt.answer) if part)
        say(f"  {local(attempt.at, calendar)}  {attempt.outcome}: {said}")
    for came in found.came_back:
        say(f"  {local(came.at, calendar)}  came back, {came.kind}: {came.said}")
    if mail.dealt_at is not None:
        say(f"  {local(mail.dealt_at, calendar)}  dealt with: {mail.dealt_note}")


def _shown(found: Shown, calendar: Calendar) -> dict[str, Any]:
    mail = found.mail
    return {
        "id": mail.id,
        "state": mail.state,
        "notice": mail.notice,
        "why": mail.why,
        "to": mail.to,
        "subject": mail.subject,
        "created_at": stamp(mail.created_at, calendar),
        "next_try": stamp(mail.next_try, calendar),
        "settled_at": stamp(mail.settled_at, calendar),
        "bounced_at": stamp(mail.bounced_at, calendar),
        "came_back": [
            {"at": stamp(b.at, calendar), "kind": b.kind, "status": b.status, "said": b.said}
            for b in found.came_back
        ],
        "dealt_at": stamp(mail.dealt_at, calendar),
        "dealt_note": mail.dealt_note,
        "headers": [list(pair) for pair in found.headers],
        "text": found.text,
        "attempts": [
            {"at": stamp(a.at, calendar), "outcome": a.outcome, "code": a.code, "answer": a.answer}
            for a in found.attempts
        ],
    }


@group.command()
def retry(mail_id: MailId, at: At = "", as_json: Json = False) -> None:
    """Let a mail that failed, or whose fate is unknown, be sent again."""
    from vfm_workflow.journeys import mail_log

    with council() as app, app.write() as session:
        mail = mail_log.retry(session, app.home, mail_id, moment(at, app), None)
        shown = {"id": mail.id, "state": mail.state, "to": mail.to, "subject": mail.subject}
    if as_json:
        emit(shown)
    else:
        say(f"Mail {mail_id} to {shown['to']} waits to be sent again: “{shown['subject']}”.")


@group.command()
def dealt(mail_id: MailId, note: Annotated[str, typer.Argument(help="What was done.")], at: At = "") -> None:
    """Note that a mail which did not arrive needs nothing more."""
    from vfm_workflow.journeys import undelivered

    with council() as app, app.write() as session:
        undelivered.deal(session, app.home, mail_id, note, None, moment(at, app))
    say(f"Mail {mail_id} is dealt with.")


@group.command()
def bounce(
    file: Annotated[
        Path | None,
        typer.Argument(metavar="FILE", help="One mail; left out, it is read from standard input."),
    ] = None,
    folder: Annotated[
        Path | None,
        typer.Option(help="A mailbox folder (Maildir): each new mail is read, and marked as seen."),
    ] = None,
    at: At = "",
    as_json: Json = False,
) -> None:
    """Take in what came back: pipe each mail to the address for bounces into this command, or name a mailbox folder."""
    from vfm_workflow.errors import BadInput

    if file is not None and folder is not None:
        raise BadInput({"folder": "Name a file or a folder, not both"})
    with council() as app:
        now = moment(at, app)
        if folder is not None:
            taken = app.read_bounces(folder, now)
        else:
            data = file.read_bytes() if file is not None else sys.stdin.buffer.read()
            taken = app.take_bounce(data, now)
    shown = [{"mail": each.mail_id, "new": each.new, **asdict(each.report)} for each in taken]
    if as_json:
        emit(shown)
    for each in taken if not as_json else []:
        about = f"mail {each.mail_id}" if each.mail_id is not None else "no mail of ours"
        again = "" if each.new else " (read before)"
        say(
            f"{each.report.kind}: {about}, {each.report.recipient or 'no address'}: {each.report.said}{again}"
        )
    if not taken and not as_json:
        note_to_reader = "Nothing came back" if folder is not None else "That mail reports nothing"
        note(f"{note_to_reader}.")


@group.command("notify-check")
def notify_check(as_json: Json = False) -> None:
    """Ask GOV.UK Notify for its template, and say whether mails can go by it."""
    from vfm_workflow import settings
    from vfm_workflow.errors import ConfigError, Problem
    from vfm_workflow.mail import notify, transports

    loaded = settings.load()
    service = transports.notify_service(loaded.mail_url, loaded.settings)
    try:
        found = notify.template_problems(service)
    finally:
        service.close()
    if found:
        where = f"template {service.template} in GOV.UK Notify"
        raise ConfigError([Problem(where, None, each.what, each.remedy) for each in found])
    if as_json:
        emit({"template": service.template, "well": True, "placeholders": list(notify.FIELDS)})
    else:
        say(f"Template {service.template}: all well. Mails can go by GOV.UK Notify.")
