"""What each mail's templates may use: by notice for what is sent at once, by `when.what` for an item of a digest."""

from __future__ import annotations

from collections.abc import Mapping

COMMON = frozenset({"person", "why", "council"})
"""What every template of an at_once notice may use."""

FRAGMENT = frozenset({"items", "total", "council"})
"""What every template of a digest notice may use: `items` are those shown, `total` counts all there are."""

_DECISION = COMMON | {"project", "decision"}
_ASKED = _DECISION | {"summary", "link", "asked_by"}
_CONSULTED = COMMON | {"project", "consultation"}
_ITEM = frozenset({"project", "link"})
_RETURN = _ITEM | {"period", "due", "late_working_days", "manager"}

AT_ONCE: Mapping[str, frozenset[str]] = {
    "decision_asked": _ASKED,
    "decision_reminded": _ASKED | {"working_days_left"},
    "decision_superseded": _ASKED | {"changes"},
    "decision_passed": _ASKED | {"reason"},
    "decision_code": _DECISION | {"code", "minutes"},
    "decision_receipt": _DECISION
    | {"choice", "reason", "conditions", "decided_at", "assurance", "dispute_link"},
    "decision_vote_cast": _DECISION | {"voter", "choice", "reason", "conditions", "decided_at", "tally"},
    "decision_made": _DECISION | {"outcome", "tally", "votes", "conditions", "next_stage"},
    "decision_withdrawn": _DECISION | {"reason"},
    "decision_without_board": _DECISION | {"roles"},
    "decision_disputed": _DECISION | {"voter", "disputed_at", "link"},
    "consultation_asked": _CONSULTED | {"summary", "link", "asked_by"},
    "consultation_reminded": _CONSULTED | {"summary", "link", "asked_by", "working_days_left"},
    "consultation_receipt": _CONSULTED | {"answer", "answered_at", "assurance"},
    "idea_asked": COMMON | {"idea", "link"},
    "idea_replied": COMMON | {"idea", "reply", "by", "page"},
    "milestone_invitation": COMMON | {"project", "milestone", "day", "was", "link"},
    "milestone_cancelled": COMMON | {"project", "milestone", "day", "reason", "link"},
    "sign_in_link": COMMON | {"link", "minutes"},
    "address_changed": COMMON | {"old_address", "new_address", "changed_at", "changed_by"},
    "sign_in_shared": COMMON | {"link"},
    "mail_undelivered": COMMON | {"project", "about", "to", "reader", "said", "hard", "link"},
    "deputy_named": COMMON | {"away", "deputy", "from_day", "until_day", "by", "link"},
    "deputy_ended": COMMON | {"away", "deputy", "reason", "link"},
}
"""Every notice that the program sends at once, with the names its templates may use."""

EVERY_ITEM = frozenset({"later", "step", "own"})
"""What every item of a digest has besides its own: where to put it off, how far up an escalation it has come, and whether
its reader manages the project."""

_MOVED = _ITEM | {"event", "from_stage", "to_stage", "by", "on", "reason"}
_RECURRING = frozenset({"link", "title", "text", "start", "period", "before", "day"})

_ITEMS: Mapping[str, frozenset[str]] = {
    "return_not_submitted": _RETURN,
    "return_not_verified": _RETURN | {"submitted_on"},
    "quarter_not_verified": frozenset(
        {"link", "quarter", "due", "late_working_days", "scope", "missing", "unverified", "expected"}
    ),
    "milestone_ahead": _ITEM | {"milestone", "forecast", "baseline", "days_left"},
    "milestone_slipped": _ITEM
    | {"milestone", "baseline", "forecast", "slip_calendar_days", "slip_working_days", "overdue"},
    "decision_open": _ITEM | {"decision", "deadline", "waiting_for", "votes", "needed"},
    "condition_open": _ITEM | {"condition", "set_on", "set_by"},
    "consultation_open": _ITEM | {"consultee", "asked", "asked_on", "deadline", "late_working_days"},
    "idea_open": frozenset({"link", "idea", "by", "on", "waiting_working_days"}),
    "challenge_open": _ITEM | {"challenge", "by", "on", "waiting_working_days"},
    "stage_over_limit": _ITEM | {"stage", "since", "limit_working_days", "over_working_days"},
    "saving_waits": _ITEM | {"saving", "quarter", "amount", "waits_for", "since", "waiting_working_days"},
    "benefits_review_open": _ITEM | {"due", "late_working_days", "number"},
    "quarter_released": frozenset({"link", "quarter", "released_on", "projects", "returns"}),
    "every_month": _RECURRING,
    "every_quarter": _RECURRING,
    "every_year": _RECURRING,
    "stage_changed": _MOVED,
    "return_sent_back": _ITEM | {"period", "by", "reason"},
    "return_chased": _ITEM | {"period", "by", "on"},
    "consultation_answered": _ITEM | {"consultee", "by", "on", "answer"},
    "remark_made": _ITEM | {"kind", "by", "on", "text"},
    "challenge_replied": _ITEM | {"challenge", "by", "on", "reply"},
    "report_issued": frozenset({"link", "title", "what", "on"}),
    "saving_refused": _ITEM | {"saving", "quarter", "amount", "by", "reason"},
}

CONTEXT: Mapping[str, frozenset[str]] = {
    **AT_ONCE,
    **{key: names | EVERY_ITEM for key, names in _ITEMS.items()},
}
"""Names a template may use: of an at_once notice by key, of an item of a digest notice by `context_key`."""

EVENTS = (
    "return_sent_back",
    "return_chased",
    "consultation_answered",
    "remark_made",
    "challenge_replied",
    "report_issued",
    "saving_refused",
)
"""Digest notices that a journey leaves, each with facts of its own."""
