"""Reports: which there are to read, one of them as a page, and the files it is fetched as. A PDF is made by a job."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response

from vfm_workflow.errors import BadInput, NotFound
from vfm_workflow.journeys import jobs, printing, reporting
from vfm_workflow.journeys.reporting import KINDS
from vfm_workflow.reports import writing
from vfm_workflow.reports.model import Report
from vfm_workflow.reports.writing import FORMS, pictures
from vfm_workflow.reports.writing.view import is_public, view
from vfm_workflow.web.visit import Form, Page, Visit

router = APIRouter()


@router.get("/reports")
def listed(visit: Page) -> Response:
    """List the reports one may read now."""
    with visit.read() as session:
        found = reporting.listed(session, visit.home, visit.me(), visit.at)
    groups = [(kind, [one for one in found if one.kind is kind]) for kind in KINDS.values()]
    return visit.page(
        "reports/list.html",
        {"groups": [(kind, mine) for kind, mine in groups if mine], "address": reporting.address},
    )


@router.get("/reports/{kind}")
def whole(visit: Page, kind: str) -> Response:
    """Show a report of which there is one."""
    return _show(visit, kind, "")


@router.get("/reports/{kind}/{key}")
def one(visit: Page, kind: str, key: str) -> Response:
    """Show a report, or send it as a file of the form that `?form=` names."""
    return _show(visit, kind, key)


@router.post("/reports/{kind}")
def print_whole(visit: Page, form: Form, kind: str) -> Response:
    """Ask for the PDF of a report of which there is one."""
    return _print(visit, kind, "", form.get("version", ""))


@router.post("/reports/{kind}/{key}")
def print_one(visit: Page, form: Form, kind: str, key: str) -> Response:
    """Ask for a report's PDF; the job's page says how far it is, and hands it over."""
    return _print(visit, kind, key, form.get("version", ""))


def _show(visit: Visit, kind: str, key: str) -> Response:
    query = visit.request.query_params
    report = _read(visit, kind, key, query.get("version", ""))
    with visit.read() as session:
        acts = reporting.acts(session, visit.home, kind, report.key, visit.me(), visit.at)
    if form := query.get("form", ""):
        return _file(visit, report, form, query.get("table", ""))
    laid = view(report)
    exempt = not is_public(report) and query.get("version") == printing.EXEMPT
    context = {
        "report": report,
        "view": laid,
        "kind": KINDS[report.kind],
        "draw": pictures.both,
        "here": reporting.address(report.kind, report.key),
        "exempt": exempt,
        "acts": acts,
        "asked_exempt": query.get("version") == printing.EXEMPT,
        "forms": [form for form in FORMS.values() if form.name not in ("html", "pdf", "json")],
        "tables": report.tables(),
    }
    return visit.page("reports/show.html", context)


def _read(visit: Visit, kind: str, key: str, version: str) -> Report:
    actor = visit.me()
    _refuse_stray(kind, key)
    with visit.read() as session:
        return reporting.read(
            session, visit.home, kind, key, actor, visit.at, exempt=version == printing.EXEMPT
        )


def _refuse_stray(kind: str, key: str) -> None:
    """Raise NotFound where an address says more or less than its kind of report has."""
    if kind in KINDS and bool(key) != bool(KINDS[kind].key):
        raise NotFound("There is no such report.")


def _file(visit: Visit, report: Report, name: str, table: str) -> Response:
    try:
        form = writing.form_of(name)
    except BadInput as error:
        raise NotFound("There is no such form of a report.") from error
    if form.slow:
        raise NotFound("A PDF is made by the button on the report’s page.")
    data = writing.write(report, form.name, visit.home.style, table)
    file = writing.file_name(report, form.name, table if form.name == "csv" else "")
    headers = {
        "Content-Disposition": f'attachment; filename="{file}"',
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }
    return Response(data, media_type=form.media_type, headers=headers)


def _print(visit: Visit, kind: str, key: str, version: str) -> Response:
    actor = visit.me()
    _refuse_stray(kind, key)
    told = {"of": kind, "key": key, "version": version}
    with visit.write() as session:
        job = jobs.ask(session, visit.home, printing.KIND.name, actor, visit.at, told)
    return visit.go(f"/jobs/{job.id}")
