"""What changed in a report's figures since it was issued: as issued, and now, with where it is entered."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from vfm_workflow.reports.model import Cell, Column, Report, Table, shown

COLUMNS = (
    Column("Table"),
    Column("Row", wide=True),
    Column("Figure"),
    Column("As issued"),
    Column("Now"),
)


def since(before: Sequence[Report], now: Report) -> Table:
    """Return every figure that differs from what was said last: by the report, or by an addendum since.

    Only what is of the period itself is compared: what moves from day to day, such as slippage, is no correction.
    """
    known = _corrected(before[1:])
    rows = []
    for table in now.tables():
        if not table.of_period:
            continue
        for row, column, old, new in _differences(_table(before[0], table.key), table):
            said = known.get((table.title, row, column), old)
            if said != new.text:
                rows.append(
                    (Cell(table.title), Cell(row, link=new.link), Cell(column), Cell(said), Cell(new.text))
                )
    note = "Figures of the period, entered or corrected since. Each leads to its entries: who, when, and what was before."
    return Table(
        "corrections", "Corrected since", COLUMNS, tuple(rows), note, empty="No figure was corrected since."
    )


def _table(report: Report, key: str) -> Table | None:
    try:
        return report.table(key)
    except KeyError:
        return None


def _corrected(addenda: Sequence[Report]) -> dict[tuple[str, str, str], str]:
    """Return (table, row, figure) → what the newest addendum says of it."""
    found = {}
    for addendum in addenda:
        table = _table(addendum, "corrections")
        for row in table.rows if table is not None else ():
            title, name, figure, _, now = (str(cell.value) for cell in row)
            found[title, name, figure] = now
    return found


def _differences(before: Table | None, now: Table) -> Iterator[tuple[str, str, str, Cell]]:
    """Yield (row, column, as it was, as it is) of each cell that differs; the first column names a row."""
    old = {_name(before, row): row for row in before.all_rows()} if before is not None else {}
    new = {_name(now, row): row for row in now.all_rows()}
    for name in dict.fromkeys([*new, *old]):
        for number, column in enumerate(now.columns):
            if number == 0 or column.of_day:
                continue
            was = shown(column, old[name][number]) if name in old and before is not None else "–"
            cell = new[name][number] if name in new else Cell(None)
            word = shown(column, cell)
            if was != word:
                link = new[name][0].link if name in new else ""
                yield name, column.title, was, Cell(word, word, link=cell.link or link)


def _name(table: Table, row: tuple[Cell, ...]) -> str:
    return shown(table.columns[0], row[0])
