"""A line of savings with everything that was entered of it, and its claims on their way through Finance (§15)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from fastapi.responses import Response
from sqlmodel import Session

from vfm_workflow.domain.money import pounds
from vfm_workflow.errors import NotFound
from vfm_workflow.journeys import banking, claims, shares
from vfm_workflow.store import attachments, projects
from vfm_workflow.web import saving_way
from vfm_workflow.web.editing import REFUSED, joined, refusal
from vfm_workflow.web.ids import RowId
from vfm_workflow.web.pages.documents import MEGABYTE, MOST_BODY, allowed, download, sent
from vfm_workflow.web.visit import Form, Page, Typed, Visit

router = APIRouter()
LINE = "/projects/{reference}/savings/{line_id}"


@router.get(f"{LINE}/register")
def line(visit: Page, reference: str, line_id: RowId) -> Response:
    """Show the line: its profile and the first one agreed, its way by quarter, and every entry."""
    return _line(visit, reference, line_id)


@router.post(f"{LINE}/claims", max_body_size=MOST_BODY)
def put(
    visit: Annotated[Visit, Depends(allowed)],
    upload: Annotated[tuple[Typed, str, bytes], Depends(sent)],
    reference: str,
    line_id: RowId,
) -> Response:
    """Put what was delivered in a quarter before Finance, with its evidence."""
    typed, name, data = upload
    most = visit.app.settings.upload_megabytes * MEGABYTE

    def do(session: Session) -> str:
        row = claims.put(
            session, visit.home, reference, line_id, visit.me(), visit.at, form=typed, name=name, data=data, most_bytes=most
        )  # fmt: skip
        return f"{pounds(row.amount)} is put before Finance."

    return _act(visit, reference, line_id, typed, do, "claim")


@router.post(f"{LINE}/delivered")
def deliver(visit: Page, form: Form, reference: str, line_id: RowId) -> Response:
    """Say for Finance what the line goes on delivering after its project's returns have ended."""

    def do(session: Session) -> str:
        claims.deliver(session, visit.home, reference, line_id, visit.me(), visit.at, form=form)
        return "What was delivered is entered."

    return _act(visit, reference, line_id, form, do, "deliver")


@router.post(f"{LINE}/shares")
def share(visit: Page, form: Form, reference: str, line_id: RowId) -> Response:
    """Say what the partner saves by the line itself."""

    def do(session: Session) -> str:
        shares.save_shares(session, visit.home, reference, line_id, visit.me(), visit.at, form=form)
        return "The partner’s part is saved."

    return _act(visit, reference, line_id, form, do, "share")


@router.post(f"{LINE}/ring-fences")
def fence(visit: Page, form: Form, reference: str, line_id: RowId) -> Response:
    """Ring-fence money of the line's budget."""

    def do(session: Session) -> str:
        typed = joined(form, "until")
        row = banking.fence(session, visit.home, reference, line_id, visit.me(), visit.at, form=typed)
        return f"{pounds(row.amount)} is ring-fenced."

    return _act(visit, reference, line_id, form, do, "fence")


@router.post(f"{LINE}/ring-fences/{{fence_id}}")
def lift(visit: Page, form: Form, reference: str, line_id: RowId, fence_id: RowId) -> Response:
    """Lift a ring-fence."""

    def do(session: Session) -> str:
        why = form.get("lift_why", "")
        row = banking.lift(session, visit.home, reference, line_id, fence_id, visit.me(), visit.at, why)
        return f"The ring-fence of {pounds(row.amount)} is lifted."

    return _act(visit, reference, line_id, form, do, f"lift_{fence_id}")


def _act(
    visit: Visit, reference: str, line_id: int, typed: Typed, do: Callable[[Session], str], opened: str
) -> Response:
    """Do one thing on the line; show its page again with what was typed where it is refused."""
    try:
        with visit.write() as session:
            said = do(session)
    except REFUSED as error:
        return _line(
            visit,
            reference,
            line_id,
            errors=refusal(error),
            typed=typed,
            status=error.status,
            opened=opened,
        )
    return visit.go(f"/projects/{reference}/savings/{line_id}/register", said)


def _line(
    visit: Visit,
    reference: str,
    line_id: int,
    *,
    errors: Mapping[str, str] | None = None,
    typed: Typed | None = None,
    status: int = 200,
    opened: str = "",
) -> Response:
    with visit.read() as session:
        context = saving_way.line(visit, session, reference, line_id)
    context["opened"] = opened
    return visit.page("register/line.html", context, status=status, errors=errors, typed=typed)


@router.get(f"{LINE}/claims/{{claim_id}}")
def claim(visit: Page, reference: str, line_id: RowId, claim_id: RowId) -> Response:
    """Show a claim: its evidence, who did what, and what it waits for."""
    return _claim(visit, reference, line_id, claim_id)


@router.get(f"{LINE}/claims/{{claim_id}}/document")
def document(visit: Page, reference: str, line_id: RowId, claim_id: RowId) -> Response:
    """Send the document that came with a claim."""
    with visit.read() as session:
        context = saving_way.claim(visit, session, reference, line_id, claim_id)
        key, file_id = projects.key(context["project"]), context["claim"].row.attachment_id
        row = attachments.one(session, key, file_id) if file_id is not None else None
        if row is None:
            raise NotFound("There is no such document.")
        return download(row)


@router.post(f"{LINE}/claims/{{claim_id}}")
def act(visit: Page, form: Form, reference: str, line_id: RowId, claim_id: RowId) -> Response:
    """Verify, refuse or bank a claim, or say where it went: `do` says which."""
    actor, what = visit.me(), form.get("do", "")
    common = (visit.home, reference, line_id, claim_id, actor, visit.at)
    steps: Mapping[str, tuple[Callable[[Session], Any], str]] = {
        "verify": (lambda s: claims.verify(s, *common, form.get("why", "")), "The saving is verified."),
        "refuse": (lambda s: claims.refuse(s, *common, form.get("refuse_why", "")), "The claim is refused."),
        "bank": (lambda s: banking.bank(s, *common, form=form), "The saving is banked."),
        "place": (lambda s: banking.place(s, *common, form=form), "Where it went is said."),
    }
    if what not in steps:
        said = {"form": "Choose what to do with the claim"}
        return _claim(visit, reference, line_id, claim_id, errors=said, typed=form, status=422)
    do, done = steps[what]
    try:
        with visit.write() as session:
            do(session)
    except REFUSED as error:
        return _claim(
            visit, reference, line_id, claim_id, errors=refusal(error), typed=form, status=error.status
        )
    return visit.go(f"/projects/{reference}/savings/{line_id}/claims/{claim_id}", done)


def _claim(
    visit: Visit,
    reference: str,
    line_id: int,
    claim_id: int,
    *,
    errors: Mapping[str, str] | None = None,
    typed: Typed | None = None,
    status: int = 200,
) -> Response:
    with visit.read() as session:
        context = saving_way.claim(visit, session, reference, line_id, claim_id)
    return visit.page("register/claim.html", context, status=status, errors=errors, typed=typed)
