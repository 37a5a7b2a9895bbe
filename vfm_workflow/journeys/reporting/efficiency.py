"""The Annual Efficiency Statement: gains that Finance has verified, each with the measure that was checked against it
(§2.2.10, §10.3, §15.1)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from vfm_workflow.domain.calendar import quarter_name, year_name
from vfm_workflow.domain.claims import STATES
from vfm_workflow.domain.money import pounds
from vfm_workflow.errors import BadInput
from vfm_workflow.journeys import register
from vfm_workflow.journeys.register import Row
from vfm_workflow.journeys.reporting.parts import SOURCE, Asked, many, paper
from vfm_workflow.reports.model import Block, Cell, Column, Report, Section, Table, Text, Value, rows_of
from vfm_workflow.store import report_figures as store

_YEAR = re.compile(r"^(20\d\d)/(\d\d)$", re.ASCII)
KINDS = ((True, True), (True, False), (False, True), (False, False))
"""(cashable, ongoing), in the order of the columns."""
STATED = (
    "Stated: what Finance verified in the year, whole pence; a line that another project counts is left out."
)


def year_of(key: str) -> int:
    """Return the financial year of a key such as `2026/27`, by the year in which it begins. Raises BadInput."""
    found = _YEAR.match(key)
    if found is None or int(found[2]) != (int(found[1]) + 1) % 100:
        raise BadInput({"year": f"“{key[:20]}” is no financial year: write it as 2026/27."})
    return int(found[1])


@dataclass(frozen=True)
class Statement:
    """The gains of a year."""

    year: int
    stated: Sequence[Row]
    """Lines with a verified amount."""
    left_out: Sequence[Row]
    """Lines that delivered something which is not, or not wholly, stated."""
    spent: Mapping[int, int]
    """Project id → whole pence spent on achieving its savings, of the projects that have a stated line."""
    claims: Sequence[store.Claimed]
    """Those that Finance has verified."""

    def gross(self, rows: Iterable[Row], cashable: bool, ongoing: bool) -> int:
        """Return what was verified of one kind, in whole pence."""
        return sum(
            row.amounts.verified
            for row in rows
            if (row.line.cashable, row.line.ongoing) == (cashable, ongoing)
        )


def collect(asked: Asked) -> Statement:
    """Return the gains of the year that is asked for. Raises BadInput where it is no year, or has not begun."""
    year = year_of(asked.key)
    if year > asked.home.calendar.financial_year(asked.today):
        raise BadInput({"year": f"The financial year {asked.key} has not begun."})
    found = register.of(asked.session, asked.home, asked.at, register.Asked(year))
    rows = [row for row in found.rows if row.counted]
    stated = [row for row in rows if row.amounts.verified]
    quarters = [f"{year}-Q{number}" for number in range(1, 5)]
    months = [month for quarter in quarters for month in asked.home.calendar.quarter_months(quarter)]
    spent = store.spent(asked.session, months)
    projects = {row.line.project_id for row in stated}
    return Statement(
        year,
        stated,
        [row for row in rows if row.amounts.delivered > row.amounts.verified],
        {key: spent.get(key, 0) for key in projects},
        [claim for claim in store.claims(asked.session, quarters) if claim.state in ("verified", "banked")],
    )


def make(asked: Asked) -> Report:
    """Return the statement as it stands. Raises BadInput where the key is no year, or one that has not begun."""
    found = collect(asked)
    over = asked.home.calendar.financial_year(asked.today) > found.year
    position = [
        Section("position", "Gains of the year", (Text(sentence(found)), by_project(found))),
        Section("lines", "Each gain with its quality check", (by_line(found),)),
        Section("left_out", "Delivered and not stated", (Text(_left(found)), left_out(found))),
    ]
    return paper(
        asked,
        "efficiency",
        year_name(found.year),
        found.year,
        position=position,
        financial=_money(found),
        standing="Draft, not issued" if over else "Draft: the year is not over",
    )


def sentence(found: Statement) -> str:
    """Return what the year gained, in a sentence."""
    gross = sum(row.amounts.verified for row in found.stated)
    cost = sum(found.spent.values())
    if not gross:
        return f"No gain of {year_name(found.year)} is verified yet."
    cash = found.gross(found.stated, True, True) + found.gross(found.stated, True, False)
    return (
        f"{many(len(found.stated), 'gain')} of {year_name(found.year)} with {pounds(gross)} gross "
        f"{'is' if len(found.stated) == 1 else 'are'} evidenced and verified, {pounds(cash)} of it cashable. "
        f"{pounds(cost)} was spent to achieve them, so that {pounds(gross - cost)} is net."
    )


def by_project(found: Statement) -> Table:
    """Return each project's gains by kind, gross, what was spent to achieve them, and net."""
    columns = (
        Column("Project", wide=True),
        Column("Cashable, ongoing", "money", sums=True),
        Column("Cashable, one-off", "money", sums=True),
        Column("Non-cashable, ongoing", "money", sums=True),
        Column("Non-cashable, one-off", "money", sums=True),
        Column("Gross", "money", sums=True),
        Column("Cost to achieve", "money", sums=True),
        Column("Net", "money", sums=True),
    )
    by_id: dict[int, list[Row]] = {}
    for row in found.stated:
        by_id.setdefault(row.line.project_id, []).append(row)
    body: list[Sequence[Value]] = []
    for project_id, rows in by_id.items():
        kinds = [found.gross(rows, cashable, ongoing) for cashable, ongoing in KINDS]
        gross, cost = sum(kinds), found.spent[project_id]
        line = rows[0].line
        name = Cell(f"{line.reference} {line.project}", link=f"/projects/{line.reference}/savings")
        body.append((name, *kinds, gross, cost, gross - cost))
    note = (
        f"{SOURCE}{STATED} Cost to achieve: what the project's verified returns say was spent in the year. "
        "Net is gross less cost."
    )
    return Table("projects", "Gains by project", columns, rows_of(body), note, total="All", of_period=True)


def by_line(found: Statement) -> Table:
    """Return each line's gain with what it was checked against, and where the evidence is."""
    columns = (
        Column("Gain", wide=True),
        Column("Kind"),
        Column("Verified", "money", sums=True),
        Column("Banked", "money", sums=True),
        Column("Quality check", wide=True),
        Column("Evidence", wide=True),
    )
    by_id: dict[int, list[store.Claimed]] = {}
    for claim in found.claims:
        by_id.setdefault(claim.line_id, []).append(claim)
    body = []
    for row in found.stated:
        claims = by_id.get(row.line.id, [])
        evidence = "; ".join(f"{quarter_name(claim.quarter)}: {claim.evidence}" for claim in claims)
        quarters = {claim.quarter for claim in claims}
        checks = [one.quality.sentence for one in row.quarters if one.quarter in quarters]
        body.append(
            (
                Cell(f"{row.line.reference} {row.line.title}", link=f"/savings/{row.line.id}"),
                kind(row),
                row.amounts.verified,
                row.amounts.banked,
                checks[-1] if checks else None,
                evidence,
            )
        )
    note = f"{SOURCE}{STATED} Quality: the newest reading of the last quarter that is stated, against the measure's baseline."
    return Table("lines", "Each gain", columns, rows_of(body), note, total="All", of_period=True)


def kind(row: Row) -> str:
    """Return a line's kind in words."""
    cashable = "Cashable" if row.line.cashable else "Non-cashable"
    return f"{cashable}, {'ongoing' if row.line.ongoing else 'one-off'}"


def left_out(found: Statement) -> Table:
    """Return what was delivered and is not stated, and why."""
    columns = (
        Column("Saving", wide=True),
        Column("Delivered", "money", sums=True),
        Column("Stated", "money", sums=True),
        Column("Not stated", "money", sums=True),
        Column("Why", wide=True),
    )
    body = []
    for row in found.left_out:
        amounts = row.amounts
        why = "; ".join(
            f"{quarter_name(one.quarter)}: {one.quality.sentence if one.quality.fell else STATES[one.state].lower()}"
            for one in row.quarters
            if one.delivered > one.verified
        )
        name = Cell(f"{row.line.reference} {row.line.title}", link=f"/savings/{row.line.id}")
        body.append((name, amounts.delivered, amounts.verified, amounts.delivered - amounts.verified, why))
    note = f"{SOURCE}Delivered as the monthly returns have it. A cut in service is no gain."
    title, empty = "Delivered and not stated", "Nothing is left out."
    return Table("left_out", title, columns, rows_of(body), note, total="All", empty=empty)


def _left(found: Statement) -> str:
    amount = sum(row.amounts.delivered - row.amounts.verified for row in found.left_out)
    if not amount:
        return "All that was delivered is stated."
    return f"{pounds(amount)} was reported as delivered and is not stated here, because it is not verified or its quality fell."


def _money(found: Statement) -> list[Block]:
    banked = sum(row.amounts.banked for row in found.stated)
    verified = sum(row.amounts.verified for row in found.stated)
    return [
        Text(
            f"{sentence(found)} {pounds(banked)} of the {pounds(verified)} is banked: taken out of a budget by Finance, with a "
            "journal, so that it cannot be spent twice."
        )
    ]
