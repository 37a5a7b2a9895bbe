"""The delivery log: every mail, what became of it, and another try for one that failed."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import APIRouter
from fastapi.responses import Response

from vfm_workflow.errors import BadInput
from vfm_workflow.journeys import mail_log as journey
from vfm_workflow.journeys import undelivered
from vfm_workflow.store import bounces, projects
from vfm_workflow.store import mail_log as store
from vfm_workflow.web.ids import RowId
from vfm_workflow.web.paging import paged
from vfm_workflow.web.visit import Form, Page, Typed, Visit

router = APIRouter()
SIZE = 50
WORDS = {
    "waiting": "Waiting",
    "opening": "Being sent",
    "sending": "Being sent, in doubt",
    "sent": "Sent",
    "failed": "Failed",
    "unknown": "Unknown",
    store.UNDELIVERED: "Not delivered, to be looked into",
}
BOUNCED = {
    "hard": "Came back: it will never arrive",
    "soft": "Came back: the server gave up trying",
    "delayed": "Delayed: the server still tries",
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
    if filters["state"] not in (*store.STATES, store.UNDELIVERED):
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
        strangers = bounces.unmatched(session) if filters["state"] == store.UNDELIVERED else []
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
        "strangers": strangers,
        "bounced": BOUNCED,
    }
    return visit.page("mail/list.html", context)


@router.get("/mail/{mail_id}")
def show(visit: Page, mail_id: RowId) -> Response:
    """Show one mail: headers, text, every try, and what came back."""
    return _show(visit, mail_id)


def _show(
    visit: Visit,
    mail_id: int,
    *,
    errors: Mapping[str, str] | None = None,
    typed: Typed | None = None,
    status: int = 200,
) -> Response:
    actor = visit.me()
    with visit.read() as session:
        found = journey.show(session, visit.home, mail_id, actor)
        mail = found.mail
        reference = projects.by_id(session, mail.project_id).reference if mail.project_id else ""
        person = projects.person(session, mail.person_id) if mail.person_id else None
        dealt_by = projects.person(session, mail.dealt_by).name if mail.dealt_by else "the operator"
    lost = mail.state in ("failed", "unknown") or mail.bounced_at is not None
    context = {
        "mail": mail,
        "headers": found.headers,
        "text": found.text,
        "attempts": found.attempts,
        "came_back": found.came_back,
        "outcomes": OUTCOMES,
        "bounced": BOUNCED,
        "reference": reference,
        "person": person.name if person is not None else "",
        "person_path": f"/people/{person.id}" if person is not None and visit.may("people.edit") else "",
        "moved": person is not None and person.address != mail.to,
        "kind": notice_titles(visit).get(mail.notice, mail.notice),
        "dealt_by": dealt_by,
        "may_retry": lost and mail.state in ("sent", "failed", "unknown") and visit.may("mail.retry"),
    }
    return visit.page("mail/show.html", context, errors=errors, typed=typed, status=status)


@router.post("/mail/{mail_id}/retry")
def retry(visit: Page, mail_id: RowId) -> Response:
    """Let a mail that failed, came back, or whose fate is unknown, go once more."""
    actor = visit.me()
    with visit.write() as session:
        journey.retry(session, visit.home, mail_id, visit.at, actor)
    return visit.go(f"/mail/{mail_id}", "It will be sent again within a minute.")


@router.post("/mail/{mail_id}/dealt")
def dealt(visit: Page, form: Form, mail_id: RowId) -> Response:
    """Note that a mail which did not arrive needs nothing more, and why."""
    actor = visit.me()
    try:
        with visit.write() as session:
            undelivered.deal(session, visit.home, mail_id, form.get("note", ""), actor, visit.at)
    except BadInput as error:
        return _show(visit, mail_id, errors=error.fields, typed=form, status=error.status)
    return visit.go("/mail?state=undelivered", "It is noted. Nothing more is asked about that mail.")


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
