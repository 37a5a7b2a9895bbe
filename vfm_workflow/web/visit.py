"""One request, as every page needs it: who asks, at what moment, and the way to answer."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Annotated, Any
from urllib.parse import urlsplit

from fastapi import Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from itsdangerous import BadSignature
from jinja2 import Environment
from sqlmodel import Session

from vfm_workflow.domain.roles import Actor, Scope, Standing, extent, may
from vfm_workflow.errors import NotAllowed, ProofNeeded
from vfm_workflow.journeys import access, signin
from vfm_workflow.journeys.home import Home
from vfm_workflow.journeys.signin import SignedIn
from vfm_workflow.signing import signer
from vfm_workflow.store import access as access_store
from vfm_workflow.store import projects
from vfm_workflow.store.tables import Project
from vfm_workflow.wiring import App

SESSION_COOKIE, FLASH_COOKIE = "vfm_session", "vfm_flash"
SEEN_EVERY = dt.timedelta(minutes=1)


class SignInNeeded(Exception):
    """Nobody is signed in. The handler sends the browser to sign in and back to the page."""


@dataclass
class Visit:
    """A request."""

    request: Request
    app: App
    templates: Environment
    at: dt.datetime
    nonce: str = field(default_factory=lambda: secrets.token_urlsafe(16))
    standings: dict[int, Standing] = field(default_factory=dict)
    """Project → its standing, read once a request: `web.access` fills it before the page begins."""

    @cached_property
    def signed_in(self) -> SignedIn | None:
        """Who is signed in and how, or None. Asking notes that the session was used."""
        secret = self.cookie(SESSION_COOKIE)
        if not secret:
            return None
        idle = dt.timedelta(minutes=self.app.settings.session_idle_minutes)
        with self.app.read() as session:
            known = signin.who(session, secret, self.at, idle)
            if known is None:
                return None
            known = replace(known, actor=access.standing_in(session, self.home, known.actor, self.at))
        self.request.state.who = known.actor.id  # for the log of what is refused
        if known.seen_at + SEEN_EVERY <= self.at:
            with self.app.write() as session:
                signin.seen(session, secret, self.at)
        return known

    @property
    def actor(self) -> Actor | None:
        """Who is signed in, or None."""
        return self.signed_in.actor if self.signed_in is not None else None

    @property
    def home(self) -> Home:
        return self.app.home

    @property
    def today(self) -> dt.date:
        return self.home.calendar.today(self.at)

    @property
    def secure(self) -> bool:
        """Whether the council's address is https, so that cookies are Secure and carry the `__Host-` prefix."""
        return self.app.settings.base_url.startswith("https://")

    @property
    def accounts(self) -> bool:
        """Whether people sign in with the council's own accounts."""
        return self.app.settings.sign_in == "oidc"

    @property
    def path(self) -> str:
        """The path and query asked for, to come back to."""
        query = self.request.url.query
        return self.request.url.path + (f"?{query}" if query else "")

    def read(self) -> AbstractContextManager[Session]:
        """Open a session for reading."""
        return self.app.read()

    def write(self) -> AbstractContextManager[Session]:
        """Open a transaction that commits at its end."""
        return self.app.write()

    def me(self) -> Actor:
        """Return who is signed in. Raises SignInNeeded."""
        if self.actor is None:
            raise SignInNeeded
        return self.actor

    def may(self, permission: str, project: Project | None = None) -> bool:
        """Return whether whoever is signed in may do this, on `project` or anywhere."""
        if self.actor is None:
            return False
        standing = self.standing(project) if project is not None else None
        return may(self.home.roles, self.actor, permission, standing, self.today)

    def extent(self, permission: str, project: Project) -> Scope | None:
        """Return by which scope whoever is signed in may do this on `project`, None where they may not."""
        if self.actor is None:
            return None
        return extent(self.home.roles, self.actor, permission, self.standing(project), self.today)

    def whole(self, permission: str, project: Project) -> bool:
        """Return whether they may do this on all of `project`, and not only on what is released of it."""
        return self.extent(permission, project) not in (None, "released")

    def reads_exempt(self, project: Project) -> bool:
        """Return whether whoever is signed in may read the project's exempt text: by role, by leave, or to decide."""
        if self.actor is None:
            return False
        return self.may("exempt.read", project) or self.actor.id in self.standing(project).deciding

    def standing(self, project: Project) -> Standing:
        """Return the project's standing as it was when the request began."""
        key = projects.key(project)
        if key not in self.standings:
            with self.read() as session:
                self.standings[key] = access_store.standing(session, project)
        return self.standings[key]

    def prove(self) -> None:
        """Raise ProofNeeded where whoever is signed in last proved longer ago than `step_up_minutes` that it is they."""
        minutes = self.app.settings.step_up_minutes
        known = self.signed_in
        if known is None or known.confirmed_at + dt.timedelta(minutes=minutes) <= self.at:
            said = f"You signed in more than {minutes} minutes ago. Confirm that it is you, then do it again."
            raise ProofNeeded(said, confirm=True)

    def must(self, permission: str) -> Actor:
        """Return who is signed in if their role has `permission` anywhere. Raises SignInNeeded or NotAllowed."""
        actor = self.me()
        if not may(self.home.roles, actor, permission):
            raise NotAllowed("Your role does not include this page.")
        return actor

    def cookie_name(self, name: str) -> str:
        """Return the full name of a cookie: with `__Host-` wherever the address is https."""
        return f"__Host-{name}" if self.secure else name

    def cookie(self, name: str) -> str | None:
        """Return a cookie's value."""
        return self.request.cookies.get(self.cookie_name(name))

    def set_cookie(self, response: Response, name: str, value: str, seconds: int | None = None) -> None:
        """Set a cookie that scripts cannot read and other sites do not send (Lax: a click in a mail does)."""
        response.set_cookie(
            self.cookie_name(name),
            value,
            max_age=seconds,
            path="/",
            secure=self.secure,
            httponly=True,
            samesite="lax",
        )

    def drop_cookie(self, response: Response, name: str) -> None:
        """Delete a cookie."""
        response.delete_cookie(
            self.cookie_name(name), path="/", secure=self.secure, httponly=True, samesite="lax"
        )

    def sign(self, value: Any, salt: str) -> str:
        """Return `value` signed, for a cookie or a hidden field."""
        return signer(self.app.secret_key, salt).dumps(value)

    def unsign(self, text: str | None, salt: str, seconds: int) -> Any:
        """Return what was signed, or None where it was changed, is older than `seconds`, or is missing."""
        if not text:
            return None
        try:
            return signer(self.app.secret_key, salt).loads(text, max_age=seconds)
        except BadSignature:
            return None

    def page(
        self,
        template: str,
        context: Mapping[str, Any] | None = None,
        *,
        status: int = 200,
        errors: Mapping[str, str] | None = None,
        typed: Mapping[str, Any] | None = None,
    ) -> HTMLResponse:
        """Return a page. `errors` (field → sentence) draws the error summary; `typed` is what the person had typed."""
        flash = self.unsign(self.cookie(FLASH_COOKIE), "flash", 300)
        html = self.templates.get_template(template).render(
            visit=self,
            actor=self.actor,
            home=self.home,
            settings=self.app.settings,
            cspNonce=self.nonce,
            errors=dict(errors or {}),
            typed=typed,
            flash=flash,
            demo=self.app.is_demo,
            **(context or {}),
        )
        response = HTMLResponse(html, status_code=status)
        response.headers["Content-Security-Policy"] = policy(self.nonce)
        if flash is not None:
            self.drop_cookie(response, FLASH_COOKIE)
        return response

    def go(self, path: str, done: str = "") -> RedirectResponse:
        """Return a 303 to a page of ours; `done` is said there once, in a green banner."""
        response = RedirectResponse(path, status_code=303)
        if done:
            self.set_cookie(response, FLASH_COOKIE, self.sign(done, "flash"), 300)
        return response


def policy(nonce: str) -> str:
    """Return the Content-Security-Policy of a page: only our own files, and the one script and style with the nonce."""
    return (
        f"default-src 'self'; script-src 'self' 'nonce-{nonce}'; style-src 'self' 'nonce-{nonce}'; img-src 'self' data:; "
        "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )


def local_path(text: str | None, otherwise: str = "/") -> str:
    """Return `text` if it is a path of ours, else `otherwise`: nothing redirects off this site."""
    if (
        not text
        or not text.startswith("/")
        or text.startswith(("//", "/\\"))
        or any(ord(c) < 32 or ord(c) == 127 for c in text)
    ):
        return otherwise
    parts = urlsplit(text)
    return text if not parts.scheme and not parts.netloc else otherwise


def of(request: Request) -> Visit:
    """Return the visit of a request."""
    council: App = request.app.state.council
    return Visit(request, council, request.app.state.templates, council.now())


async def visit(request: Request) -> Visit:
    """Return the visit of a request: FastAPI's dependency. It reads nothing yet, so it needs no thread of its own."""
    return of(request)


Page = Annotated[Visit, Depends(visit)]


class Typed(dict[str, str]):
    """A submitted form: each field's last value as typed, and `many` for fields that come more than once."""

    lists: dict[str, list[str]]

    def many(self, name: str) -> list[str]:
        """Return every value of a field."""
        return self.lists.get(name, [])

    def only(self, name: str) -> str:
        """Return the answer to a question that takes one: nothing where two were given that differ."""
        given = set(self.many(name))
        return given.pop() if len(given) == 1 else ""


async def form(request: Request) -> Typed:
    """Return the submitted form without the characters that no database or page can show."""
    typed = Typed()
    typed.lists = {}
    async with request.form(max_files=1, max_fields=2000) as data:
        for name, value in data.multi_items():
            if isinstance(value, str):
                text = value.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")
                typed[name] = text
                typed.lists.setdefault(name, []).append(text)
    request.state.typed = typed
    return typed


def typed_in(request: Request) -> Typed | None:
    """Return the form that was sent with a request, if one was read before the page failed."""
    found: Typed | None = getattr(request.state, "typed", None)
    return found or None


Form = Annotated[Typed, Depends(form)]
