"""Pages are loaded when somebody asks for them, and no rule is lost by that: each has its line, and is found."""

from __future__ import annotations

import os
import pkgutil
import subprocess
import sys
import warnings

import pytest
from fastapi import APIRouter, FastAPI

from tests.people import Council
from tests.web.support import BASE
from vfm_workflow.web import access, loading, pages
from vfm_workflow.web.loading import Pages

SLOW = {
    "alembic", "apscheduler", "limits", "markdown_it", "pydantic.v1.main", "rich", "sqlalchemy.dialects.postgresql",
    "statemachine", "structlog",
}  # fmt: skip
"""What takes a while to load, and what the first page does without."""
ONE_PAGE = """
import sys
from bench.first_answer import start
assert start("/sign-in") == 200
print(*sys.modules)
"""


def test_a_module_with_a_route_without_a_line_is_not_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    web = FastAPI()
    placed = Pages(web, "about")
    web.router.routes.append(placed)
    router = pages.router("about")
    monkeypatch.setattr(router, "routes", list(router.routes))
    router.add_api_route("/about/secrets", lambda: None, methods=["GET"])
    with pytest.raises(LookupError, match="GET /about/secrets"):
        placed.load()
    assert placed in web.router.routes


def test_every_module_of_pages_is_where_the_table_of_addresses_says() -> None:
    assert sorted(module.name for module in pkgutil.iter_modules(pages.__path__)) == list(pages.ADDRESSES)
    for module in pages.ADDRESSES:
        loading.refuse_astray(module, pages.router(module))


def test_whoever_asks_for_all_pages_gets_each_that_has_a_line() -> None:
    web = FastAPI()
    web.router.routes += [Pages(web, module) for module in pages.ADDRESSES]
    loading.load_all(web)
    assert not [route for route in web.router.routes if isinstance(route, Pages)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # GET and HEAD share an operation's name
        assert set(web.openapi()["paths"]) == {path for _, path in access.ACCESS}


def test_a_route_where_nobody_would_look_for_it_is_refused() -> None:
    astray = APIRouter()
    astray.add_api_route("/projects/{reference}/secrets", lambda: None, methods=["GET"])
    with pytest.raises(LookupError, match=r"`about` has: /projects/\{reference\}/secrets"):
        loading.refuse_astray("about", astray)


def test_a_start_loads_no_page_and_a_request_the_module_of_its_page_alone(council: Council) -> None:
    done = subprocess.run(
        [sys.executable, "-c", ONE_PAGE], capture_output=True, text=True, check=False,
        env={**os.environ, "VFM_DATA": str(council.app.loaded.data), "VFM_BASE_URL": BASE},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    loaded = done.stdout.split()
    assert [name for name in loaded if name.startswith("vfm_workflow.web.pages.")] == [
        "vfm_workflow.web.pages.signin"
    ]
    for slow in (
        "sqlalchemy.dialects.postgresql",
        "alembic",
        "apscheduler",
        "limits",
        "markdown_it",
        "rich",
        "statemachine",
        "structlog",
    ):
        assert slow not in loaded
