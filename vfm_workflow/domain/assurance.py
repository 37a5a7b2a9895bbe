"""How sure the service must be who decides: by the gate, and by the money at stake (protocol of decisions, point 10).

A the link alone · B the link and a code mailed to the address on record · C the link and a fresh sign-in by the
council's own service (OpenID Connect).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from vfm_workflow.domain.lifecycle import Assurance, DecisionRule

if TYPE_CHECKING:
    from vfm_workflow.domain.facts import SavingFact

PROFILE_YEARS = 5
PENCE = 100


def amount(savings: Iterable[SavingFact]) -> int:
    """Return the money at stake in a text, in whole pence: what is expected to be saved in the first five financial years
    of its profile, and what that costs to achieve. A year that is expected to lose money counts with what it loses."""
    lines = list(savings)
    years = {year for line in lines for year, *_ in line.years}
    last = min(years, default=0) + PROFILE_YEARS
    total = 0
    for line in lines:
        costs = dict(line.costs)
        total += sum(abs(expected) + costs.get(year, 0) for year, _, expected, _ in line.years if year < last)
    return total


def demanded(rule: DecisionRule, pence: int) -> Assurance:
    """Return the level that a decision needs on a text in which so much money, in whole pence, is at stake."""
    above = rule.assurance_above
    return above.level if above is not None and pence > above.pounds * PENCE else rule.assurance


def reachable(level: Assurance, sign_in: str) -> Assurance:
    """Return the level to hold a decider to: C needs the council's own sign-in service; until there is one, it is B."""
    return "B" if level == "C" and sign_in != "oidc" else level


def seat_name(decider: str, member: str) -> str:
    """Return who decided as every page and mail says it: the member, or a deputy as `X for Y` (point 9)."""
    return decider if decider == member else f"{decider} for {member}"


def known_by(level: str, decider: str, member: str, address: str) -> str:
    """Return how it is known who decided. A link proves a mailbox, not a hand: nothing is ever “signed by” anybody."""
    how = {
        "A": f"link sent to {address}",
        "B": f"code mailed to {address}",
        "C": f"link sent to {address}, and signed in as {decider} by the council’s own service",
    }
    holder = "link holder for " if decider == member else "link holder "
    return f"{holder}{seat_name(decider, member)}, level {level} ({how[level]})"
