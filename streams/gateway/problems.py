"""What a request that is not done is answered with (RFC 9457)."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final

from pydantic import BaseModel
from starlette.responses import JSONResponse


class Problem(BaseModel):
    """Why a request was not done (RFC 9457)."""

    title: str
    status: int
    detail: str
    errors: list[dict[str, Any]] | None = None


def problem(
    status: int,
    detail: str,
    *,
    errors: list[dict[str, Any]] | None = None,
    headers: dict[str, str] | None = None,
) -> JSONResponse:
    """Answer with a status and a sentence."""
    body = Problem(title=HTTPStatus(status).phrase, status=status, detail=detail, errors=errors)
    return JSONResponse(
        body.model_dump(exclude_none=True), status, headers, media_type="application/problem+json"
    )


_DESCRIPTIONS: Final = {
    400: "The request is wrong; the detail names the field",
    401: "There is no token, or it is wrong, revoked or expired",
    403: "The token is not for this, or the caller's host or origin is not let in",
    404: "There is no such thing",
    409: "It does not fit what is there",
    412: "It was changed meanwhile: read it anew",
    413: "The body is too large",
    429: "Too many requests, or the broker is behind; try again after Retry-After seconds",
    503: "It cannot be done at the moment; try again after Retry-After seconds",
}


def problem_responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Document the problems of a route: those named, and those that the door can have with any."""
    return {
        status: {
            "description": _DESCRIPTIONS[status],
            "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status in sorted({*statuses, 401, 403, 429})
    }
