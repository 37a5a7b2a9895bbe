"""Answers to programs: JSON, and a refusal as JSON too."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from fastapi.responses import Response

from vfm_workflow.errors import BadInput, VfmError

HERE = "/api/"
ASK = {"WWW-Authenticate": 'Bearer realm="vfm-workflow", Basic realm="vfm-workflow", charset="UTF-8"'}


class TokenNeeded(VfmError):
    """A machine showed no token, or one that does not work."""

    status = 401


def as_json(data: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return an answer as JSON: days and moments in ISO form, amounts as numbers."""

    def plain(value: object) -> Any:
        if isinstance(value, Decimal):
            return int(value) if value == value.to_integral_value() else float(value)
        assert isinstance(value, dt.date), value
        return value.isoformat()

    body = json.dumps(data, ensure_ascii=False, default=plain).encode()
    return Response(body, status, dict(headers or {}), "application/json")


def refused(error: Exception | str, status: int) -> Response:
    """Return a refusal as a machine reads it: `error`, and `fields` where single ones are named."""
    answer: dict[str, Any] = {"error": str(error)}
    if isinstance(error, BadInput):
        answer["fields"] = error.fields
    return as_json(answer, status, ASK if status == TokenNeeded.status else None)
