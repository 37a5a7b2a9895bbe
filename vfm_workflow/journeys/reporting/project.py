"""A project's own report: what was agreed, where it stands, what it delivered, and what was decided of it (§10.3).

Officers read it as it stands. Members read what is released to them: texts that a board approved, and verified figures.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from vfm_workflow.domain.calendar import month_name, short_day
from vfm_workflow.domain.money import pounds
from vfm_workflow.domain.roles import Actor
from vfm_workflow.errors import NotAllowed, NotFound
from vfm_workflow.journeys import access, exempt, gate, record, released
from vfm_workflow.journeys.reporting import project_tables as tables
from vfm_workflow.journeys.reporting.parts import Asked, paper
from vfm_workflow.reports.drawing import milestones as drawn
from vfm_workflow.reports.model import Block, Report, Section, Text
from vfm_workflow.store import projects
from vfm_workflow.store.tables import Project

Texts = Mapping[str, Mapping[str, str]]
"""Document → section → text, or the paragraph by which it is exempt."""


def refuse(asked: Asked, by: Actor, wants_exempt: bool) -> None:
    """Raise NotFound where `by` may not know of the project, NotAllowed where they may not read its exempt text."""
    project = access.seen(asked.session, asked.home, asked.key, by)
    if wants_exempt and not exempt.may_read(asked.session, asked.home, by, project, asked.today):
        raise NotAllowed(
            "You may not read this project's exempt text. Its Head of Service may give you leave."
        )


def make(asked: Asked) -> Report:
    """Return the report of a project as whoever asks may read it. Raises NotFound."""
    project = projects.by_reference(asked.session, asked.key)
    scope = reads(asked, project)("project.read")
    if scope is None:
        raise NotFound(f"There is no project {asked.key}.")
    sections = [*_released(asked, project)] if scope == "released" else [*_whole(asked, project)]
    lifecycle = asked.home.lifecycle(asked.session, project)
    stage = lifecycle.stages[project.stage].title if project.stage in lifecycle.stages else project.stage
    department = projects.department(asked.session, project.department).name
    facts = [("Project", project.reference), ("Department", department), ("Stage", stage)]
    if scope != "released":
        facts.append(("Project manager", projects.person(asked.session, project.manager_id).name))
    if project.partner:
        facts.append(("Partner", project.partner))
    return paper(
        asked,
        "project",
        f"{project.reference} {project.title}",
        asked.home.calendar.financial_year(asked.today),
        position=[section for section in sections if not section.appendix],
        financial=_money(asked, project, scope == "released"),
        appendices=[section for section in sections if section.appendix],
        facts=facts,
    )


def reads(asked: Asked, project: Project) -> Callable[[str], str | None]:
    """Return what says by which scope whoever asks reads a part of the project; the operator reads all."""
    by = asked.by
    if by is None:
        return lambda _: "all"
    return lambda permission: access.reads(asked.session, asked.home, by, permission, project)


def _whole(asked: Asked, project: Project) -> Iterator[Section]:
    may = reads(asked, project)
    wanted = {"milestones", "measures", "savings", "lessons", "plan", "conditions", "sections"}
    facts = gate.load_facts(asked.session, asked.home, project, wanted, asked.at)
    yield Section("summary", "Summary", (Text(project.summary or "No summary is written yet."),))
    if may("returns.read"):
        yield Section("status", "Status", tables.status(asked, project))
    picture = drawn.milestones(
        "milestones",
        "Milestones against the dates that CMT agreed",
        facts=facts.milestones,
        today=asked.today,
        calendar=asked.home.calendar,
    )
    yield Section("milestones", "Milestones", (picture,))
    yield Section("measures", "Cost and performance", (tables.measures(asked, project, facts.measures),))
    if may("savings.read"):
        yield Section("savings", "Savings", tuple(tables.savings(asked, project)))
    if may("decisions.read"):
        found = record.gather(asked.session, asked.home, project, asked.at)
        yield Section(
            "decisions", "Decisions", (tables.decisions(asked, found), tables.conditions(asked, found))
        )
    if may("outline.read"):
        yield from _texts(asked, facts.sections, facts.exempt)
    if facts.plan:
        yield Section("plan", "Appendix: action plan", (tables.plan(facts.plan),), appendix=True)
    if may("lessons.read") and facts.lessons:
        yield Section("lessons", "Appendix: lessons", (tables.lessons(facts.lessons),), appendix=True)


def _texts(asked: Asked, texts: Texts, exempts: Texts) -> Iterator[Section]:
    """Yield each text of the outline and the recommendations, with the paragraph by which it is exempt."""
    for document, name in (("outline", "Outline"), ("recommendations", "Recommendations")):
        for spec in asked.home.outline.sections(document):
            text = texts.get(document, {}).get(spec.key, "")
            if text.strip():
                yield Section(
                    f"{document}_{spec.key}",
                    f"Appendix: {name}: {spec.title}",
                    paragraphs(text),
                    exempt=exempts.get(document, {}).get(spec.key, ""),
                    appendix=True,
                )


def paragraphs(text: str) -> tuple[Block, ...]:
    """Return a text's paragraphs."""
    return tuple(Text(part.strip()) for part in text.split("\n\n") if part.strip())


def _released(asked: Asked, project: Project) -> Iterator[Section]:
    assert asked.by is not None
    found = released.of(asked.session, asked.home, project, asked.by, asked.at)
    yield Section("summary", "Summary", (Text(found.summary or "No summary is approved yet."),))
    through = month_name(found.through) if found.through else "no month yet"
    note = Text(f"Figures are those released to you: of verified returns up to {through}.")
    yield Section("status", "Status", (note, tables.returns(found.returns, project)))
    yield Section("measures", "Cost and performance", (tables.released_measures(found, project),))
    yield Section("savings", "Savings", (tables.released_savings(found, project),))
    for text in found.texts:
        for part in text.parts:
            if "text" in part and str(part["text"]).strip():
                title = f"Appendix: {text.title}: {part['title']}"
                yield Section(
                    f"{text.title}_{part['key']}".lower().replace(" ", "_"),
                    title,
                    (Text(f"As approved on {short_day(text.approved_on)}."), *paragraphs(str(part["text"]))),
                    appendix=True,
                )
    if found.lessons:
        rows = [(number, text) for number, text in enumerate(found.lessons, 1)]
        yield Section("lessons", "Appendix: lessons", (tables.numbered(rows),), appendix=True)


def _money(asked: Asked, project: Project, only_released: bool) -> Sequence[Block]:
    if only_released:
        return [
            Text(
                "The savings that were agreed, and what was delivered in the months released, are set out above."
            )
        ]
    if not reads(asked, project)("savings.read"):
        return [Text("Savings are set out for those who may read them.")]
    total = tables.register_of(asked, project).counted
    return [
        Text(
            f"In this financial year {pounds(total.gross)} is expected, {pounds(total.cost)} is the cost to achieve it, "
            f"{pounds(total.delivered)} is delivered and {pounds(total.banked)} is banked."
        )
    ]
