"""Figures as pages show them: a value with its unit, and the small line of how it went."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from vfm_workflow.domain.calendar import month_after, month_name
from vfm_workflow.domain.facts import MeasureFact
from vfm_workflow.domain.money import figure
from vfm_workflow.domain.units import unit_of as unit_of
from vfm_workflow.store.returns import Reported


def valued(measure: MeasureFact, value: int | None) -> str:
    """Return a measure's value with its unit; nothing for none."""
    return "" if value is None else unit_of(measure.unit).of(figure(value, measure.places))


def in_unit(unit: str, places: int, value: int | None) -> str:
    """Return a value in steps of 10^-places with its unit; nothing for none."""
    return "" if value is None else unit_of(unit).of(figure(value, places))


@dataclass(frozen=True, slots=True)
class Spark:
    """A line of values in a box of `width` by `height`: each run of months without a gap, the last point, the target."""

    width: int
    height: int
    runs: tuple[str, ...]
    lone: tuple[tuple[float, float], ...]
    """Months whose neighbours were not reported."""
    last: tuple[float, float]
    target: float | None
    said: str


EDGE = 5


def spark(
    measure: MeasureFact, readings: Sequence[Reported], width: int = 180, height: int = 44
) -> Spark | None:
    """Return the line of a measure's months, None where fewer than two are reported. A month without a figure is a gap."""
    if len(readings) < 2:
        return None
    months = _months(readings[0].period, readings[-1].period)
    values = {row.period: row.value for row in readings}
    known = [*values.values(), *([measure.target] if measure.target is not None else [])]
    low, high = min(known), max(known)

    def y(value: int) -> float:
        share = (value - low) / (high - low) if high > low else 0.5
        return round(height - EDGE - share * (height - 2 * EDGE), 1)

    step = (width - 2 * EDGE) / (len(months) - 1)
    points = [
        (round(EDGE + n * step, 1), y(values[month])) if month in values else None
        for n, month in enumerate(months)
    ]
    runs = _runs(points)
    last = next(point for point in reversed(points) if point is not None)
    target = y(measure.target) if measure.target is not None else None
    return Spark(
        width,
        height,
        tuple(" ".join(f"{px},{py}" for px, py in run) for run in runs if len(run) > 1),
        tuple(run[0] for run in runs if len(run) == 1),
        last,
        target,
        _said(measure, readings),
    )


def _months(first: str, last: str) -> list[str]:
    found = [first]
    while found[-1] < last:
        found.append(month_after(found[-1]))
    return found


def _runs(points: Sequence[tuple[float, float] | None]) -> list[list[tuple[float, float]]]:
    runs: list[list[tuple[float, float]]] = [[]]
    for point in points:
        if point is not None:
            runs[-1].append(point)
        elif runs[-1]:
            runs.append([])
    return [run for run in runs if run]


def _said(measure: MeasureFact, readings: Sequence[Reported]) -> str:
    first, last = readings[0], readings[-1]
    said = (
        f"{measure.name}: {valued(measure, first.value)} in {month_name(first.period)}, "
        f"{valued(measure, last.value)} in {month_name(last.period)}"
    )
    return said if measure.target is None else f"{said}; the target is {valued(measure, measure.target)}"


def progress(measure: MeasureFact, value: int) -> str:
    """Return how far a value is on the way from baseline to target, in words; nothing where that cannot be said."""
    if measure.baseline is None or measure.target is None or measure.baseline == measure.target:
        return ""
    way, done = measure.target - measure.baseline, value - measure.baseline
    percent = done * 100 // way if done * way >= 0 else -(-done * 100 // -way)
    if percent >= 100:
        return "The target is reached."
    if done * way < 0:
        return "Worse than the baseline."
    return f"{percent}% of the way from the baseline to the target."
