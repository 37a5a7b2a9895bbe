"""What comes round by the calendar whatever the projects do, and the release of a quarter's figures (strategy §6.2)."""

from __future__ import annotations

from collections.abc import Iterator

from vfm_workflow.domain.calendar import day_name, quarter_name
from vfm_workflow.domain.notices import RECURRING, Notice, Says, When
from vfm_workflow.domain.occasions import Round, recurrence
from vfm_workflow.domain.release import newest_release, released_on
from vfm_workflow.journeys.due import SCHEDULES, Owed
from vfm_workflow.journeys.now import Now
from vfm_workflow.store import due as store
from vfm_workflow.store import issued as report_store

CLOCKS = ("portfolio_holder", "cabinet")
"""The keys of `release` in calendar.yaml."""


def owed(now: Now, notice: Notice, when: When) -> Iterator[Owed]:
    """Yield what is owed by a notice at one step of its chain, whatever it looks for."""
    if when.what in RECURRING and notice.says is not None:
        found = recurrence(when, now.today, now.calendar)
        if found is not None:
            yield Owed(found.key, "council", None, "", _item(now, notice.says, found), everywhere=True)
    elif when.what == "quarter_released":
        yield from _released(now, when)
    elif when.what in SCHEDULES:
        yield from SCHEDULES[when.what](now, when)


def _item(now: Now, says: Says, found: Round) -> dict[str, object]:
    filled = {"{period}": found.period, "{before}": found.before, "{day}": day_name(found.day)}

    def fill(text: str) -> str:
        for name, value in filled.items():
            text = text.replace(name, value)
        return text

    link = now.home.url(says.page) if says.page.startswith("/") else says.page
    return {
        "title": fill(says.title),
        "text": fill(says.text),
        "start": fill(says.start),
        "link": link,
        "period": found.period,
        "before": found.before,
        "day": found.day,
    }


def _released(now: Now, when: When) -> Iterator[Owed]:
    """The newest quarter that each release clock has let out, where any return of it is verified; once more where its report
    was issued after that day."""
    issued = report_store.issued(now.session)
    for clock in CLOCKS:
        quarter = newest_release(now.calendar, clock, now.today)
        on = released_on(now.calendar, clock, quarter)
        late = when.late_working_days
        if late is not None and now.calendar.working_days_between(on, now.today) > late:
            continue
        months = now.calendar.quarter_months(quarter)
        projects, returns = store.verified_between(now.session, months[0], months[2])
        if returns:
            issued_at = issued.get(("quarter", quarter))
            later = issued_at is not None and now.calendar.today(issued_at) > on
            page = f"/reports/quarter/{quarter}" if issued_at is not None else "/projects"
            item = {
                "quarter": quarter_name(quarter),
                "released_on": on,
                "projects": projects,
                "returns": returns,
                "link": now.home.url(page),
            }
            yield Owed(
                quarter,
                f"{'issued' if later else 'released'}:{clock}",
                None,
                "",
                item,
                everywhere=True,
                clock=clock,
            )
