"""One module for each group of pages, each with its own `router`."""

from __future__ import annotations

import importlib
import pkgutil

from fastapi import APIRouter
from fastapi.routing import APIRoute


def routers() -> list[APIRouter]:
    """Return the router of every module in this package, in order of name."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    found: list[APIRouter] = [importlib.import_module(f"{__name__}.{name}").router for name in names]
    for router in found:
        for route in router.routes:
            if isinstance(route, APIRoute) and route.methods and "GET" in route.methods:
                route.methods.add(
                    "HEAD"
                )  # link checkers and mail gateways ask so; nothing answers them by an error
    return found
