"""The delivery log: every mail, what became of it, and another try for one that failed."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response

from vfm_workflow.journeys import mail_log as journey
from vfm_workflow.store import mail_log as store
from vfm_workflow.store import projects
from vfm_workflow.web.ids import RowId
from vfm_workflow.web.paging import paged
from vfm_workflow.web.visit import Page, Visit

router = APIRouter()
SIZE = 50
WORDS = {
    "waiting": "Waiting",
    "opening": "Being sent",
    "sending": "Being sent, in doubt",
    "sent": "Sent",
    "failed": "Failed",
    "unknown": "Unknown",
}
OUTCOMES = {
    "sent": "Sent",
    "retry": "Refused for now, tried again later",
    "failed": "Refused for good",
    "unknown": "No answer: it may have arrived",
    store.FOUND: "The mail server was asked, and has it",
    store.ABSENT: "The mail server was asked, and never had it: sent again",
    store.UNTOLD: "The mail server was asked, and cannot say yet",
    store.RETRIED: "Another try was asked for",
}


@router.get("/mail")
def listed(visit: Page) -> Response:
    """List the mails, newest first, by filters."""
    actor = visit.me()
    asked = visit.request.query_params
    filters = {name: asked.get(name, "").strip()[:200] for name in ("search", "state", "notice")}
    if filters["state"] not in store.STATES:
        filters["state"] = ""
    with visit.read() as session:

        def fetch(offset: int) -> tuple[list[store.MailRow], int]:
            return journey.listed(
                session,
                visit.home,
                actor,
                state=filters["state"] or None,
                notice=filters["notice"] or None,
                search=filters["search"],
                offset=offset,
                limit=SIZE,
            )

        rows, pager = paged(fetch, "/mail", filters, SIZE, asked.get("page", ""))
        counts = store.counts(session)
        used = store.notices(session)
    titles = notice_titles(visit)
    context = {
        "rows": rows,
        "pager": pager,
        "filters": filters,
        "counts": [(state, counts[state]) for state in store.STATES if state in counts],
        "states": [("", "Any state"), *WORDS.items()],
        "notices": [
            ("", "Any kind"),
            *sorted(((key, titles.get(key, key)) for key in used), key=lambda pair: pair[1]),
        ],
        "titles": titles,
        "to_folder": goes_nowhere(visit),
    }
    return visit.page("mail/list.html", context)


@router.get("/mail/{mail_id}")
def show(visit: Page, mail_id: RowId) -> Response:
    """Show one mail: headers, text, and every try."""
    actor = visit.me()
    with visit.read() as session:
        found = journey.show(session, visit.home, mail_id, actor)
        mail = found.mail
        reference = projects.by_id(session, mail.project_id).reference if mail.project_id else ""
        person = projects.person(session, mail.person_id).name if mail.person_id else ""
    context = {
        "mail": mail,
        "headers": found.headers,
        "text": found.text,
        "attempts": found.attempts,
        "outcomes": OUTCOMES,
        "reference": reference,
        "person": person,
        "kind": notice_titles(visit).get(mail.notice, mail.notice),
        "may_retry": mail.state in ("failed", "unknown") and visit.may("mail.retry"),
    }
    return visit.page("mail/show.html", context)


@router.post("/mail/{mail_id}/retry")
def retry(visit: Page, mail_id: RowId) -> Response:
    """Let a mail that failed, or whose fate is unknown, go once more."""
    actor = visit.me()
    with visit.write() as session:
        journey.retry(session, visit.home, mail_id, visit.at, actor)
    return visit.go(f"/mail/{mail_id}", "It will be sent again within a minute.")


def notice_titles(visit: Visit) -> dict[str, str]:
    """Return notice → its title; a digest is one mail made of many."""
    return {
        "digest": "Daily digest",
        **{key: notice.title for key, notice in visit.home.catalogue.notices.items()},
    }


def goes_nowhere(visit: Visit) -> bool:
    """Return whether to warn this visitor that mail only goes to a folder: administrators, outside the demo."""
    to_folder = visit.app.loaded.mail_url.startswith("folder:")
    return to_folder and not visit.app.is_demo and visit.may("settings.read")
