"""What a cell is worth to a program: a number with its unit, a date, or words."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from vfm_workflow.reports.model import Cell, Column

STEPS = {"money": 2, "percent": 3, "count": 0}
"""Decimal places that a kind's whole number holds: pence are hundredths of a pound, tenths of a per cent thousandths of one."""
UNITS = {"money": "£", "percent": "%", "date": "", "count": "", "number": "", "text": "", "light": ""}


def places(column: Column, cell: Cell) -> int:
    """Return how many decimal places the cell's whole number holds."""
    return cell.places if column.kind == "number" else STEPS.get(column.kind, 0)


def number(column: Column, cell: Cell) -> Decimal | None:
    """Return the number a cell holds: pounds, a fraction for a per cent, a measure's own unit. None where it holds none."""
    if not isinstance(cell.value, int) or column.kind in ("text", "light", "date"):
        return None
    return Decimal(cell.value).scaleb(-places(column, cell))


def written(column: Column, cell: Cell) -> str:
    """Return a number as a CSV file has it, without separators: `1250.50`, `12.5` for 12.5%. Empty where there is none."""
    value = number(column, cell)
    if value is None:
        return ""
    return f"{value * 100:.1f}" if column.kind == "percent" else f"{value:f}"


def day(column: Column, cell: Cell) -> dt.date | None:
    """Return the day a cell holds, or None."""
    if column.kind != "date" or not isinstance(cell.value, str) or not cell.value:
        return None
    return dt.date.fromisoformat(cell.value)
