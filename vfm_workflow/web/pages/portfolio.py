"""The list of projects, and beginning a new one.

This module is included before `project`, so that `/projects/new` is never read as a project's reference.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from fastapi import APIRouter
from fastapi.responses import Response
from markupsafe import Markup
from sqlmodel import Session
from starlette.datastructures import QueryParams

from vfm_workflow.domain.forms import parse_days
from vfm_workflow.domain.lifecycle import Lifecycle
from vfm_workflow.domain.roles import reach
from vfm_workflow.errors import BadInput
from vfm_workflow.journeys import pipeline, portfolio
from vfm_workflow.journeys import projects as journey
from vfm_workflow.store import listing, pages_projects, projects
from vfm_workflow.store.projects import AnyProject
from vfm_workflow.web import released
from vfm_workflow.web.project_rows import reasons, written
from vfm_workflow.web.visit import Form, Page, Typed, Visit

router = APIRouter()

PAGE, MOST = 25, 200
RATINGS = (("red", "Red"), ("amber", "Amber"), ("green", "Green"), ("none", "Not rated"))


@dataclass(frozen=True, slots=True)
class Asked:
    """What of the list is asked for. What makes no sense is left out: an address is no form to be refused."""

    search: str
    stage: str
    department: str
    rag: str
    mine: bool
    sort: str
    page: int
    limit: int

    @classmethod
    def read(cls, query: QueryParams) -> Asked:
        sort = query.get("sort", "")
        return cls(
            search=query.get("search", "").replace("\x00", "").strip()[:100],
            stage=query.get("stage", ""),
            department=query.get("department", ""),
            rag=query.get("rag", "") if query.get("rag") in dict(RATINGS) else "",
            mine=query.get("whose") == "mine",
            sort=sort if sort.removeprefix("-") in listing.SORTS else "reference",
            page=_number(query.get("page"), 1, 100_000),
            limit=_number(query.get("limit"), PAGE, MOST),
        )

    def for_members(self) -> Asked:
        """Return what of it Members may ask: a filter or an order by what they are not shown would tell it all the same."""
        sort = self.sort if self.sort.removeprefix("-") in released.SORTS else "reference"
        return replace(self, rag="", mine=False, sort=sort)

    @property
    def filtered(self) -> bool:
        return bool(self.search or self.stage or self.department or self.rag or self.mine)

    def query(self, **other: str) -> str:
        """Return the address of the same list with something else, its page left out: another order begins anew."""
        parts = {
            "search": self.search,
            "stage": self.stage,
            "department": self.department,
            "rag": self.rag,
            "whose": "mine" if self.mine else "",
            "sort": self.sort if self.sort != "reference" else "",
            "limit": str(self.limit) if self.limit != PAGE else "",
            **other,
        }
        return "?" + urlencode({name: value for name, value in parts.items() if value})

    def turned(self, name: str) -> str:
        """Return the sort that a click on a column's heading asks for."""
        return f"-{name}" if self.sort == name else name

    def direction(self, name: str) -> str:
        """Return how a column is sorted, as `aria-sort` has it."""
        if self.sort.removeprefix("-") != name:
            return "none"
        return "descending" if self.sort.startswith("-") else "ascending"


def _number(text: str | None, otherwise: int, most: int) -> int:
    if text is None or not text.isdecimal() or not text.isascii() or len(text) > 9:
        return otherwise
    return min(max(int(text), 1), most)


@router.get("/projects")
def index(visit: Page) -> Response:
    actor = visit.me()
    mine = reach(visit.home.roles, actor)
    members = mine.scope == "released"
    asked = Asked.read(visit.request.query_params)
    if members:
        asked = asked.for_members()
    with visit.read() as session:
        rows, total = listing.page(
            session,
            stage=asked.stage or None,
            department=asked.department or None,
            rag=asked.rag or None,
            search=asked.search,
            manager_id=actor.id if asked.mine else None,
            reach=mine,
            sort=asked.sort,
            offset=(asked.page - 1) * asked.limit,
            limit=asked.limit,
        )
        glance = portfolio.glance(session, visit.home, visit.at)
        departments = projects.department_names(session)
        pictures = _pictures(visit, session, asked) if mine.scope == "all" else Markup()
        readable = not members and reach(visit.home.roles, actor, "returns.read").scope == mine.scope
        why = reasons(session, rows) if readable else {}
    first = (asked.page - 1) * asked.limit + 1
    decisions = glance.deciding if reach(visit.home.roles, actor, "decisions.read").scope == "all" else {}
    template = visit.templates.get_template("portfolio/row.html")
    context = {
        "asked": asked,
        "rows": rows,
        "members": members,
        "lines": released.lines(visit, rows, glance.lifecycles, departments) if members else (),
        "body": ""
        if members
        else written(visit.home, template, glance.lifecycles, departments, rows, decisions, visit.today, why),
        "total": total,
        "first": first,
        "last": first + len(rows) - 1,
        "pages": max((total + asked.limit - 1) // asked.limit, 1),
        "figures": glance.figures if mine.scope == "all" else None,
        "pictures": pictures,
        "stages": stage_titles([*visit.home.lifecycles.values(), *glance.lifecycles.values()]),
        "departments": departments,
        "ratings": RATINGS,
        "may_create": visit.may("project.create"),
    }
    return visit.page("portfolio/list.html", context)


def _pictures(visit: Visit, session: Session, asked: Asked) -> Markup:
    """Return the pictures under the whole list; none under a part of it or a later page.

    What is drawn is kept as long as the pictures are: drawing them takes longer than the rest of the page.
    """
    if asked.filtered or asked.page > 1:
        return Markup()
    savings = reach(visit.home.roles, visit.me(), "savings.read").scope == "all"
    found = pipeline.pictures(session, visit.home, visit.at, savings=savings)
    drawn: Markup
    drawn_of, drawn = visit.home.kept.get(f"drawn-{savings}", (None, Markup()))
    if drawn_of is not found:
        drawn = Markup(visit.templates.get_template("portfolio/pictures.html").render(pictures=found))  # noqa: S704  (a template's)
        visit.home.kept[f"drawn-{savings}"] = (found, drawn)
    return drawn


def stage_titles(lifecycles: list[Lifecycle]) -> dict[str, str]:
    """Return stage → title over some lifecycles, in their order."""
    found: dict[str, str] = {}
    for lifecycle in lifecycles:
        for key, stage in lifecycle.stages.items():
            found.setdefault(key, stage.title)
    return found


@router.get("/projects/new")
def new(visit: Page) -> Response:
    actor = visit.me()
    department = actor.department
    return _new_page(visit, {"manager": actor.address, "department": department})


@router.post("/projects/new")
def create(visit: Page, form: Form) -> Response:
    actor = visit.me()
    try:
        with visit.write() as session:
            project = _create(visit, session, form)
    except BadInput as error:
        return _new_page(
            visit, form, errors=error.fields, chosen=form.many("priorities"), status=error.status
        )
    done = f"{project.reference} is begun. Write its outline, then submit it to CMT."
    if project.manager_id != actor.id:
        done = f"{project.reference} is begun."
    return visit.go(f"/projects/{project.reference}", done)


def _create(visit: Visit, session: Session, form: Typed) -> AnyProject:
    """Return the new project. Raises BadInput with everything that is wrong, which rolls all of it back."""
    problems: dict[str, str] = {}
    days, typed = None, form.get("planned_days", "").strip()
    if typed:
        try:
            days = parse_days(typed[:100])
        except ValueError as error:
            problems["planned_days"] = f"The days planned {error}"
    try:
        project = journey.create(
            session,
            visit.home,
            title=form.get("title", ""),
            kind=form.get("kind", ""),
            department=form.get("department", ""),
            manager=form.get("manager", ""),
            sponsor=form.get("sponsor", ""),
            summary=form.get("summary", ""),
            partner=form.get("partner", ""),
            priorities=form.many("priorities"),
            planned_days=days,
            by=visit.me(),
            at=visit.at,
        )
    except BadInput as error:
        raise BadInput({**error.fields, **problems}) from error
    if problems:
        raise BadInput(problems)
    return project


def _new_page(
    visit: Visit,
    typed: Mapping[str, str],
    *,
    errors: Mapping[str, str] | None = None,
    chosen: list[str] | None = None,
    status: int = 200,
) -> Response:
    home = visit.home
    with visit.read() as session:
        people = pages_projects.active_people(session)
        departments = [(row.code, row.name) for row in projects.departments(session)]
    context = {
        "kinds": [(kind.key, kind.title) for kind in home.outline.kinds],
        "departments": departments,
        "people": [(person.address, person.name) for person in people],
        "priorities": home.outline.priorities,
        "chosen": chosen or [],
    }
    return visit.page("portfolio/new.html", context, errors=errors, typed=typed, status=status)
