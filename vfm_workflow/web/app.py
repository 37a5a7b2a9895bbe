"""The web application: its pages, its headers, its errors, and the clock beside it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import anyio.to_thread
from asgi_cross_origin_protection import CrossOriginProtection
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse, Response
from fastapi.staticfiles import StaticFiles
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp

from vfm_workflow import __version__, collector, wiring
from vfm_workflow.errors import ProofNeeded, VfmError
from vfm_workflow.logs import log
from vfm_workflow.web import answers, pages, templating
from vfm_workflow.web.gate import Gate
from vfm_workflow.web.headers import Headers
from vfm_workflow.web.keeping import keep_for_proof, keep_for_sign_in
from vfm_workflow.web.loading import Pages
from vfm_workflow.web.refusals import Refusals
from vfm_workflow.web.visit import SignInNeeded, Visit, form, of, typed_in
from vfm_workflow.wiring import App

if TYPE_CHECKING:
    from vfm_workflow.clock import Clock

STATIC = Path(__file__).parent / "static"
THREADS = 8
"""Pages run in a small pool: more threads only fight for the interpreter."""
MOST_BODY = 2 * 1024 * 1024


def create(app: App, *, clock: bool = True) -> ASGIApp:
    """Return the web application of a council. With `clock` it ticks and delivers in the same process."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        anyio.to_thread.current_default_thread_limiter().total_tokens = THREADS
        beating = _clock(app) if clock else None
        collector.resume()
        yield
        if beating is not None:
            await anyio.to_thread.run_sync(beating.stop)
        app.close()

    web = FastAPI(
        title="vfm-workflow",
        version=__version__,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        lifespan=lifespan,
        max_body_size=MOST_BODY,
        redirect_slashes=False,  # it would send the browser to the host and scheme that the request says
    )
    web.state.council = app
    web.state.templates = templating.environment(app)
    web.mount("/static", StaticFiles(directory=STATIC), name="static")
    web.router.routes += [Pages(web, module) for module in pages.ADDRESSES]
    web.add_exception_handler(SignInNeeded, _sign_in_needed)
    web.add_exception_handler(ProofNeeded, _proof_needed)
    web.add_exception_handler(VfmError, _refused)
    web.add_exception_handler(HTTPException, _http)
    web.add_exception_handler(RequestValidationError, _malformed)
    web.add_exception_handler(Exception, _broken)
    base_url = app.settings.base_url
    protected = CrossOriginProtection(web, allowed_origins=[base_url])
    return Refusals(Headers(Gate(protected, base_url=base_url), secure=base_url.startswith("https://")))


def _clock(app: App) -> Clock:
    """Return the clock, which beats. Its library is loaded only where it does."""
    from vfm_workflow.clock import Clock

    beating = Clock(app)
    beating.start()
    return beating


def _visit(request: Request) -> Visit:
    """Return the visit for an error page, as nobody's where even who is signed in cannot be read."""
    found = of(request)
    try:
        found.actor  # noqa: B018  (read now, while a failure can still be answered)
    except Exception:
        log.exception("the visitor could not be read", path=request.url.path)
        found.__dict__["signed_in"] = None
    return found


async def _sign_in_needed(request: Request, _: Exception) -> Response:
    if request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        await form(
            request
        )  # who may have a page is asked before its form is read, and what was typed is kept all the same
    return await run_in_threadpool(_to_sign_in, request)


async def _proof_needed(request: Request, error: Exception) -> Response:
    """Keep what was typed on a page that asks to confirm who one is; `_to_sign_in` does the same for who is signed out."""
    typed = await form(request)
    return await run_in_threadpool(keep_for_proof, _visit(request), typed, str(error))


def _to_sign_in(request: Request) -> Response:
    found = _visit(request)
    if request.headers.get("x-autosave"):
        return JSONResponse({"saved": False, "message": "You are signed out."}, 401)
    if (typed := typed_in(request)) is not None:
        return keep_for_sign_in(found, typed)
    target = found.path if request.method in ("GET", "HEAD") else "/"
    return RedirectResponse(f"/sign-in?next={quote(target, safe='')}", status_code=303)


def _machines(request: Request) -> bool:
    """Return whether a program asks, to be refused in JSON."""
    return request.url.path.startswith(answers.HERE)


def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, VfmError)
    if _machines(request):
        return answers.refused(error, error.status)
    if request.headers.get("x-autosave"):
        return JSONResponse({"saved": False, "message": str(error)}, error.status)
    found = _visit(request)
    context: dict[str, Any] = {
        "error": error,
        "reasons": getattr(error, "unmet", ()) or getattr(error, "changes", ()),
    }
    return found.page("error.html", context, status=error.status)


def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    found = _visit(request)
    said = {
        404: "There is no such page.",
        405: "This page cannot be used that way.",
        413: "That is too large to send.",
    }
    message = said.get(error.status_code, "That request could not be used.")
    if _machines(request):
        return answers.refused(message, error.status_code)
    return found.page("error.html", {"error": message, "reasons": ()}, status=error.status_code)


def _malformed(request: Request, _: Exception) -> Response:
    return _visit(request).page("error.html", {"error": "There is no such page.", "reasons": ()}, status=404)


def _broken(request: Request, error: Exception) -> Response:
    log.error("a page failed", path=request.url.path, exc_info=error)
    message = "Something went wrong on our side. Nothing was changed. Try again in a minute."
    if _machines(request):
        return answers.refused(message, 500)
    return _visit(request).page("error.html", {"error": message, "reasons": ()}, status=500)


def from_environment() -> ASGIApp:
    """Return the application that the environment describes, with the clock: what `vfm serve` runs."""
    return create(wiring.build())


def web_only_from_environment() -> ASGIApp:
    """Return the application without the clock: what `vfm serve --web-only` runs."""
    return create(wiring.build(), clock=False)
