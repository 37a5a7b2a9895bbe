"""A visitor moves the demo's clock: each working day on the way is lived through, so that its mails arrive on it."""

from __future__ import annotations

import datetime as dt
import threading
from dataclasses import dataclass

from vfm_workflow.demo import days
from vfm_workflow.domain.calendar import Calendar, month_end
from vfm_workflow.errors import BadInput, NotFound
from vfm_workflow.store import mail_log
from vfm_workflow.wiring import App

STEPS = {
    "next_working_day": "Next working day",
    "next_month": "Next month",
    "end_of_quarter": "End of quarter",
}
MORNING = "09:00"
_MOVING = threading.Lock()


@dataclass(frozen=True, slots=True)
class Moved:
    """What a move did: the new moment, the working days lived through, mails written by the clock, mails delivered."""

    now: dt.datetime
    days: int
    posted: int
    delivered: int


def move(app: App, step: str) -> Moved:
    """Move the demo's clock by `step`, a key of STEPS; return what it did.

    On each working day on the way the clock ticks and mail is delivered as it would have been (see `days.walk`). Raises
    BadInput for another step, and NotFound where this is no demo.
    """
    if step not in STEPS:
        raise BadInput({"step": f"Choose one of: {', '.join(STEPS)}"})
    with _MOVING:
        start = app.demo_now()
        if start is None or not app.is_demo:
            raise NotFound("This is no demo: its clock is the machine's own.")
        end = target(app.home.calendar, step, start)
        before, posted, lived = _sent(app), 0, set[dt.date]()
        for beat in days.walk(app, start, end, arrive=app.set_demo_now):
            posted += beat.posted
            lived.add(app.home.calendar.today(beat.at))
        return Moved(end, len(lived), posted, _sent(app) - before)


def target(calendar: Calendar, step: str, at: dt.datetime) -> dt.datetime:
    """Return nine o'clock on the day that `step` leads to: a working day, the first of a month, or after a quarter."""
    today = calendar.today(at)
    if step == "next_working_day":
        day = calendar.add_working_days(today, 1)
    elif step == "next_month":
        day = calendar.next_working_day(month_end(today.strftime("%Y-%m")) + dt.timedelta(days=1))
    else:
        last = month_end(calendar.quarter_months(calendar.quarter(today))[2])
        day = calendar.next_working_day(last + dt.timedelta(days=1))
    return calendar.moment(day, MORNING)


def _sent(app: App) -> int:
    with app.read() as session:
        return mail_log.counts(session).get("sent", 0)
