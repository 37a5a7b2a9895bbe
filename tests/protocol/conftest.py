"""A project whose board was asked, for every test of the protocol."""

from __future__ import annotations

import pytest

from tests.people import Council
from tests.web.deciding import asked


@pytest.fixture
def project(council: Council) -> str:
    """A project whose board was asked about its outline."""
    return asked(council)
