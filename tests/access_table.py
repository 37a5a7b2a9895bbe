"""The matrix as the table of `docs/access.md`. To write it anew: `python -m tests.access_table`."""

from __future__ import annotations

from collections.abc import Iterator

from vfm_workflow.documents import parse_yaml
from vfm_workflow.domain.roles import PERMISSIONS, WIDEST_FIRST, load
from vfm_workflow.folders import shipped

FILE = "config/roles.yaml"


def table() -> str:
    """Return the table: a permission a row, and who has it in which scope."""
    return "\n".join(("| permission | who has it |", "|-|-|", *_rows()))


def _rows() -> Iterator[str]:
    roles = load(parse_yaml((shipped() / FILE).read_text(encoding="utf-8"), FILE))
    for permission in PERMISSIONS:
        parts = []
        for scope in WIDEST_FIRST:
            titles = [spec.title for spec in roles.values() if spec.may.get(permission) == scope]
            if titles:
                parts.append(f"**{scope}**: {', '.join(titles)}")
        yield f"| `{permission}` | {' · '.join(parts)} |"


if __name__ == "__main__":
    print(table())  # noqa: T201  (that is what it is for)
