"""One module for each group of pages, each with its own `router`. A module is loaded by the first request for its pages."""

from __future__ import annotations

import importlib
from collections.abc import Mapping

from fastapi import APIRouter
from fastapi.routing import APIRoute

P = "/projects/{reference}"
ADDRESSES: Mapping[str, tuple[str, ...]] = {
    "about": ("/about",),
    "account": ("/account", "/people/{person_id}/sessions", "/people/{person_id}/identity"),
    "all_returns": ("/returns",),
    "api": ("/api",),
    "asked": ("/c", "/consult"),
    "asked_ideas": ("/i", "/idea"),
    "calendar": ("/calendar",),
    "chasing": (f"{P}/returns/{{period}}/chase",),
    "claims": (f"{P}/savings",),
    "cmt_return": ("/returns/{period}",),
    "comments": (f"{P}/comments",),
    "consult": (f"{P}/consultations", f"{P}/evidence"),
    "dates": (f"{P}/milestones",),
    "decide": ("/d", "/decide"),
    "demo": ("/demo",),
    "departments": ("/people/departments",),
    "deputies": ("/me/deputies",),
    "dispute": ("/dispute", f"{P}/dispute"),
    "documents": (
        f"{P}/documents",
        f"{P}/versions/{{version_id}}/documents",
        "/decide/{link_id}/documents",
        "/consult/{link_id}/documents",
    ),
    "ideas": ("/ideas",),
    "imports": ("/imports",),
    "issuing": tuple(f"/reports/{{kind}}/{{key}}/{end}" for end in ("commentary", "issue", "addendum")),
    "jobs": ("/jobs",),
    "lessons": (f"{P}/lessons",),
    "library": ("/measures",),
    "mail": ("/mail",),
    "measures": (f"{P}/measures", f"{P}/savings"),
    "members": (f"{P}/members", f"{P}/exempt"),
    "notify": ("/notify",),
    "oidc": ("/sign-in/begin", "/sign-in/callback"),
    "outline": (f"{P}/outline", f"{P}/recommendations"),
    "own_mail": ("/account/mail", "/u"),
    "people": ("/people",),
    "person": ("/people/{person_id}",),
    "plan": (f"{P}/plan",),
    "portfolio": ("/projects",),
    "project": (P,),
    "rebaseline": (f"{P}/rebaseline",),
    "register": ("/savings",),
    "reports": ("/reports",),
    "returns": (f"{P}/returns",),
    "reviews": (f"{P}/reviews",),
    "savings": (f"{P}/savings",),
    "signin": ("/", "/sign-in", "/sign-out"),
    "tasks": ("/tasks",),
    "tokens": ("/account/tokens",),
}
"""Module → where its pages are: at an address or anywhere below it. Asked in this order; a line more than needed costs
nothing but a module loaded early, one too few is refused by a test."""


def router(module: str) -> APIRouter:
    """Return a module's router."""
    found: APIRouter = importlib.import_module(f"{__name__}.{module}").router
    for route in found.routes:
        if isinstance(route, APIRoute) and route.methods and "GET" in route.methods:
            route.methods.add(
                "HEAD"
            )  # link checkers and mail gateways ask so; nothing answers them by an error
    return found


def routers() -> list[APIRouter]:
    """Return the router of every module."""
    return [router(module) for module in ADDRESSES]
