"""What every command prints: data on stdout, everything else on stderr, refusals with all their reasons."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from typing import Any

import typer

from vfm_workflow.errors import BadInput, ConfigError, LinkDead, StaleRevision, Unready, VfmError

_AS_JSON = "vfm_workflow.json"


def remember_json(ctx: typer.Context, value: bool) -> bool:
    """Note that `--json` was said, so that a refusal is JSON as well."""
    ctx.meta[_AS_JSON] = value or ctx.meta.get(_AS_JSON, False)
    return value


def emit(data: Any) -> None:
    """Print data as JSON, and nothing else, on stdout."""
    typer.echo(json.dumps(data, ensure_ascii=False, indent=2))


def say(text: str) -> None:
    """Print a result on stdout."""
    typer.echo(text)


def note(text: str) -> None:
    """Print what is no result on stderr: progress, advice, reasons."""
    typer.echo(text, err=True)


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print rows in columns on stdout; None as a dash. The last column is never padded or cut."""
    lines = [
        tuple(header),
        *(tuple("–" if cell in (None, "") else str(cell) for cell in row) for row in rows),
    ]
    widths = [max(len(line[n]) for line in lines) for n in range(len(header) - 1)]
    for line in lines:
        padded = [cell.ljust(width) for cell, width in zip(line, widths, strict=False)]
        say("  ".join([*padded, line[-1]]))


def refuse(ctx: typer.Context, error: VfmError) -> None:
    """Print a refusal's reasons on stderr, and as JSON on stdout where `--json` was said."""
    note(_sentences(error))
    if ctx.meta.get(_AS_JSON):
        emit(refusal(error))


def refusal(error: VfmError) -> dict[str, Any]:
    """Return a refusal as data: `error` its kind, `message`, `unmet`, and what else its kind has to say."""
    data: dict[str, Any] = {"error": kind(error), "message": str(error), "unmet": []}
    if isinstance(error, Unready):
        from vfm_workflow.journeys.overview import unmet_list

        data["unmet"] = unmet_list(error.unmet)
    elif isinstance(error, StaleRevision):
        data["changes"] = list(error.changes)
    elif isinstance(error, BadInput):
        data["fields"] = dict(error.fields)
    elif isinstance(error, ConfigError):
        data["problems"] = [
            {"file": item.file, "line": item.line, "what": item.what, "remedy": item.remedy}
            for item in error.problems
        ]
    elif isinstance(error, LinkDead):
        data["kind"] = error.kind
    return data


def kind(error: VfmError) -> str:
    """Return the name of a refusal's kind, such as `unready` or `stale_revision`."""
    name = type(error).__name__
    return "failed" if type(error) is VfmError else re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def _sentences(error: VfmError) -> str:
    if isinstance(error, BadInput):
        return "\n".join(f"{name}: {sentence}" for name, sentence in error.fields.items())
    lines = [str(error)]
    if isinstance(error, Unready):
        lines += [f"  - {item.sentence} ({item.who}, page {item.page})" for item in error.unmet]
    if isinstance(error, StaleRevision):
        lines += [f"  - {change}" for change in error.changes]
    return "\n".join(lines)
