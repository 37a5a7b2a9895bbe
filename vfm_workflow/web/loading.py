"""Pages are loaded when somebody first asks for one of theirs: a start loads what it answers, not all there is.

Loading them all takes as long as everything else a start does. Whoever asks first for a page of a module waits some
hundredths of a second more, once.
"""

from __future__ import annotations

import threading

from fastapi import APIRouter, Depends, FastAPI
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute, Match
from starlette.types import Receive, Scope, Send

from vfm_workflow.web import access, pages

_LOADING = threading.Lock()


class Pages(BaseRoute):
    """Stands in an application's routes for a module of pages, until the first request for one of them puts it there."""

    def __init__(self, web: FastAPI, module: str) -> None:
        self.web = web
        self.module = module
        self.heads = [_parts(address) for address in pages.ADDRESSES[module]]
        self.begins = tuple(address.partition("{")[0] for address in pages.ADDRESSES[module])
        self.loaded: BaseRoute | None = None

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Return what the module's own routes say; only where the address may be one of theirs are they loaded."""
        path: str = scope["path"].removeprefix(scope.get("root_path", ""))
        if not path.startswith(self.begins) or not any(_leads(head, _parts(path)) for head in self.heads):
            return Match.NONE, {}
        return self.load().matches(scope)

    def load(self) -> BaseRoute:
        """Put the module's routes in the place of this one, once; return them.

        Raises LookupError where `access` has no line for one of them, or it is not where `pages.ADDRESSES` says.
        """
        with _LOADING:
            if self.loaded is None:
                self.loaded = self._load()
        return self.loaded

    def _load(self) -> BaseRoute:
        router = pages.router(self.module)
        access.refuse_unlisted([router])
        refuse_astray(self.module, router)
        routes = self.web.router.routes
        self.web.include_router(router, dependencies=[Depends(access.guard)])
        routes[routes.index(self)] = loaded = routes.pop()
        return loaded

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the request that had the module loaded."""
        assert self.loaded is not None
        await self.loaded.handle(scope, receive, send)


def load_all(web: FastAPI) -> None:
    """Load every page of an application, for whoever wants to know all it has."""
    for route in list(web.router.routes):
        if isinstance(route, Pages):
            route.load()


def refuse_astray(module: str, router: APIRouter) -> None:
    """Raise LookupError naming each route of a module that is not at its addresses: nobody would ever find it."""
    heads = [_parts(address) for address in pages.ADDRESSES[module]]
    astray = [
        route.path
        for route in router.routes
        if isinstance(route, APIRoute) and not any(_leads(head, _parts(route.path)) for head in heads)
    ]
    if astray:
        raise LookupError(f"pages.ADDRESSES does not say that `{module}` has: {', '.join(astray)}")


def _parts(address: str) -> list[str]:
    return address.split("/")[1:]


def _leads(head: list[str], asked: list[str]) -> bool:
    """Return whether the address `asked` is the one of `head`, or below it. `{…}` stands for anything."""
    return len(head) <= len(asked) and all(
        part == said or part.startswith("{") for part, said in zip(head, asked, strict=False)
    )
