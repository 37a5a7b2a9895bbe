"""One realistic context per notice: `vfm check` fills every template with them.

The keys are those of `notices.CONTEXT` (a test compares the two). A digest sample is one item.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from vfm_workflow.domain.notices import AT_ONCE
from vfm_workflow.mail.council import Council

COUNCIL = Council("Wrenfold District Council", "#6f1a52", "https://vfm.wrenfold.example")
DAY = dt.date(2026, 11, 23)
TASKS_URL = "https://vfm.wrenfold.example/tasks"

_URL = "https://vfm.wrenfold.example"
_LINK = f"{_URL}/d/q3Zt8mJxW0cVb5nKpR2sLhYfA7uEoDgT1iQwX9vBz4M"


def _item(reference: str, title: str) -> dict[str, Any]:
    return {"reference": reference, "title": title, "url": f"{_URL}/projects/{reference}"}


def _at(day: int, hour: int, minute: int = 0) -> dt.datetime:
    return dt.datetime(2026, 11, day, hour, minute, tzinfo=dt.UTC)


_VALIDATION = _item("VFM-0005", "Planning validation")
_ROUNDS = _item("VFM-0001", "Waste rounds")
_TRUST = _item("VFM-0009", "A trust for the leisure centres")
_LEISURE = {**_TRUST, "department": "Leisure and Culture"}

_PERSON = {"name": "Director of Resources", "address": "director.of.resources@wrenfold.example"}
_COMMON: dict[str, Any] = {"person": _PERSON}
_DECISION: dict[str, Any] = {
    **_COMMON,
    "project": _LEISURE,
    "decision": {
        "title": "Decide on the outline",
        "version": 3,
        "fingerprint": "a1b2c3d4",
        "deadline": _at(30, 18),
        "quorum": "4 of the 7 members must decide, the Chief Executive among them.",
        "choices": ["Approve", "Approve with conditions", "Return for changes", "Reject"],
        "for_whom": "Director of Customers",
        "needs": "When you send your decision, we mail you a code to type in beside it.",
    },
}
_SUMMARY = [
    {
        "label": "Why this subject",
        "value": "Each visit costs £3.05 against a median of £2.10 among the nearest neighbours.",
    },
    {"label": "Expected saving", "value": "£350,000 a year by 2030/31, cashable and ongoing"},
    {"label": "Cost to deliver", "value": "£85,000, one-off"},
    {"label": "Must not fall", "value": "Satisfied visitors: 71% now, 78% as the target"},
    {"label": "Consulted", "value": "Finance, Legal and Human Resources; trade unions next month"},
]
_ASKED: dict[str, Any] = {
    **_DECISION,
    "summary": _SUMMARY,
    "link": _LINK,
    "asked_by": "Leisure Project Manager",
}
_REASON = "The case is sound.\nThe pension liability must be settled before any transfer."
_CONDITIONS = [
    "A written answer from the pension fund on the deficit",
    "Ward members consulted before the opening hours change",
]
_VOTE: dict[str, Any] = {
    "choice": "Approve with conditions",
    "reason": _REASON,
    "conditions": _CONDITIONS,
    "decided_at": _at(24, 10, 15),
}
_TALLY = "4 of 7 have decided; 4 are needed"

_CONSULTED: dict[str, Any] = {
    **_COMMON,
    "project": _LEISURE,
    "consultation": {"title": "Legal", "deadline": dt.date(2026, 12, 7), "shared": False},
}
_ASKS = _LINK.replace("/d/", "/c/")
_IDEA: dict[str, Any] = {
    "text": "Could sweepers and litter crews share one depot?\nThe county has room.",
    "by": "Member of the Value for Money Group",
    "on": dt.date(2026, 11, 9),
    "service": "Street Scene",
}

_RECURRING: dict[str, Any] = {
    "title": "The budget season has begun",
    "text": "Write the outlines of new projects by Monday 30 November 2026.",
    "start": "Begin an outline",
    "link": f"{_URL}/projects/new",
    "period": "2026/27",
    "before": "2025/26",
    "day": dt.date(2026, 9, 1),
}

_GIVEN: Mapping[str, Mapping[str, Any]] = {
    "decision_asked": _ASKED,
    "decision_reminded": {**_ASKED, "working_days_left": 2},
    "decision_superseded": {
        **_ASKED,
        "changes": [
            {
                "section": "Resources required",
                "removed": "40 … from the service's own budget",
                "added": "65 … 25 of them from Finance, and £20,000 for actuarial advice",
            },
            {
                "section": "Options for change",
                "removed": "Close the smaller of the two centres.",
                "added": "",
            },
        ],
    },
    "decision_passed": {**_ASKED, "reason": "Director of Resources stands in for Director of Customers"},
    "decision_code": {**_DECISION, "code": "042195", "minutes": 10},
    "decision_receipt": {
        **_DECISION,
        **_VOTE,
        "assurance": "link holder for Director of Resources, level B (code mailed to director.of.resources@wrenfold.example)",
        "dispute_link": f"{_URL}/disputes/8Kf2LxPq7VnTz0BwYc",
    },
    "decision_vote_cast": {**_DECISION, **_VOTE, "voter": "Director of Resources", "tally": _TALLY},
    "decision_made": {
        **_DECISION,
        "outcome": "Approved with conditions",
        "tally": _TALLY,
        "votes": [
            {
                "name": "Chief Executive",
                "choice": "Approve",
                "reason": "",
                "conditions": [],
                "decided_at": _at(24, 9),
            },
            {"name": "Director of Resources", **_VOTE},
        ],
        "conditions": _CONDITIONS,
        "next_stage": "Initial stage",
    },
    "decision_withdrawn": {**_DECISION, "reason": "The project was put on hold."},
    "decision_without_board": {**_DECISION, "roles": ["Chief Executive", "CMT member"]},
    "decision_disputed": {
        **_DECISION,
        "voter": "Director of Resources",
        "disputed_at": _at(24, 11, 30),
        "link": f"{_URL}/projects/VFM-0009/decisions/1",
    },
    "consultation_asked": {
        **_CONSULTED,
        "summary": _SUMMARY,
        "link": _ASKS,
        "asked_by": "Leisure Project Manager",
    },
    "consultation_reminded": {
        **_CONSULTED,
        "summary": _SUMMARY,
        "link": _ASKS,
        "asked_by": "Leisure Project Manager",
        "working_days_left": 3,
    },
    "consultation_receipt": {
        **_CONSULTED,
        "answer": "No objection, with comments. The lease must be assigned before the transfer.",
        "answered_at": _at(24, 10, 15),
        "assurance": "by the link sent to legal.adviser@wrenfold.example, level A",
    },
    "idea_asked": {**_COMMON, "idea": _IDEA, "link": _ASKS.replace("/c/", "/i/")},
    "idea_replied": {
        **_COMMON,
        "idea": _IDEA,
        "reply": "A trial begins in May; the county has agreed.",
        "by": "Head of Street Scene",
        "page": f"{_URL}/ideas",
    },
    "milestone_invitation": {
        **_COMMON,
        "project": _LEISURE,
        "milestone": "Trust registered",
        "day": dt.date(2027, 2, 1),
        "was": dt.date(2027, 1, 4),
        "link": f"{_URL}/projects/VFM-0009/milestones",
    },
    "milestone_cancelled": {
        **_COMMON,
        "project": _LEISURE,
        "milestone": "Trust registered",
        "day": dt.date(2027, 2, 1),
        "reason": "It was reached on 20 November 2026.",
        "link": f"{_URL}/projects/VFM-0009/milestones",
    },
    "sign_in_link": {**_COMMON, "link": f"{_URL}/sign-in/{_LINK[-43:]}", "minutes": 30},
    "address_changed": {
        **_COMMON,
        "old_address": "director.of.finance@wrenfold.example",
        "new_address": "director.of.resources@wrenfold.example",
        "changed_at": _at(23, 9, 5),
        "changed_by": "System Administrator",
    },
    "mail_undelivered": {
        **_COMMON,
        "project": _ROUNDS,
        "about": "Please decide by 27 November 2026: Waste collection rounds",
        "to": "director.of.place@wrenfold.example",
        "reader": "Director of Place",
        "said": "550 5.1.1 no such mailbox here",
        "hard": True,
        "link": f"{_URL}/mail/412",
    },
    "deputy_named": {
        **_COMMON,
        "away": "Director of Customers",
        "deputy": "Director of Resources",
        "from_day": dt.date(2026, 12, 7),
        "until_day": dt.date(2026, 12, 18),
        "by": "Director of Customers",
        "link": f"{_URL}/tasks",
    },
    "deputy_ended": {
        **_COMMON,
        "away": "Director of Customers",
        "deputy": "Director of Resources",
        "reason": "ended early",
        "link": f"{_URL}/tasks",
    },
    "sign_in_shared": {**_COMMON, "link": f"{_URL}/sign-in"},
    "return_not_submitted": {
        "project": _VALIDATION,
        "link": f"{_URL}/projects/VFM-0005/returns/2026-10",
        "period": "October 2026",
        "due": dt.date(2026, 11, 6),
        "late_working_days": 11,
        "manager": "Planning Project Manager",
    },
    "return_not_verified": {
        "project": _ROUNDS,
        "link": f"{_URL}/projects/VFM-0001/returns/2026-10",
        "period": "October 2026",
        "due": dt.date(2026, 11, 6),
        "late_working_days": 11,
        "manager": "Waste Project Manager",
        "submitted_on": dt.date(2026, 11, 5),
    },
    "quarter_not_verified": {
        "link": f"{_URL}/quarters/2026-Q2",
        "quarter": "Q2 2026/27",
        "due": dt.date(2026, 10, 14),
        "late_working_days": 28,
        "scope": "Street Scene",
        "missing": 1,
        "unverified": 2,
        "expected": 12,
    },
    "milestone_ahead": {
        "project": _VALIDATION,
        "link": f"{_URL}/projects/VFM-0005/milestones",
        "milestone": "Online form live",
        "forecast": dt.date(2026, 11, 30),
        "baseline": dt.date(2026, 11, 16),
        "days_left": 5,
    },
    "milestone_slipped": {
        "project": _VALIDATION,
        "link": f"{_URL}/projects/VFM-0005/milestones",
        "milestone": "Contract variation signed",
        "baseline": dt.date(2026, 9, 22),
        "forecast": dt.date(2026, 11, 20),
        "slip_calendar_days": 59,
        "slip_working_days": 43,
        "overdue": True,
    },
    "decision_open": {
        "project": _TRUST,
        "link": f"{_URL}/projects/VFM-0009/decisions/1",
        "decision": "Decide on the outline",
        "deadline": dt.date(2026, 11, 20),
        "waiting_for": ["Chief Executive", "Director of Place"],
        "votes": 3,
        "needed": 4,
    },
    "condition_open": {
        "project": _TRUST,
        "link": f"{_URL}/projects/VFM-0009/conditions",
        "condition": "A written answer from the pension fund on the deficit",
        "set_on": dt.date(2026, 10, 20),
        "set_by": "Director of Resources",
    },
    "consultation_open": {
        "project": _TRUST,
        "link": f"{_URL}/projects/VFM-0009/consultations#legal",
        "consultee": "Legal",
        "asked": "Legal Adviser",
        "asked_on": dt.date(2026, 11, 2),
        "deadline": dt.date(2026, 11, 16),
        "late_working_days": 5,
    },
    "idea_open": {
        "link": f"{_URL}/ideas#idea_3",
        "idea": "Could sweepers and litter crews share one depot?",
        "by": "Member of the Value for Money Group",
        "on": dt.date(2026, 11, 9),
        "waiting_working_days": 10,
    },
    "challenge_open": {
        "project": _TRUST,
        "link": f"{_URL}/projects/VFM-0009/comments#remark_4",
        "challenge": "Why is the smaller centre not in the comparison?",
        "by": "Chair of the Value for Money Group",
        "on": dt.date(2026, 11, 9),
        "waiting_working_days": 10,
    },
    "stage_over_limit": {
        "project": _item("VFM-0019", "Land charges"),
        "link": f"{_URL}/projects/VFM-0019",
        "stage": "Outline",
        "since": dt.date(2026, 8, 3),
        "limit_working_days": 60,
        "over_working_days": 19,
    },
    "saving_waits": {
        "project": _ROUNDS,
        "link": f"{_URL}/projects/VFM-0001/savings/2/claims/5",
        "saving": "Overtime and agency cover",
        "quarter": "Q2 2026/27",
        "amount": "£10,600",
        "waits_for": "to be verified",
        "since": dt.date(2026, 11, 16),
        "waiting_working_days": 5,
    },
    "benefits_review_open": {
        "project": _item("VFM-0008", "Licensing online"),
        "link": f"{_URL}/projects/VFM-0008/reviews",
        "due": dt.date(2026, 10, 12),
        "late_working_days": 30,
        "number": 1,
    },
    "quarter_released": {
        "link": f"{_URL}/projects",
        "quarter": "Q2 2026/27",
        "released_on": dt.date(2026, 11, 2),
        "projects": 7,
        "returns": 19,
    },
    "report_issued": {
        "link": f"{_URL}/reports/quarter/2026-Q2",
        "title": "Value for Money report, Q2 2026/27",
        "what": "Issued",
        "on": dt.date(2026, 10, 14),
    },
    "every_month": _RECURRING,
    "every_quarter": _RECURRING,
    "every_year": _RECURRING,
    "stage_changed": {
        "project": _item("VFM-0004", "Fleet telematics"),
        "link": f"{_URL}/projects/VFM-0004",
        "event": "Put on hold",
        "from_stage": "Implementation",
        "to_stage": "On hold",
        "by": "Head of Street Scene",
        "on": dt.date(2026, 11, 20),
        "reason": "The supplier is being sold.",
    },
    "return_sent_back": {
        "project": _ROUNDS,
        "link": f"{_URL}/projects/VFM-0001/returns/2026-10",
        "period": "October 2026",
        "by": "Head of Street Scene",
        "reason": "The figure for missed collections is the September one.",
    },
    "return_chased": {
        "project": _ROUNDS,
        "link": f"{_URL}/projects/VFM-0001/returns/2026-10",
        "period": "October 2026",
        "by": "Performance Officer",
        "on": dt.date(2026, 11, 20),
    },
    "consultation_answered": {
        "project": _TRUST,
        "link": f"{_URL}/projects/VFM-0009/consultations#legal",
        "consultee": "Legal",
        "by": "Legal Adviser",
        "on": dt.date(2026, 11, 20),
        "answer": "No objection. The lease can be assigned.",
    },
    "remark_made": {
        "project": _TRUST,
        "link": f"{_URL}/projects/VFM-0009/comments#remark_4",
        "kind": "Challenge",
        "by": "Chair of the Value for Money Group",
        "on": dt.date(2026, 11, 20),
        "text": "Why is the smaller centre not in the comparison?",
    },
    "challenge_replied": {
        "project": _TRUST,
        "link": f"{_URL}/projects/VFM-0009/comments#remark_4",
        "challenge": "Why is the smaller centre not in the comparison?",
        "by": "Leisure Project Manager",
        "on": dt.date(2026, 11, 20),
        "reply": "It is now: see the options in version 2.",
    },
    "saving_refused": {
        "project": _ROUNDS,
        "link": f"{_URL}/projects/VFM-0001/savings/2/register",
        "saving": "Overtime and agency cover",
        "quarter": "Q2 2026/27",
        "amount": "£10,600",
        "by": "Financial Liaison Officer",
        "reason": "The ledger has £8,200 on this code.",
    },
}

_EVERY_ITEM = {
    "later": f"{_URL}/account/mail/later?notice=condition_open&subject=condition%3A4",
    "step": 0,
    "own": True,
}
SAMPLES: Mapping[str, Mapping[str, Any]] = {
    key: given if key in AT_ONCE else {**given, **_EVERY_ITEM} for key, given in _GIVEN.items()
}
"""By the same keys as `notices.CONTEXT`: a context for an at_once notice, one item for a digest notice."""
