"""Looking at everything changes nothing, whoever looks."""

from __future__ import annotations

import pytest

from tests.attack.test_corpus import STARTS, starts
from tests.attack.walking import Visitor, walk
from tests.web.deciding import dump

pytestmark = pytest.mark.xdist_group("attack")


@pytest.mark.parametrize("key", ["", "link", "manager", "admin", "chief"])
def test_looking_at_every_page_changes_nothing(visitor: Visitor, key: str) -> None:
    looker = visitor.as_("" if key == "link" else key)
    before = dump(visitor.council.app)
    found = walk(looker, starts(looker, "link") if key == "link" else STARTS)
    assert len(found.pages) > 5
    for path in found.pages:
        looker._ask("HEAD", path, None, False, None)
    assert dump(visitor.council.app) == before
