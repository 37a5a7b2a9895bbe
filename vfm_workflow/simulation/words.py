"""What simulated people write: whole sentences, long enough for the gate, of no meaning that anything rests on."""

from __future__ import annotations

from vfm_workflow.simulation.chance import Chance

SERVICES = (
    "Waste rounds", "Garden waste", "Street cleansing", "Planning validation", "Building control", "Licensing",
    "Temporary accommodation", "Leisure centres", "Museum hours", "Benefits", "Council tax", "Procurement", "Sickness",
    "Web channel", "Print", "Offices", "Legal advice", "Land charges", "Fleet", "Car parks", "Cemeteries", "Events",
)  # fmt: skip
WAYS = (
    "shared with neighbours",
    "by fewer visits",
    "online first",
    "bought together",
    "costed anew",
    "in one team",
)
DEPARTMENTS = (
    "Street Scene", "Planning and Housing", "Leisure and Culture", "Customer and ICT", "Finance and Revenues",
    "Human Resources", "Legal and Democratic", "Policy and Assets",
)  # fmt: skip
_SAID = (
    "the unit cost stands above the median of comparable districts", "residents wait longer than they were promised",
    "two teams do the same work from two depots", "the contract ends next spring", "the figures were exchanged in March",
    "staff were asked and most agree", "doing nothing costs more each year", "the system is out of support",
)  # fmt: skip


def title(chance: Chance) -> str:
    """Return a project's title."""
    return f"{chance.one(SERVICES)} {chance.one(WAYS)}"


def text(chance: Chance, least: int = 12) -> str:
    """Return a text of at least so many words."""
    said: list[str] = []
    while sum(map(len, map(str.split, said))) < least:
        said.append(f"In year {chance.between(1, 9)} {chance.one(_SAID)}.")
    return " ".join(said)
