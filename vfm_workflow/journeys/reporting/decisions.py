"""The record of a project's decisions as a report: to print as evidence, and to hand to an auditor."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterator

from vfm_workflow.domain.calendar import short_day
from vfm_workflow.domain.roles import Actor
from vfm_workflow.journeys import record as journey
from vfm_workflow.journeys.reporting.parts import Asked, paper
from vfm_workflow.reports.decisions import HEAD, Condition, Consultation, Decision, Record, Seat, lines
from vfm_workflow.reports.model import Block, Cell, Column, Report, Section, Table, Text, Value, rows_of

LEVELS = (
    "Level A: whoever held the link mailed to the address on record. B: the same, with a code of six digits mailed there. C: "
    "the same, signed in by the council's own service. No entry claims that a person's hand was seen."
)
NOTE = "“X for Y” is a deputy, or a shared mailbox's reader. A moment leads to the text that was decided."
CHAIN = "Every row stands in the project's history, a chain that “vfm audit verify” checks."


def make(asked: Asked) -> Report:
    """Return a project's record of decisions. Raises NotFound."""
    found = journey.decisions(asked.session, asked.home, asked.key, None, asked.at)
    asked = dataclasses.replace(asked, key=found.reference)
    sections = [_decision(asked, found, one) for one in found.decisions]
    if not sections:
        sections = [Section("none", "Decisions", (Text("No decision has been asked for."),))]
    if found.consultations:
        sections.append(Section("consulted", "Who was consulted", (_consulted(found.consultations),)))
    sections.append(Section("levels", "How a decision is known", (Text(LEVELS), Text(CHAIN))))
    return paper(
        asked,
        "decisions",
        f"{found.reference} {found.title}",
        asked.home.calendar.financial_year(asked.today),
        position=sections,
        financial=(Text("None that follow from this record."),),
        appendices=[
            Section("happened", "Appendix: what happened, in order", (_happened(found),), appendix=True)
        ],
        facts=(("Project", f"{found.reference} {found.title}"), ("Department", found.department)),
    )


def refuse(asked: Asked, by: Actor, exempt: bool) -> None:
    """Raise NotFound for whoever may not read the project's decisions. Nothing in the record is exempt."""
    journey.decisions(asked.session, asked.home, asked.key, by, asked.at)


def _decision(asked: Asked, found: Record, one: Decision) -> Section:
    closed = f", {_moment(asked, one.closed_at)}" if one.closed_at is not None else ""
    blocks: list[Block] = [
        Text(
            f"{one.outcome}{closed}. Asked by {one.asked_by}, {_moment(asked, one.asked_at)}; to be decided by "
            f"{_moment(asked, one.deadline)}, at level {one.level}."
        ),
        Text(f"Fingerprint of the text (SHA-256): {one.digest}"),
        _seats(asked, found, one),
    ]
    if one.conditions:
        blocks.append(_conditions(asked, one))
    return Section(f"decision-{one.id}", f"{one.title}, version {one.version}", tuple(blocks))


def _seats(asked: Asked, found: Record, one: Decision) -> Table:
    columns = (
        Column("Who"),
        Column("Role"),
        Column("Decided", wide=True),
        Column("When"),
        Column("How it is known", wide=True),
    )
    text = f"/projects/{found.reference}/versions/{one.version_id}"
    rows: list[tuple[Value, ...]] = [
        (
            seat.decided_by or seat.member,
            seat.role if seat.role != seat.member else "",
            "\n".join(_said(asked, one, seat)),
            Cell(_moment(asked, seat.at), link=text) if seat.at is not None else None,
            "\n".join(filter(None, (seat.known if seat.voted else "", seat.mail))),
        )
        for seat in one.seats
    ]
    title = f"The board on version {one.version}"
    return Table(f"seats-{one.id}", title, columns, rows_of(rows), NOTE)


def _said(asked: Asked, one: Decision, seat: Seat) -> Iterator[str]:
    if not seat.voted:
        if seat.vacated_at is None:
            yield "Waited for" if one.open else "Did not decide"
        else:
            when = _moment(asked, seat.vacated_at)
            yield f"Seat empty since {when}: {seat.vacated_why}. It does not count."
        return
    yield f"{seat.said} (late: it changed nothing)" if seat.late else seat.said
    if seat.reason:
        yield seat.reason
    for text in seat.conditions:
        yield f"Condition: {text}"
    if seat.disputed_at is not None:
        settled = ""
        if seat.settled_at is not None:
            settled = f", settled {_moment(asked, seat.settled_at)} by {seat.settled_by}: {seat.finding}"
        yield f"Disputed {_moment(asked, seat.disputed_at)}{settled}"


def _conditions(asked: Asked, one: Decision) -> Table:
    columns = (Column("Condition", wide=True), Column("Set by"), Column("Set"), Column("Met", wide=True))
    rows = [(c.text, c.set_by, _moment(asked, c.set_at), _met(asked, c)) for c in one.conditions]
    return Table(f"conditions-{one.id}", f"Conditions on version {one.version}", columns, rows_of(rows))


def _met(asked: Asked, condition: Condition) -> str:
    if condition.discharged_at is None:
        return "Open"
    return f"{_moment(asked, condition.discharged_at)}, by {condition.discharged_by}: {condition.how}"


def _consulted(consultations: tuple[Consultation, ...]) -> Table:
    columns = (
        Column("Consulted"),
        Column("Asked", "date"),
        Column("By"),
        Column("To answer by", "date"),
        Column("Answered", "date"),
        Column("Recorded by"),
        Column("Answer", wide=True),
    )
    rows = [
        (
            one.consulted,
            one.asked_on.isoformat(),
            one.asked_by,
            one.deadline.isoformat() if one.deadline is not None else None,
            one.answered_on.isoformat() if one.answered_on is not None else None,
            one.answered_by,
            one.answer,
        )
        for one in consultations
    ]
    return Table("consulted", "Consultations and their answers", columns, rows_of(rows))


def _happened(found: Record) -> Table:
    wide = {"Reason or text", "How it is known"}
    columns = tuple(Column(title, wide=title in wide) for title in HEAD[1:])
    rows = [line[1:] for line in lines(found)]  # the project stands in the report's title
    note = "Moments in UTC, as ISO 8601. " + CHAIN
    return Table("happened", "What happened, one thing a line", columns, rows_of(rows), note)


def _moment(asked: Asked, at: dt.datetime) -> str:
    local = asked.home.calendar.local(at)
    return f"{short_day(local.date())}, {local:%H:%M}"
