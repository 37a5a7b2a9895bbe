"""A line of savings and its claims as their pages show them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session

from vfm_workflow.domain.calendar import quarter_name
from vfm_workflow.domain.claims import STATES, Quarter, correction
from vfm_workflow.errors import NotFound
from vfm_workflow.journeys import claims as journey
from vfm_workflow.journeys import register
from vfm_workflow.journeys.banking import in_force
from vfm_workflow.journeys.savings import line_of
from vfm_workflow.store import claims as store
from vfm_workflow.store import register as register_store
from vfm_workflow.store.claims import Claim, Entry
from vfm_workflow.store.register import Agreement, Wanted, Year
from vfm_workflow.store.tables import Project
from vfm_workflow.web.project_frame import frame
from vfm_workflow.web.visit import Visit


@dataclass(frozen=True)
class Profile:
    """A line's years as they stand and as CMT agreed them first, with totals that are the sums of them. Whole pence."""

    years: Mapping[int, Year]
    agreed: Sequence[Agreement]

    @property
    def shown(self) -> list[int]:
        """Every year that the profile has, or had when CMT agreed it first."""
        return sorted({*self.years, *(self.agreed[0].years if self.agreed else ())})

    def now(self, year: int) -> Year:
        return self.years.get(year, Year(0, 0, 0, 0))

    def net(self, year: int) -> int:
        """Return what is expected in a year, less the cost to achieve it."""
        return self.now(year).expected - self.now(year).cost

    def first(self, year: int) -> int:
        """Return what CMT agreed first for a year, 0 where its profile had none."""
        return self.agreed[0].years.get(year, (0, 0, 0))[1] if self.agreed else self.now(year).expected

    @property
    def rebaselined(self) -> bool:
        return len(self.agreed) > 1

    def total(self, part: str) -> int:
        """Return the sum of a part over all years: `low`, `expected`, `high`, `cost`, `first` or `net`."""
        if part in ("first", "net"):
            return sum(getattr(self, part)(year) for year in self.shown)
        return sum(getattr(self.now(year), part) for year in self.shown)


def line(visit: Visit, session: Session, reference: str, line_id: int) -> dict[str, Any]:
    """Return what the page of a line shows. Raises NotFound."""
    context = frame(visit, session, reference, "savings")
    project = context["project"]
    row = line_of(session, project, line_id)
    ids = register_store.chosen(Wanted(line_id=line_id))
    (found,) = register_store.lines(session, ids)
    quarters = register.way(session, visit.home, line_id, visit.at)
    everything = visit.whole("history.read", project)
    profile = Profile(
        register_store.profiles(session, ids).get(line_id, {}),
        register_store.agreements(session, ids).get(line_id, []),
    )
    calendar = visit.home.calendar
    this_year = calendar.financial_year(visit.today)
    of_year = [month for n in range(1, 5) for month in calendar.quarter_months(f"{this_year}-Q{n}")]
    months = journey.without_return(session, visit.home, project, visit.at) if profile.agreed else []
    fences = store.fences(session, line_id)
    return context | {
        "line": found,
        "row": row,
        "everything": everything,
        "quarters": quarters,
        "newest": next((one for one in quarters if one.delivered), quarters[0]),
        "states": STATES,
        "this_year": this_year,
        "forecast": register_store.forecasts(session, ids, of_year).get(line_id),
        "warnings": [said for one in quarters if (said := correction(row.title, one))],
        "profile": profile,
        "claims": store.of_line(session, line_id) if everything else [],
        "destinations": store.destinations(session, line_id) if everything else {},
        "names": visit.home.savings.destinations,
        "entries": _entries(store.entries(session, line_id)),
        "fences": [(one, in_force(one.row, visit.today)) for one in fences] if everything else [],
        "shares": register_store.shares(session, ids).get(line_id, {}),
        "claimable": _claimable(visit, project, found.counted_in, profile, quarters),
        "may_claim": visit.may("savings.claim", project),
        "may_share": bool(project.partner) and visit.may("savings.share", project),
        "finance": visit.may("savings.bank", project) and _not_theirs(visit, project),
        "months": months if found.counted_in is None else [],
        "most": visit.app.settings.upload_megabytes,
        "budget": row.budget_code,
    }


def _claimable(
    visit: Visit, project: Project, counted_in: int | None, profile: Profile, quarters: Sequence[Quarter]
) -> list[Quarter]:
    """Return the quarters of which whoever is signed in may put something before Finance, newest first."""
    if counted_in is not None or not profile.agreed or not visit.may("savings.claim", project):
        return []
    return [one for one in quarters if one.left > 0 and one.state in ("delivered", "refused")]


def _not_theirs(visit: Visit, project: Project) -> bool:
    actor = visit.me()
    themselves = {actor.id, *(principal.id for principal in actor.stands_for)}
    return not themselves & {project.manager_id, project.sponsor_id}


@dataclass(frozen=True)
class Month:
    """What was delivered in a month as it counts, and what it corrected."""

    newest: Entry
    earlier: Sequence[Entry]


def _entries(rows: Sequence[Entry]) -> list[Month]:
    """Return each month with its newest entry, newest month first. Months of nothing at all are left out."""
    months: dict[str, list[Entry]] = {}
    for row in rows:
        months.setdefault(row.period, []).append(row)
    found = [Month(entries[-1], entries[:-1]) for _, entries in sorted(months.items(), reverse=True)]
    return [month for month in found if month.newest.amount or month.earlier]


def claim(visit: Visit, session: Session, reference: str, line_id: int, claim_id: int) -> dict[str, Any]:
    """Return what the page of a claim shows. Raises NotFound."""
    context = frame(visit, session, reference, "savings")
    project = context["project"]
    row = line_of(session, project, line_id)
    found: Claim | None = next(
        (one for one in store.of_line(session, line_id) if one.row.id == claim_id), None
    )
    if found is None:
        raise NotFound(f"“{row.title}” has no such claim.")
    went = store.destinations(session, line_id).get(claim_id, [])
    quarter = register.quarter_of(session, visit.home, line_id, found.row.quarter)
    others = visit.me().id != found.row.evidenced_by and _not_theirs(visit, project)
    return context | {
        "line": row,
        "claim": found,
        "named": quarter_name(found.row.quarter),
        "quarter": quarter,
        "warning": correction(row.title, quarter),
        "went": went,
        "left": found.row.amount - sum(part.amount for part in went),
        "names": visit.home.savings.destinations,
        "states": STATES,
        "may_verify": visit.may("savings.verify", project) and others,
        "may_bank": visit.may("savings.bank", project) and _not_theirs(visit, project),
    }
