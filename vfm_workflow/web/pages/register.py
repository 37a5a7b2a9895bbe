"""The savings register: every line of the council that somebody may see, by quarter, and what it adds up to (§15)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from urllib.parse import urlencode

from fastapi import APIRouter
from fastapi.responses import Response
from starlette.datastructures import QueryParams

from vfm_workflow.domain.claims import STATES
from vfm_workflow.domain.roles import reach
from vfm_workflow.journeys import planning
from vfm_workflow.journeys import register as journey
from vfm_workflow.journeys.register import Register, Row
from vfm_workflow.store import projects
from vfm_workflow.store import register as store
from vfm_workflow.web.visit import Page, Visit

router = APIRouter()
PAGE = 50
KINDS = (("yes", "Cashable"), ("no", "Non-cashable"))


@dataclass(frozen=True, slots=True)
class Filters:
    """What of the register is asked for. What makes no sense is left out: an address is no form to be refused."""

    year: int
    department: str
    kind: str
    state: str
    page: int

    @classmethod
    def read(cls, query: QueryParams, this_year: int) -> Filters:
        year, page = query.get("year", ""), query.get("page", "")
        return cls(
            int(year) if year.isascii() and year.isdigit() and len(year) == 4 else this_year,
            query.get("department", "").strip().upper()[:20],
            query.get("cashable", "") if query.get("cashable") in dict(KINDS) else "",
            query.get("state", "") if query.get("state") in STATES else "",
            max(int(page), 1) if page.isascii() and page.isdigit() and len(page) < 7 else 1,
        )

    @property
    def filtered(self) -> bool:
        return bool(self.department or self.kind or self.state)

    def query(self, **other: str) -> str:
        """Return the address of the same register with something else."""
        parts = {
            "year": str(self.year),
            "department": self.department,
            "cashable": self.kind,
            "state": self.state,
            **other,
        }
        return "?" + urlencode({name: value for name, value in parts.items() if value})


@router.get("/savings")
def show(visit: Page) -> Response:
    """Show the register of a financial year, by default the one under way."""
    actor, calendar = visit.me(), visit.home.calendar
    mine = reach(visit.home.roles, actor, journey.READS)
    this_year = calendar.financial_year(visit.today)
    asked = Filters.read(visit.request.query_params, this_year)
    with visit.read() as session:
        wanted = journey.Asked(
            asked.year, asked.department, {"yes": True, "no": False}.get(asked.kind), asked.state
        )
        found = journey.register(session, visit.home, actor, visit.at, wanted)
        doubles = planning.double_counts(session, visit.home) if mine.scope == "all" else []
        span = store.years(session) or (this_year, this_year)
        departments = projects.department_names(session)
    pages = max((len(found.rows) + PAGE - 1) // PAGE, 1)
    asked = replace(asked, page=min(asked.page, pages))
    shown = found.rows[(asked.page - 1) * PAGE : asked.page * PAGE]
    context = {
        "register": found,
        "rows": shown,
        "asked": asked,
        "pages": pages,
        "years": range(min(span[0], this_year, asked.year), max(span[1], this_year, asked.year) + 1),
        "departments": departments,
        "kinds": KINDS,
        "states": STATES,
        "destinations": visit.home.savings.destinations,
        "doubles": [double for double in doubles if double.warning == "same_budget"],
        "finding": finding(visit, found),
        "this_year": this_year,
        "of_line": of_line,
    }
    return visit.page("register/register.html", context)


def of_line(row: Row, whole: bool) -> str:
    """Return where a row leads: its own page, or for Members the project's."""
    project = f"/projects/{row.line.reference}"
    return f"{project}/savings/{row.line.id}/register" if whole else project


def finding(visit: Visit, found: Register) -> str:
    """Return how far the year has come, in a sentence."""
    from vfm_workflow.domain.money import pounds

    total = found.counted
    if not total.gross and not total.delivered:
        return ""
    share = f", {total.delivered * 100 // total.gross}%" if total.gross > 0 else ""
    return (
        f"{pounds(total.delivered)} of the {pounds(total.gross)} expected in the year is delivered{share}; "
        f"{pounds(total.verified)} is verified by Finance and {pounds(total.banked)} of it banked."
    )
