"""The quarterly traffic-light report: savings against profile, service targets, slippage with its plan of action, movements
since the last quarter, and what is said of it (§15.2)."""

from __future__ import annotations

from collections import Counter

from vfm_workflow.domain.calendar import month_name, quarter_name
from vfm_workflow.domain.rag import COLOURS
from vfm_workflow.journeys.reporting import pictured
from vfm_workflow.journeys.reporting import quarter_money as money
from vfm_workflow.journeys.reporting import quarter_tables as tables
from vfm_workflow.journeys.reporting.mtfp import finding, pipeline, plan_years, stage_table, year_table
from vfm_workflow.journeys.reporting.parts import Asked, many, paper
from vfm_workflow.journeys.reporting.quarter_data import Quarter, collect
from vfm_workflow.reports.model import Block, Bullets, Report, Section, Text


def make(asked: Asked) -> Report:
    """Return the report of a quarter as it stands. Raises BadInput where it is none, or has not ended."""
    found = collect(asked)
    rows = pipeline(asked)
    years = plan_years(asked, rows)
    savings: list[Block] = [
        Text(money.sentence(found)),
        pictured.profile(found),
        money.by_department(found),
        money.by_project(found),
    ]
    last, stages = years[-1], stage_table(rows, years[-1].year)
    position = [
        Section("summary", "The quarter at a glance", (Bullets(tuple(_glance(found))), tables.lights(found))),
        *_said(found),
        Section("status", "Status of every project", (tables.status(found),)),
        Section(
            "action", "Amber and red: what is being done", (Text(_actions(found)), tables.actions(found))
        ),
        Section(
            "slippage", "Slippage from agreed milestones", (Text(_slipped(found)), tables.slippage(found))
        ),
        Section(
            "movements", "Movements since the last quarter", (Text(_moved(found)), tables.movements(found))
        ),
        Section("savings", "Savings against profile", tuple(savings)),
        Section("targets", "Service targets", (Text(_targets(found)), tables.targets(found))),
    ]
    plan = Section(
        "pipeline",
        "Appendix: the five-year pipeline",
        (Text(finding(last)), pictured.stages(rows, last, stages), year_table(years)),
        appendix=True,
    )
    appendices = [
        plan,
        Section(
            "coverage",
            "Appendix: coverage by department",
            (pictured.covered(found, tables.coverage(found)),),
            appendix=True,
        ),
        Section("unverified", "Appendix: returns not verified", (tables.unverified(found),), appendix=True),
    ]
    return paper(
        asked,
        "quarter",
        quarter_name(found.name),
        found.year,
        position=position,
        financial=money.implications(found, last),
        appendices=appendices,
        standing="Draft, not issued",
    )


def _said(found: Quarter) -> list[Section]:
    """Return the commentary, each in a section of its own, so that one that is exempt takes no other with it."""
    return [
        Section(
            f"commentary_{said.department or 'council'}",
            f"Commentary: {found.departments.get(said.department, said.department)}"
            if said.department
            else "Commentary",
            tuple(Text(part) for part in [*said.text.split("\n\n"), f"{said.by}"] if part.strip()),
            exempt=said.exempt,
        )
        for said in found.said
    ]


def _glance(found: Quarter) -> list[str]:
    lights = Counter(found.now[project.id].rag for project in found.reported)
    said = [
        f"{many(len(found.reported), 'project')} reported: "
        + ", ".join(f"{lights[colour]} {colour}" for colour in reversed(COLOURS))
        + ".",
        money.sentence(found),
        _slipped(found),
    ]
    if found.unverified:
        said.append(
            f"{many(len(found.unverified), 'return')} owed for the quarter {'is' if len(found.unverified) == 1 else 'are'} not "
            "verified, and no figure of theirs is counted."
        )
    return said


def _off_track(found: Quarter) -> list[tuple[str, str]]:
    return [
        (project.reference, found.now[project.id].rag or "")
        for project in found.reported
        if found.now[project.id].rag in ("amber", "red")
    ]


def _actions(found: Quarter) -> str:
    off = _off_track(found)
    if not found.reported:
        return "No project reported."
    if not off:
        return "Every project that reported is green."
    without = sum(1 for project in found.reported if found.now[project.id].rag == "red")
    planned = len(off) - without
    have = "project has" if planned == 1 else "projects have"
    return (
        f"{planned} {have} slipped or fallen short with a plan of action (amber). {many(without, 'is', 'are')} red: there is "
        "no plan, or it is beyond what the team can put right."
    )


def _slipped(found: Quarter) -> str:
    if not found.worst:
        return "No open milestone has slipped from the date that CMT agreed."
    project_id, (row, days, working) = max(found.worst.items(), key=lambda pair: pair[1][1])
    reference = found.by_id[project_id].reference
    return (
        f"Open milestones of {many(len(found.worst), 'project')} have slipped from the dates that CMT agreed. The furthest is "
        f"“{row.title}” of {reference}: {many(days, 'day')} ({many(working, 'working day')})."
    )


def _moved(found: Quarter) -> str:
    better, worse, fresh = tables.moved(found)
    return (
        f"{many(len(better), 'project')} improved, {many(len(worse), 'project')} worsened, and "
        f"{many(len(fresh), 'project')} reported for the first time. The rest stayed as they were."
    )


def _targets(found: Quarter) -> str:
    met, measured, unmeasured = tables.met(found)
    said = f"{met} of {many(measured, 'measure')} with a target met it in {month_name(found.months[-1])} or when last reported."
    if unmeasured:
        said += f" {many(unmeasured, 'measure')} with a target had no figure."
    return said
