"""Issuing a report: frozen as it stands then, in both versions; what is corrected later is a dated addendum (§15.2)."""

from __future__ import annotations

import dataclasses
import datetime as dt

from sqlmodel import Session

from vfm_workflow.domain.calendar import short_day
from vfm_workflow.domain.outline import PARAGRAPHS
from vfm_workflow.domain.roles import Actor, may
from vfm_workflow.errors import BadInput, NotAllowed, NotFound
from vfm_workflow.journeys.fields import Fields
from vfm_workflow.journeys.home import Home
from vfm_workflow.journeys.posting import leave_fact
from vfm_workflow.journeys.reporting import corrections
from vfm_workflow.journeys.reporting.kinds import address, issued_kind, kind_of
from vfm_workflow.journeys.reporting.parts import Asked
from vfm_workflow.reports.model import Block, Report, Section, Table, Text, from_json, public, to_json
from vfm_workflow.store import issued as store
from vfm_workflow.store import projects
from vfm_workflow.store import report_figures as figures
from vfm_workflow.store.audit_figures import issued_digest

NOTICE = "report_issued"
TEXT_LIMIT = 8000


def issue(session: Session, home: Home, kind: str, key: str, by: Actor | None, at: dt.datetime) -> Report:
    """Issue a report as it stands at a moment; return it. Officers may read it at once, Members as the release clock says.

    `by` is None for the operator. Raises NotFound, BadInput (no such period, or not over), or NotAllowed: not theirs to
    issue, or issued already.
    """
    found = issued_kind(kind)
    _refuse_stranger(home, by)
    if store.of(session, kind, key):
        raise NotAllowed(f"{found.title} {key} was issued already. What changed since goes into an addendum.")
    day = short_day(home.calendar.today(at))
    report = dataclasses.replace(found.make(Asked(session, home, key, at)), standing=f"Issued {day}")
    _freeze(session, report, 0, by, at)
    _tell(session, home, report, "Issued", by, at)
    return report


def addend(
    session: Session, home: Home, kind: str, key: str, by: Actor | None, at: dt.datetime, text: str = ""
) -> Report:
    """Add a dated addendum to an issued report: what was corrected since, as issued and now, and what is said of it.

    Returns the addendum. Raises NotFound, NotAllowed (not theirs; not issued yet) or BadInput: nothing was corrected, and
    nothing is said.
    """
    found = issued_kind(kind)
    _refuse_stranger(home, by)
    rows = store.of(session, kind, key)
    if not rows:
        raise NotAllowed(
            f"{found.title} {key} has not been issued yet: what is wrong in it can still be put right."
        )
    fields = Fields({"text": text})
    said = fields.text("text", "What is said", most=TEXT_LIMIT)
    fields.finish()
    before = [from_json(row.exempt) for row in rows]
    now = found.make(Asked(session, home, key, at))
    changes = corrections.since(before, now)
    if not changes.rows and not said:
        raise BadInput({"text": "No figure was corrected since. Say what the addendum is for"})
    number, day = len(rows), short_day(home.calendar.today(at))
    blocks: list[Block] = [*(Text(part) for part in said.split("\n\n") if part.strip()), changes]
    sections = [Section(f"addendum_{number}", f"Addendum {number}, {day}", tuple(blocks), appendix=True)]
    sections += [
        dataclasses.replace(
            section, key=f"{section.key}_{number}", title=f"{section.title}, as it stands on {day}"
        )
        for section in now.sections
        if section.key in found.brought_up_to_date
    ]
    report = dataclasses.replace(
        now,
        title=f"Addendum {number} to {before[0].title}",
        standing=f"Issued {day}",
        sections=tuple(sections),
    )
    _freeze(session, report, number, by, at)
    _tell(session, home, before[0], f"Addendum {number}", by, at)
    return report


def _refuse_stranger(home: Home, by: Actor | None) -> None:
    if by is not None and not may(home.roles, by, "reports.issue"):
        raise NotAllowed("Only a performance officer issues reports.")


def _freeze(session: Session, report: Report, number: int, by: Actor | None, at: dt.datetime) -> None:
    whole, open_to_all = to_json(report), to_json(public(report))
    ours = store.add(
        session,
        kind=report.kind,
        period=report.key,
        number=number,
        at=at,
        by=by.id if by is not None else None,
        public=open_to_all,
        exempt=whole,
        digest=issued_digest(whole, open_to_all),
    )
    if not ours:
        raise NotAllowed(f"Somebody else issued “{report.title}” at the same moment. Load the page again.")


def _tell(session: Session, home: Home, report: Report, what: str, by: Actor | None, at: dt.datetime) -> None:
    """Leave it for the next digest of each officer whom the notice names. Members hear of it when it is released to them."""
    notice = home.catalogue.notices.get(NOTICE)
    if notice is None:  # a council may do without it
        return
    people = {person.id for person in projects.people_in(session, set(notice.to)) if person.id is not None}
    people.discard(by.id if by is not None else 0)
    item = {
        "link": home.url(address(report.kind, report.key)),
        "title": report.title,
        "what": what,
        "on": home.calendar.today(at).isoformat(),
    }
    leave_fact(session, NOTICE, f"{report.kind}:{report.key}", what, sorted(people), item, at)


def comment(
    session: Session,
    home: Home,
    kind: str,
    key: str,
    department: str,
    text: str,
    by: Actor,
    at: dt.datetime,
    *,
    exempt: str = "",
) -> None:
    """Keep what is said in a report that is not issued yet: by a department's head, or with an empty department by
    Performance for the whole council. `exempt` is the paragraph that keeps it from publication, or empty.

    Raises NotFound, NotAllowed or BadInput.
    """
    found = issued_kind(kind)
    fields = Fields({"text": text, "exempt": exempt})
    said = fields.text("text", "The commentary", most=TEXT_LIMIT)
    marked = fields.choice(
        "exempt",
        {key: key for key in ("", *PARAGRAPHS)},
        "Choose public, or paragraph 3 or 4 of Schedule 12A",
    )
    if department and department not in {row.code for row in projects.departments(session)}:
        raise NotFound(f"There is no department {department[:20]}.")
    if not may_comment(session, home, by, department):
        raise NotAllowed(
            "A department's head comments for it, and a performance officer for the whole council."
        )
    if store.of(session, kind, key):
        raise NotAllowed(f"{found.title} {key} is issued. What is said now goes into an addendum.")
    found.make(Asked(session, home, key, at))  # refuses what is no period, or not over
    fields.finish()
    store.comment(session, kind, key, department, said, marked or "", by.id, at)


def may_comment(session: Session, home: Home, by: Actor, department: str) -> bool:
    """Return whether somebody comments for a department, or with an empty one for the whole council."""
    scope = home.roles[by.role].may.get("reports.comment") if by.role in home.roles else None
    if scope == "all":
        return True
    return scope == "department" and bool(department) and by.department == department


def comments_for(session: Session, home: Home, by: Actor) -> list[tuple[str, str]]:
    """Return (code, name) of every department that somebody comments for, and first the whole council (an empty code)."""
    names = [("", "The whole council"), *((row.code, row.name) for row in projects.departments(session))]
    return [(code, name) for code, name in names if may_comment(session, home, by, code)]


def silent(session: Session, kind: str, key: str) -> list[str]:
    """Return the departments that have said nothing in a report yet."""
    said = {row.department for row in figures.commentary(session, kind, key)}
    return [code for code in figures.departments(session) if code not in said]


def corrected(session: Session, home: Home, kind: str, key: str, at: dt.datetime) -> Table:
    """Return what was corrected since a report was issued, beyond what its addenda say. Raises NotFound or NotAllowed."""
    found = issued_kind(kind)
    rows = store.of(session, kind, key)
    if not rows:
        raise NotAllowed(f"{found.title} {key} has not been issued yet.")
    return corrections.since(
        [from_json(row.exempt) for row in rows], found.make(Asked(session, home, key, at))
    )


@dataclasses.dataclass(frozen=True, slots=True)
class Acts:
    """What somebody may do with a report that is issued."""

    issued: bool
    issues: bool
    comments: bool
    corrected: int
    """How many figures were corrected since, for who issues."""


def acts(session: Session, home: Home, kind: str, key: str, by: Actor, at: dt.datetime) -> Acts | None:
    """Return what `by` may do with a report; None for nothing."""
    if not kind_of(kind).issued:
        return None
    is_issued = bool(store.of(session, kind, key))
    issues = may(home.roles, by, "reports.issue")
    comments = not is_issued and bool(comments_for(session, home, by))
    count = len(corrected(session, home, kind, key, at).rows) if is_issued and issues else 0
    return Acts(is_issued, issues, comments, count) if issues or comments else None
