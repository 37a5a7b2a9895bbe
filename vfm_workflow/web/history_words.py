"""A project's history in words: one sentence for each kind of row."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from vfm_workflow.domain.calendar import month_name, quarter_name, short_day
from vfm_workflow.domain.decisions import OUTCOME_LABELS
from vfm_workflow.domain.lifecycle import Lifecycle
from vfm_workflow.domain.snapshot import fingerprint
from vfm_workflow.store.tables import History

Detail = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of a timeline. `title` says what happened, `text` the rest; `decision` marks what a board did."""

    seq: int
    title: str
    by: str
    at: dt.datetime
    text: str
    moved: str
    """Such as `Outline → CMT approval`, where the stage changed."""
    hash: str
    decision: bool


def entry(row: History, lifecycle: Lifecycle) -> Entry:
    """Return a history row in words. An event of the lifecycle has its label there; an unknown one its own name."""
    detail = json.loads(row.detail)
    title, text = _said(row, detail, lifecycle)
    spec = lifecycle.document.events.get(row.event)
    moved = row.from_stage != row.to_stage and row.event != "created"
    return Entry(
        seq=row.seq,
        title=title,
        by=row.actor,
        at=dt.datetime.fromisoformat(row.at),
        text=text,
        moved=f"{_stage(lifecycle, row.from_stage)} → {_stage(lifecycle, row.to_stage)}" if moved else "",
        hash=row.hash,
        decision=row.event == "vote" or (spec is not None and spec.decided_by is not None),
    )


def _stage(lifecycle: Lifecycle, key: str) -> str:
    return lifecycle.stages[key].title if key in lifecycle.stages else key


def _said(row: History, detail: Detail, lifecycle: Lifecycle) -> tuple[str, str]:
    if row.event in lifecycle.document.events:
        spec = lifecycle.document.events[row.event]
        outcome = OUTCOME_LABELS.get(detail.get("outcome", ""), "")
        said = f"Version {detail['version']} was put to the vote." if outcome and "version" in detail else ""
        return spec.label, said or row.reason
    if row.event in ("decision_asked", "vote"):
        return _decision(row, detail, lifecycle)
    try:
        title, text = SENTENCES[row.event](detail)
    except KeyError:  # a row of another version of this program, which says less, or something else
        return row.event.replace("_", " ").capitalize(), row.reason
    return title, " ".join(filter(None, (text, row.reason)))


def _decision(row: History, detail: Detail, lifecycle: Lifecycle) -> tuple[str, str]:
    rule = lifecycle.decisions.get(detail["decision"])
    title = rule.title if rule is not None else detail["decision"]
    version = f"version {detail['version']} · {fingerprint(detail['digest'])}"
    if row.event == "decision_asked":
        members = "1 member" if detail["board"] == 1 else f"{detail['board']} members"
        return "The board was asked", f"“{title}”, {version}: {members}."
    choice = str(OUTCOME_LABELS.get(detail["choice"], detail["choice"]))
    late = " The board had decided already, so it changed nothing." if detail.get("late") else ""
    conditions = " ".join(f"Condition: {text}." for text in detail.get("conditions", ()))
    how = KNOWN.get(detail.get("assurance", ""), KNOWN["A"]).format(detail["address"])
    seat = f"For {detail['for']}. " if detail.get("for") else ""
    said = f"{seat}“{title}”, {version}, {how}.{late}"
    return f"Vote: {choice.lower()}", " ".join(filter(None, (row.reason, conditions, said)))


KNOWN = {
    "A": "by the link sent to {}",
    "B": "by the link and a code mailed to {}",
    "C": "by the link sent to {} and a full sign-in",
}
"""How it is known who voted, by the level that was reached."""


def _day(text: str) -> str:
    return short_day(dt.date.fromisoformat(text))


def _changed(detail: Detail) -> str:
    names = ", ".join(name.replace("_", " ") for name in detail.get("changed", ()))
    return f"Changed: {names}." if names else ""


def _return(detail: Detail, done: str) -> tuple[str, str]:
    title = f"Return for {month_name(detail['period'])} {done}"
    why = [
        reason["sentence"]
        for reason in detail.get("why", ())
        if reason["colour"] == detail.get("rag") and reason.get("status") != "outlook"
    ]
    rating = f"Rated {detail['rag']}." if detail.get("rag") else ""
    return title, " ".join((rating, *why)).strip()


def _claim(detail: Detail, done: str, more: str) -> tuple[str, str]:
    title = f"{detail['amount']} of a saving {done}"
    return title, f"“{detail['saving']}”, {quarter_name(detail['quarter'])}. {more}".strip()


SENTENCES: Mapping[str, Callable[[Detail], tuple[str, str]]] = {
    "created": lambda d: ("Project begun", f"“{d['title']}”"),
    "milestone_added": lambda d: ("Milestone added", f"“{d['milestone']}”, forecast for {_day(d['date'])}."),
    "forecast_moved": lambda d: (
        "Forecast moved",
        f"“{d['milestone']}”: from {_day(d['from'])} to {_day(d['to'])}.",
    ),
    "milestone_done": lambda d: ("Milestone reached", f"“{d['milestone']}” on {_day(d['on'])}."),
    "milestone_removed": lambda d: ("Milestone removed", f"“{d['milestone']}”"),
    "element_added": lambda d: ("Action plan: element added", f"“{d['element']}”"),
    "element_changed": lambda d: ("Action plan: element changed", f"“{d['element']}”. {_changed(d)}"),
    "element_removed": lambda d: ("Action plan: element removed", f"“{d['element']}”"),
    "measure_added": lambda d: ("Measure added", f"“{d['measure']}”"),
    "measure_changed": lambda d: ("Measure changed", f"“{d['measure']}”. {_changed(d)}"),
    "measure_removed": lambda d: ("Measure removed", f"“{d['measure']}”"),
    "peers_saved": lambda d: (
        "Other councils’ figures saved",
        f"“{d['measure']}”: {', '.join(d['peers']) or 'none'}. Source: {d['source'] or 'not given'}.",
    ),
    "saving_added": lambda d: ("Saving added", f"“{d['saving']}”"),
    "saving_changed": lambda d: ("Saving changed", f"“{d['saving']}”. {_changed(d)}"),
    "savings_imported": lambda d: (
        "Savings delivered, from a file",
        f"{'; '.join(f'{what}: {pair[1]}' for what, pair in d['delivered'].items())}. File: {d['file']}.",
    ),
    "saving_removed": lambda d: ("Saving removed", f"“{d['saving']}”"),
    "saving_claimed": lambda d: _claim(d, "put before Finance", f"Evidence: {d['evidence']} {d['quality']}"),
    "saving_verified": lambda d: _claim(
        d, "verified by Finance", d["quality"] + (f" Accepted: {d['accepted']}" if d["accepted"] else "")
    ),
    "saving_refused": lambda d: _claim(d, "refused by Finance", ""),
    "saving_banked": lambda d: _claim(d, "banked", f"Budget {d['budget_code']}, journal {d['journal']}."),
    "saving_placed": lambda d: _claim(
        d, "said where it went", "; ".join(f"{amount}: {to}" for to, amount in d["went"].items()) + ". " + d["note"]
    ),
    "saving_delivered": lambda d: (
        f"{d['amount']} delivered in {month_name(d['period'])}",
        f"“{d['saving']}”, said by Finance: no return is owed for the month."
        + (f" It was {d['was']}." if d["was"] else ""),
    ),
    "saving_fenced": lambda d: (
        f"{d['amount']} ring-fenced",
        f"“{d['saving']}”, budget {d['budget_code']}" + (f", until {_day(d['until'])}." if d["until"] else "."),
    ),
    "saving_fence_lifted": lambda d: (f"Ring-fence of {d['amount']} lifted", f"“{d['saving']}”."),
    "saving_share": lambda d: (
        f"What {d['partner']} saves itself",
        f"“{d['saving']}”: "
        + "; ".join(f"{year} {now or 'nothing said'}" for year, (_, now) in d["changed"].items()) + ".",
    ),
    "benefits_reviewed": lambda d: (
        f"Benefits review {d['number']} done",
        {"yes": "The savings are still there.", "partly": "Part of the savings is still there.",
         "no": "The savings are not there."}[d["sustained"]] + f" {d['finding']}",
    ),
    "consultee_asked": lambda d: (
        f"{d['consultee']} was consulted",
        f"By a link sent to {d['address']}, to answer until {_day(d['deadline'])}." if d.get("address") else "",
    ),
    "consultee_answered": lambda d: (
        f"{d['consultee']} answered" + (", recorded for them" if d.get("recorded_for_them") else ""),
        d["answer"] + (f" (By the link sent to {d['address']}, level {d['assurance']}.)" if d.get("by_link") else ""),
    ),
    "consultation_taken_back": lambda d: (f"The question to {d['consultee']} was taken back", ""),
    "consultation_passed_on": lambda d: (
        f"The question to {d['consultee']} was passed on", f"From {d['from']} to {d['to']}.",
    ),
    "evidence_added": lambda d: ("Customer evidence added", f"{d['source']}: {d['finding']}"),
    "evidence_removed": lambda d: ("Customer evidence removed", f"{d['source']}: {d['finding']}"),
    "document_added": lambda d: (
        "Document replaced" if d.get("replaces") else "Document added",
        f"{d['name']}, for the {d['document']}.",
    ),
    "document_removed": lambda d: ("Document taken off", f"{d['name']}, of the {d['document']}."),
    "remark_made": lambda d: (f"{d['kind'].capitalize()}", d["text"]),
    "challenge_replied": lambda d: ("Challenge replied to", d["reply"]),
    "lesson_recorded": lambda d: ("Lesson recorded", d["lesson"]),
    "lesson_answered": lambda d: (f"Answered a lesson of {d['of']}", f"“{d['text']}”: {d['how']}"),
    "condition_discharged": lambda d: ("Condition discharged", f"“{d['condition']}”"),
    "lifecycle_changed": lambda d: (
        "Moved to today’s lifecycle", f"From version {d['from']['version']} to version {d['to']['version']}.",
    ),
    "manager_changed": lambda d: ("Another project manager", f"From {d['from']} to {d['to']}."),
    "sponsor_changed": lambda d: ("Another sponsor", f"From {d['from']} to {d['to']}."),
    "return_submitted": lambda d: _return(d, "submitted"),
    "return_verified": lambda d: (f"Return for {month_name(d['period'])} verified", ""),
    "return_sent_back": lambda d: (f"Return for {month_name(d['period'])} sent back", ""),
    "section_marked": lambda d: (
        "Marked as exempt from publication" if d["paragraph"] else "Marked as public",
        f"“{d['section']}” of the {d['document']}"
        + (f", Schedule 12A, paragraph {d['paragraph']}." if d["paragraph"] else "."),
    ),
    "exempt_granted": lambda d: ("Leave to read exempt text given", f"To the {d['person']}, until {_day(d['until'])}."),
    "exempt_ended": lambda d: ("Leave to read exempt text ended", f"That of the {d['person']}."),
    "member_added": lambda d: ("Added to the project", f"The {d['person']}, as {d['role'].lower()}."),
    "member_removed": lambda d: ("Taken off the project", f"The {d['person']}, as {d['role'].lower()}."),
    "seat_passed": lambda d: ("Seat on the board passed on", f"From {d['from']} to {d['to']}."),
    "seat_vacated": lambda d: ("Seat on the board empty", f"That of {d['member']}; it no longer counts."),
    "vote_disputed": lambda _: ("Decision disputed", "Somebody says that a vote recorded as theirs was not. Nothing moves."),
    "dispute_settled": lambda _: ("Dispute settled", ""),
}  # fmt: skip
"""Event → its title and its text, from the row's detail."""
