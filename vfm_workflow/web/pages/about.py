"""How a project moves, and what the service does about accessibility and people's data."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import APIRouter
from fastapi.responses import Response

from vfm_workflow.domain.lifecycle import BACK, DecisionRule, Lifecycle, Step
from vfm_workflow.domain.machine import mermaid
from vfm_workflow.domain.requirements import REQUIREMENTS
from vfm_workflow.journeys.home import Home
from vfm_workflow.web.visit import Page

router = APIRouter()


@dataclass(frozen=True, slots=True)
class Way:
    """One thing that may happen in a stage, in words."""

    label: str
    to: str
    who: str
    needs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StageView:
    """A stage, in words."""

    title: str
    owner: str
    limit: int | None
    monitored: bool
    ways: tuple[Way, ...]


@dataclass(frozen=True, slots=True)
class Drawn:
    """A lifecycle as the page shows it."""

    name: str
    title: str
    version: int
    digest: str
    kinds: tuple[str, ...]
    stages: tuple[StageView, ...]
    decisions: tuple[tuple[DecisionRule, str, str], ...]
    """Each decision with its board and its quorum in words."""
    mermaid: str


@router.get("/about/lifecycle")
def lifecycle(visit: Page) -> Response:
    drawn = [_draw(visit.home, found) for found in visit.home.lifecycles.values()]
    return visit.page("about/lifecycle.html", {"drawn": drawn})


@router.get("/about/accessibility")
def accessibility(visit: Page) -> Response:
    return visit.page("about/accessibility.html")


@router.get("/about/privacy")
def privacy(visit: Page) -> Response:
    return visit.page("about/privacy.html", {"minutes": visit.home.calendar.rules.sign_in_link_minutes})


def _draw(home: Home, found: Lifecycle) -> Drawn:
    stages = tuple(
        StageView(
            spec.title,
            home.role_title(spec.owner) if spec.owner else "",
            spec.limit_working_days,
            spec.monitored,
            tuple(_way(home, found, step) for step in found.steps(key)),
        )
        for key, spec in found.stages.items()
    )
    return Drawn(
        name=found.name,
        title=found.document.title,
        version=found.document.version,
        digest=found.digest,
        kinds=tuple(kind.title for kind in home.outline.kinds if kind.lifecycle == found.name),
        stages=stages,
        decisions=tuple(
            (rule, _titles(home, rule.board, "and"), _quorum(home, rule)) for rule in found.decisions.values()
        ),
        mermaid=mermaid(found),
    )


def _way(home: Home, found: Lifecycle, step: Step) -> Way:
    to = "" if step.target == step.stage else _place(found, step.target)
    if step.spec.decided_by:
        who = f"the decision “{found.decisions[step.spec.decided_by].title}”"
    else:
        who = _titles(home, step.spec.by, "or")
    needs = tuple(REQUIREMENTS[name].sentence for name in step.spec.requires if name in REQUIREMENTS)
    return Way(step.spec.label, to, who, needs)


def _place(found: Lifecycle, stage: str) -> str:
    return "where it was" if stage == BACK else found.stages[stage].title


def _titles(home: Home, roles: tuple[str, ...], word: str) -> str:
    *most, last = [home.role_title(role) for role in roles]
    return f"{', '.join(most)} {word} {last}" if most else last


def _quorum(home: Home, rule: DecisionRule) -> str:
    share = {"majority": "More than half of the board", "all": "The whole board"}.get(
        str(rule.quorum.share), f"{rule.quorum.share} of the board"
    )
    among = [home.role_title(role) for role in rule.quorum.must_include]
    return f"{share}, the {' and the '.join(among)} among them" if among else share
