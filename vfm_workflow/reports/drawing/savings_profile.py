"""Savings delivered against their profile, added up month by month over a financial year (§15.2)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypedDict

from vfm_workflow.domain.calendar import month_name, year_name
from vfm_workflow.domain.money import short_pounds
from vfm_workflow.reports.drawing.parts import (
    ROUNDED,
    Key,
    Scale,
    around,
    axis_room,
    legend,
    money_marks,
    month_axis,
    nothing,
    rounding,
    value_axis,
    write_free,
)
from vfm_workflow.reports.drawing.scene import BLUE, INK, NARROW, WIDE, Line, Mark, Scene
from vfm_workflow.reports.model import Column, Picture, Table, rows_of


class SavingsProfile(TypedDict):
    """Whole pence, each month's added to those before it."""

    kind: str
    year: int
    """The financial year, by the calendar year in which it begins."""
    months: list[str]
    profiled: list[int]
    """One for each month."""
    delivered: list[int]
    """One for each month that is reported, from the first month of the year on."""
    missing: list[str]
    """Months before the last reported one of which nothing is reported: what they delivered is not in it."""
    forecast: int | None
    """What is expected to be delivered by the end of the year; None where nobody has said."""


def savings_profile(
    key: str,
    title: str,
    *,
    year: int,
    months: Sequence[str],
    profiled: Sequence[int],
    delivered: Sequence[int],
    forecast: int | None = None,
    missing: Sequence[str] = (),
) -> Picture:
    """Return the picture of a financial year: `profiled` and `delivered` in whole pence, added up from its first month.

    `delivered` ends with the last month that is reported. Raises ValueError where the months do not fit.
    """
    if len(profiled) != len(months) or len(delivered) > len(months):
        raise ValueError(
            "A profile has an amount for each month, and no more months are delivered than there are."
        )
    data = SavingsProfile(
        kind="savings_profile",
        year=year,
        months=list(months),
        profiled=list(profiled),
        delivered=list(delivered),
        forecast=forecast,
        missing=list(missing),
    )
    return Picture(key, title, _finding(data), {**data}, _table(key, title, data))


def _finding(data: SavingsProfile) -> str:
    year, profiled, delivered = year_name(data["year"]), data["profiled"], data["delivered"]
    whole, forecast = profiled[-1] if profiled else 0, data["forecast"]
    if not delivered:
        if not whole:
            return f"No saving is profiled for {year}, and none is reported as delivered."
        return (
            f"Nothing is reported as delivered in {year} yet: {short_pounds(whole)} is profiled for the year."
        )
    last, so_far = data["months"][len(delivered) - 1], profiled[len(delivered) - 1]
    largest = max(abs(delivered[-1]), abs(so_far))
    said = (
        f"By the end of {month_name(last)} {short_pounds(delivered[-1], largest)} of the "
        f"{short_pounds(so_far, largest)} profiled by then is delivered: "
        f"{_gap(delivered[-1], so_far, 'ahead', 'behind')}."
    )
    if data["missing"]:
        said += f" {_listed([month_name(month) for month in data['missing']])} not reported."
    if forecast is None:
        return said
    largest = max(abs(forecast), abs(whole))
    return (
        f"{said} {short_pounds(forecast, largest)} is forecast for the year against "
        f"{short_pounds(whole, largest)}: {_gap(forecast, whole, 'more', 'short')}."
    )


def _listed(months: Sequence[str]) -> str:
    return f"{months[0]} is" if len(months) == 1 else f"{', '.join(months[:-1])} and {months[-1]} are"


def _gap(amount: int, profiled: int, over: str, under: str) -> str:
    """Return how far an amount is from its profile, and whether the sentence has rounded them."""
    gap, largest = amount - profiled, max(abs(amount), abs(profiled))
    rounded = rounding((amount, profiled, gap), largest)
    said = short_pounds(abs(gap), largest)
    return f"as profiled{rounded}" if said == "£0" else f"{said} {over if gap > 0 else under}{rounded}"


def _table(key: str, title: str, data: SavingsProfile) -> Table:
    delivered: list[int | None] = [*data["delivered"]]
    delivered += [None] * (len(data["months"]) - len(delivered))
    rows = [
        (month_name(month), profiled, done, None if done is None else done - profiled)
        for month, profiled, done in zip(data["months"], data["profiled"], delivered, strict=True)
    ]
    if data["forecast"] is not None and data["profiled"]:
        whole = data["profiled"][-1]
        rows.append(("Forecast for the year end", whole, data["forecast"], data["forecast"] - whole))
    columns = (
        Column("By the end of"),
        Column("Profiled", "money"),
        Column("Delivered", "money"),
        Column("Difference", "money"),
    )
    note = f"Each month’s amounts are added to those before it, from the first month of {year_name(data['year'])}. {ROUNDED}"
    return Table(key, title, columns, rows_of(rows), note)


def draw(data: Any, *, narrow: bool) -> Scene:
    """Return the drawing of a `SavingsProfile`."""
    scene = Scene(NARROW if narrow else WIDE)
    months, profiled, delivered, forecast = (
        data["months"], data["profiled"], data["delivered"], data["forecast"],
    )  # fmt: skip
    if not months or not any((*profiled, *delivered, forecast)):
        return nothing(scene, f"No saving is profiled or delivered in {year_name(data['year'])}.")
    top = legend(scene, 0, _keys(forecast is not None, bool(delivered)))
    known = [0, *profiled, *delivered, *([] if forecast is None else [forecast])]
    marks = money_marks(min(known), max(known), 5)
    left, right = axis_room(scene, marks), scene.width - 34.0
    bottom = top + (210 if narrow else 250)
    up = Scale(marks[0][0], marks[-1][0], bottom, top + 14)
    value_axis(scene, marks, up, left, right + 14)
    places = [
        round(left + 12 + n * (right - left - 12) / max(len(months) - 1, 1), 1) for n in range(len(months))
    ]
    month_axis(scene, months, places, bottom + scene.leading)
    scene.height = bottom + scene.leading + 8
    planned = [(x, up.place(value)) for x, value in zip(places, profiled, strict=True)]
    scene.lines.append(Line(tuple(planned), INK, 2, "6 4"))
    done = [(x, up.place(value)) for x, value in zip(places, delivered, strict=False)]
    _forecast(scene, done, forecast, places[-1], up)
    _delivered(scene, done, delivered)
    if planned:
        write_free(scene, _beside(*planned[-1], scene.size), short_pounds(profiled[-1]), backed=True)
    return scene


def _keys(forecast: bool, delivered: bool) -> list[Key]:
    keys = [Key("line", "Profiled", INK, dashes="6 4", thick=2)]
    if delivered:
        keys.append(Key("line", "Delivered", BLUE, fill=BLUE, thick=3.5))
    if forecast:
        keys.append(Key("mark", "Forecast for the year end", BLUE, shape="ring"))
    return keys


def _delivered(scene: Scene, done: Sequence[tuple[float, float]], amounts: Sequence[int]) -> None:
    if len(done) > 1:
        scene.lines.append(Line(tuple(done), BLUE, 3.5))
    if done:
        scene.marks.append(Mark(*done[-1], "disc", 6))
        x, y = done[-1]
        places = [(x + 4, y + 12 + scene.size, "start"), *around(x, y, 12, scene.size)]
        write_free(scene, places, short_pounds(amounts[-1]), bold=True, backed=True)


def _forecast(
    scene: Scene, done: Sequence[tuple[float, float]], forecast: int | None, x: float, up: Scale
) -> None:
    if forecast is None:
        return
    y = up.place(forecast)
    if done and done[-1] != (x, y):
        scene.lines.append(Line((done[-1], (x, y)), BLUE, 2, "2 4"))
    scene.marks.append(Mark(x, y, "ring", 7))
    write_free(scene, _beside(x, y, scene.size), short_pounds(forecast), bold=True, backed=True)


def _beside(x: float, y: float, size: float) -> list[tuple[float, float, Any]]:
    """Return the places for what stands at the right end of a plot: it may not leave the drawing."""
    return [(x + 32, y - 12, "end"), (x + 32, y + 12 + size * 0.76, "end"), (x - 12, y - 12, "end")]
