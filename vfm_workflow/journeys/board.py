"""The board is asked: a text is frozen, each member gets a slot and a link, and links die when their reason does."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session

from vfm_workflow.domain import assurance
from vfm_workflow.domain import decisions as rules
from vfm_workflow.domain import snapshot as snapshots
from vfm_workflow.domain import summary as summaries
from vfm_workflow.domain.calendar import day_name
from vfm_workflow.domain.facts import Facts, Proposal
from vfm_workflow.domain.lifecycle import DecisionRule, Lifecycle
from vfm_workflow.domain.roles import Actor
from vfm_workflow.errors import NotAllowed
from vfm_workflow.journeys import gate, links, seats
from vfm_workflow.journeys.home import Home
from vfm_workflow.journeys.posting import post, project_view
from vfm_workflow.store import decisions as store
from vfm_workflow.store import history, projects
from vfm_workflow.store import seats as seat_store
from vfm_workflow.store.projects import AnyProject
from vfm_workflow.store.tables import DecisionRequest, Link, Person, ProposalRow, Slot, Version

AMOUNT = "amount"
"""The key of what was frozen under which the money at stake stands, in whole pence."""


@dataclass(frozen=True)
class Asked:
    """A request with everything a page or a mail says of it."""

    request: DecisionRequest
    project: AnyProject
    rule: DecisionRule
    version: Version
    board: Sequence[Slot]

    @property
    def id(self) -> int:
        assert self.request.id is not None
        return self.request.id

    @property
    def snapshot(self) -> snapshots.Snapshot:
        text: snapshots.Snapshot = json.loads(self.version.snapshot)
        return text

    @property
    def barred(self) -> frozenset[int]:
        """Who may not decide it, nor be decided for: who manages, sponsors, wrote or asked (domain §3)."""
        project = self.project
        return frozenset(
            {project.manager_id, project.sponsor_id, self.version.frozen_by, self.request.asked_by}
        )


def load(session: Session, home: Home, request: DecisionRequest) -> Asked:
    """Return the request with its project, rule, frozen version and board."""
    project = projects.by_id(session, request.project_id)
    version = projects.kept(session, Version, request.version_id)
    assert version is not None and request.id is not None
    return Asked(request, project, rule_of(session, home, request), version, store.slots(session, request.id))


def rule_of(session: Session, home: Home, request: DecisionRequest) -> DecisionRule:
    """Return the rule by which a request is decided: of the lifecycle that its project follows."""
    project = projects.by_id(session, request.project_id)
    return home.lifecycle(session, project).decisions[request.decision]


def open_request(
    session: Session,
    home: Home,
    project: AnyProject,
    lifecycle: Lifecycle,
    decision: str,
    by: Actor | None,
    at: dt.datetime,
) -> Asked:
    """Freeze the text and ask the board; return the request. An open one on the same decision is superseded.

    Raises NotAllowed where nobody on the board may decide this project.
    """
    rule = lifecycle.decisions[decision]
    parts = snapshots.SUBJECTS[rule.freezes].needs | {"milestones", "proposal"}
    facts = gate.load_facts(session, home, project, parts, at)
    before = _supersede(session, project, decision, at)
    version = _freeze(session, project, rule.freezes, facts, by, at)
    frozen = {**_frozen(rule.freezes, facts), AMOUNT: assurance.amount(facts.savings)}
    asked = _ask(session, home, project, decision, rule, version, frozen, by, at)
    if rule.freezes == "rebaseline" and (draft := session.get(ProposalRow, project.id)) is not None:
        session.delete(draft)  # what is asked for is frozen now; the next proposal starts empty
    previous = session.get(Version, before.version_id) if before else None
    _mail_board(session, home, asked, "decision_superseded" if previous else "decision_asked", at, previous)
    return asked


def _supersede(
    session: Session, project: AnyProject, decision: str, at: dt.datetime
) -> DecisionRequest | None:
    for request in store.open_requests(session, projects.key(project)):
        if request.decision == decision:
            _close(session, request, "superseded", "a newer version was sent", at)
            return request
    return None


def _close(session: Session, request: DecisionRequest, state: str, why: str, at: dt.datetime) -> None:
    assert request.id is not None
    store.revoke(session, request.id, why, at)
    request.state, request.closed_at = state, at
    session.flush()


def _freeze(
    session: Session, project: AnyProject, subject: str, facts: Facts, by: Actor | None, at: dt.datetime
) -> Version:
    """Return the frozen text: the newest version if nothing changed since, else a new one."""
    text = snapshots.canonical(snapshots.freeze(subject, facts))
    digest = snapshots.digest(text)
    newest = store.newest_version(session, projects.key(project), subject)
    if newest is not None and newest.digest == digest:
        return newest
    version = Version(
        project_id=projects.key(project),
        subject=subject,
        number=newest.number + 1 if newest else 1,
        snapshot=text,
        digest=digest,
        frozen_at=at,
        frozen_by=by.id if by else project.manager_id,
    )
    session.add(version)
    session.flush()
    return version


def _asked_anew(proposal: Proposal | None) -> dict[str, Any]:
    """Return the dates, targets and profiles that a re-baseline asks for."""
    if proposal is None:
        return {"milestones": {}}
    frozen: dict[str, Any] = {
        "milestones": {str(key): day.isoformat() for key, _, _, day in proposal.changes}
    }
    if proposal.targets:
        frozen["measures"] = {str(t.id): [t.baseline, t.proposed] for t in proposal.targets}
    if proposal.savings:
        frozen["savings"] = {
            str(one.id): {str(year): list(amounts) for year, amounts in one.proposed.items()}
            for one in proposal.savings
        }
    return frozen


def _frozen(subject: str, facts: Facts) -> dict[str, Any]:
    """Return what a decision on `subject` would set, frozen with it: dates, targets and savings profiles."""
    if subject == "rebaseline":
        return _asked_anew(facts.proposal)
    dates = {str(m.id): (m.done_on or m.forecast).isoformat() for m in facts.milestones if m.baseline is None}
    measures = {str(m.id): [m.baseline, m.target] for m in facts.measures if m.target is not None}
    savings = {str(line.id): {str(year): values for year, *values in line.years} for line in facts.savings}
    return {"milestones": dates, "measures": measures, "savings": savings}


def _ask(
    session: Session,
    home: Home,
    project: AnyProject,
    decision: str,
    rule: DecisionRule,
    version: Version,
    frozen: Mapping[str, Any],
    by: Actor | None,
    at: dt.datetime,
) -> Asked:
    barred = {project.manager_id, project.sponsor_id, version.frozen_by, *([by.id] if by else [])}
    people = projects.people_in(session, rule.board)
    members = rules.eligible([rules.Seat(projects.key(p), p.role) for p in people], barred)
    if not members:
        roles = ", ".join(home.role_title(role) for role in rule.board)
        raise NotAllowed(
            f"Nobody may decide this: the board ({roles}) has no member but the project's own people."
        )
    request = DecisionRequest(
        project_id=projects.key(project),
        decision=decision,
        version_id=projects.key(version),
        frozen=dict(frozen),
        asked_by=by.id if by else project.manager_id,
        opened_at=at,
        deadline=home.calendar.deadline(at, rule.deadline_working_days),
        assurance=assurance.demanded(rule, frozen.get(AMOUNT, 0)),
    )
    session.add(request)
    session.flush()
    assert request.id is not None
    board = [Slot(request_id=request.id, person_id=seat.person_id, role=seat.role) for seat in members]
    session.add_all(board)
    session.flush()
    detail = {
        "decision": decision,
        "version": version.number,
        "digest": version.digest,
        "board": len(board),
        "assurance": request.assurance,
        "request": request.id,
        "figures": snapshots.digest(snapshots.canonical(dict(frozen))),
    }
    history.record(session, project, history.Entry("decision_asked", by, at, "", detail))
    return Asked(request, project, rule, version, board)


def _mail_board(
    session: Session, home: Home, asked: Asked, notice: str, at: dt.datetime, previous: Version | None = None
) -> None:
    extra: dict[str, Any] = {}
    if previous is not None:
        changes = snapshots.differences(json.loads(previous.snapshot), asked.snapshot)
        extra["changes"] = [{"section": c.title, "removed": c.removed, "added": c.added} for c in changes]
    for slot in asked.board:
        mail_link(session, home, asked, slot, notice, at, extra)


def mail_link(
    session: Session,
    home: Home,
    asked: Asked,
    slot: Slot,
    notice: str,
    at: dt.datetime,
    extra: Mapping[str, Any] | None = None,
    *,
    why: str = "a newer link was sent",
) -> Link:
    """Mint a link for whoever holds a slot today, revoke the one before (saying `why`), and mail it to the address on
    record; return the link."""
    assert slot.id is not None
    store.revoke(session, asked.id, why, at, slot.id)
    holder = seats.holder(session, home, slot, asked.barred, at)
    expires = home.calendar.deadline(at, asked.rule.deadline_working_days)
    token, link = links.mint(session, home, "decide", holder, at, expires, slot_id=slot.id)
    context = {
        "project": project_view(home, asked.project),
        "decision": {
            **decision_view(home, asked),
            "for_whom": "" if holder.id == slot.person_id else projects.person(session, slot.person_id).name,
            "needs": _needs(home, asked, holder),
        },
        "summary": summaries.rows(asked.snapshot),
        "link": home.url(f"/d/{token}"),
        "asked_by": projects.person(session, asked.request.asked_by).name,
        **(extra or {}),
    }
    mail = post(session, home, notice, holder, context, at, asked.project)
    link.message_id = mail.message_id
    session.flush()
    return link


def _needs(home: Home, asked: Asked, holder: Person) -> str:
    """Return what deciding asks for beside the link, in a sentence; nothing where the link is enough."""
    level = assurance.reachable(asked.request.assurance, home.sign_in)  # type: ignore[arg-type]  # a CHECKed level
    needs = {
        "A": "Several people read this mailbox, so whoever decides signs in first." if holder.shared else "",
        "B": "When you send your decision, we mail you a code to type in beside it.",
        "C": "To decide you sign in to the council’s own service.",
    }
    return needs[level]


def decision_view(home: Home, asked: Asked) -> dict[str, Any]:
    """Return what a mail says of a decision."""
    return {
        "title": asked.rule.title,
        "version": asked.version.number,
        "fingerprint": snapshots.fingerprint(asked.version.digest),
        "deadline": asked.request.deadline,
        "quorum": quorum_sentence(home, asked),
        "choices": [rules.CHOICE_LABELS[choice] for choice in asked.rule.outcomes],
        "for_whom": "",
        "needs": "",
    }


def quorum_sentence(home: Home, asked: Asked) -> str:
    """Return such as `3 of the 5 members must decide, the Chief Executive among them.`"""
    members = store.seats(asked.board)
    count = rules.needed(asked.rule, members)
    must = " and the ".join(home.role_title(role) for role in sorted(rules.must_vote(asked.rule, members)))
    among = f", the {must} among them" if must else ""
    if len(members) == 1:
        return "You alone decide."
    return f"{count} of the {len(members)} members must decide{among}."


def settle_left(
    session: Session,
    home: Home,
    project: AnyProject,
    lifecycle: Lifecycle,
    by: Actor | None,
    at: dt.datetime,
    *,
    held: bool,
) -> None:
    """The project has left a stage: end each open request whose outcomes can no longer happen, and say so."""
    for request in store.open_requests(session, projects.key(project)):
        rule = lifecycle.decisions[request.decision]
        if all((project.stage, event) in lifecycle.plan for event in rule.outcomes.values()):
            continue
        asked = load(session, home, request)
        held_by = seat_store.live_links(session, asked.id)
        _close(
            session,
            request,
            "held" if held else "withdrawn",
            "the project is on hold" if held else "withdrawn",
            at,
        )
        cast = store.votes(session, asked.id)
        why = f"{project.reference} is now in the stage {lifecycle.stages[project.stage].title}."
        for slot in store.waiting(asked.board, cast):
            link = held_by.get(slot.id or 0)
            tell_withdrawn(session, home, asked, link.person_id if link else slot.person_id, why, at)


def tell_withdrawn(
    session: Session, home: Home, asked: Asked, person_id: int, why: str, at: dt.datetime
) -> None:
    """Mail somebody who was asked that their answer is no longer needed; not who has left."""
    person = projects.person(session, person_id)
    context = {
        "project": project_view(home, asked.project),
        "decision": decision_view(home, asked),
        "reason": why,
    }
    if person.active:
        post(session, home, "decision_withdrawn", person, context, at, asked.project)


def reopen_held(
    session: Session, home: Home, project: AnyProject, lifecycle: Lifecycle, at: dt.datetime
) -> None:
    """The project is off hold: ask the board again, on the same frozen text, what the hold had put aside."""
    for request in store.put_aside(session, projects.key(project)):
        version = session.get(Version, request.version_id)
        assert version is not None
        rule = lifecycle.decisions[request.decision]
        if not all((project.stage, event) in lifecycle.plan for event in rule.outcomes.values()):
            continue  # it came back to another stage than it was asked in
        asker = session.get(Person, request.asked_by)
        by = projects.actor(asker) if asker else None
        asked = _ask(session, home, project, request.decision, rule, version, request.frozen, by, at)
        _mail_board(session, home, asked, "decision_asked", at)


def remind(session: Session, home: Home, asked: Asked, slot: Slot, at: dt.datetime) -> Link:
    """Remind one member: a new link, the old one revoked. Return the link."""
    left = home.calendar.working_days_between(
        home.calendar.today(at), home.calendar.today(asked.request.deadline)
    )
    return mail_link(session, home, asked, slot, "decision_reminded", at, {"working_days_left": max(left, 0)})


def deadline_text(home: Home, asked: Asked) -> str:
    """Return such as `5pm on Tuesday 24 November 2026`."""
    local = home.calendar.local(asked.request.deadline)
    hour = f"{local.hour % 12 or 12}{f':{local.minute:02d}' if local.minute else ''}{'am' if local.hour < 12 else 'pm'}"
    return f"{hour} on {day_name(local.date())}"
