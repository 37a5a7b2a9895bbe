"""A report as PDF, set by a job: it takes longer than a page may, and its page says how far it is."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from sqlmodel import Session

from vfm_workflow.domain.roles import Actor
from vfm_workflow.journeys import access, people, reporting
from vfm_workflow.journeys.home import Home
from vfm_workflow.journeys.running import Kind, Outcome, Running
from vfm_workflow.reports.model import Report
from vfm_workflow.reports.writing import file_name, write

EXEMPT, PUBLIC = "exempt", "public"


def _read(session: Session, home: Home, by: Actor | None, at: dt.datetime, told: Mapping[str, str]) -> Report:
    """Return the report as its asker may read it. Raises NotFound, NotAllowed or BadInput."""
    exempt = told.get("version") == EXEMPT
    return reporting.read(session, home, told.get("of", ""), told.get("key", ""), by, at, exempt=exempt)


def _admit(
    session: Session, home: Home, by: Actor | None, at: dt.datetime, told: Mapping[str, str]
) -> Mapping[str, str]:
    report = _read(session, home, by, at, told)
    version = EXEMPT if told.get("version") == EXEMPT else PUBLIC
    return {"of": report.kind, "key": report.key, "version": version}


def _work(job: Running) -> Outcome:
    """Write the PDF into the machine's folder. Done again after a crash it begins anew."""
    tools = job.tools
    with job.step(0, 2, "Reading the figures"):
        pass
    with tools.read() as session:
        at = tools.now()
        by = people.actor_by_id(session, job.asked_by) if job.asked_by is not None else None
        if by is not None:
            by = access.standing_in(session, tools.home, by, at)
        report = _read(session, tools.home, by, at, job.arguments)
    with job.step(1, 2, "Setting the pages"):
        pass
    data = write(report, "pdf", tools.home.style)
    folder = tools.folder / "exports"
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"report-{job.job_id}.pdf"
    partial = file.with_suffix(".partial")
    partial.write_bytes(data)
    partial.chmod(0o600)
    partial.replace(file)
    name = file_name(report, "pdf", "exempt" if job.arguments.get("version") == EXEMPT else "")
    result = {"file": file.name, "name": name, "machine": tools.machine, "size": len(data)}
    return Outcome(f"{report.title}: {len(data) // 1000 + 1:,} kB.", result)


def _called(told: Mapping[str, str]) -> str:
    kind = reporting.KINDS.get(told.get("of", ""))
    title = kind.title if kind is not None else told.get("of", "")
    version = ", exempt version" if told.get("version") == EXEMPT else ""
    return f"PDF: {title} {told.get('key', '')}".rstrip() + version


KIND = Kind(
    "report",
    "A report as PDF",
    "A report as a tagged PDF, to print and to publish.",
    "",
    _work,
    own=True,
    admit=_admit,
    called=_called,
)
