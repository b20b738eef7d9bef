"""The routes by which subscriptions are seen, added, edited, paused, tried and removed."""

from __future__ import annotations

from secrets import token_bytes
from typing import TYPE_CHECKING, Annotated, Any, Final

from fastapi import Body, FastAPI, Header, Path, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from schemas.contract import Time
from schemas.ids import derived_id
from schemas.subscription import AlertFilter, Digest, QuietHours, Subscription
from streams.gateway.problems import problem, problem_responses
from streams.subscriptions import (
    SECRET_BYTES,
    SubscriptionError,
    edit_subscription,
    is_webhook,
    make_secret,
    parse_subscription,
    request_sample,
    resume,
    without_secrets,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from streams.gateway.operation import KeptSubscription, Operation


Id = Annotated[str, Path(min_length=1, max_length=200, description="Its id")]
_Tags = Annotated[
    str | None,
    Header(
        alias="If-Match", max_length=2000, description="`ETag` of the subscription that was read, or several"
    ),
]


class ShownSubscription(BaseModel):
    """A subscription without what is secret in it."""

    id: str
    name: str
    filter: AlertFilter
    channel: str = Field(description="Shortened: what is secret is left out. Empty: for streams and feeds")
    secrets: int = Field(description="How many there are")
    digest: Digest | None
    quiet: QuietHours | None
    per_minute: int | None
    paused: bool
    paused_reason: str | None
    created_time: Time | None


class WrittenSubscription(ShownSubscription):
    """A subscription as it was added or edited."""

    secret: str | None = Field(default=None, description="One that was made for it, shown this once")


def _plain(schema: Any, parts: Mapping[str, Any]) -> Any:  # noqa: ANN401 - whatever JSON Schema has
    """Put what a schema refers to in its place."""
    if isinstance(schema, dict):
        if "$ref" in schema:
            return _plain(parts[schema["$ref"].rpartition("/")[2]], parts)
        return {name: _plain(part, parts) for name, part in schema.items()}
    return [_plain(part, parts) for part in schema] if isinstance(schema, list) else schema


def _contract(*left_out: str) -> dict[str, Any]:
    """Give the schema of a subscription without some of its fields."""
    whole = Subscription.model_json_schema()
    found: dict[str, Any] = _plain({n: v for n, v in whole.items() if n != "$defs"}, whole.get("$defs", {}))
    for name in left_out:
        del found["properties"][name]
    return {**found, "required": [n for n in found["required"] if n not in left_out]}


def _patch(schema: dict[str, Any]) -> dict[str, Any]:
    """Make the schema of an object that of a patch to it: nothing is required, and null takes away what can be without."""
    if schema.get("type") != "object":
        parts = [_patch(part) for part in schema.get("anyOf", ())]
        return {**schema, **({"anyOf": parts} if parts else {})}
    required = schema.get("required", ())
    fields = {}
    for name, given in schema["properties"].items():
        field = _patch({n: v for n, v in given.items() if n != "default"})
        if name not in required and {"type": "null"} not in field.get("anyOf", ()):
            field = {"anyOf": [field, {"type": "null"}]}
        fields[name] = field
    return {**{n: v for n, v in schema.items() if n != "required"}, "properties": fields}


def _edit_schema() -> dict[str, Any]:
    schema = _patch(_contract("id", "created_time", "paused", "paused_reason"))
    fields = schema["properties"]
    fields["channel"] = {"anyOf": [fields["channel"], {"type": "null"}]}
    fields["add_secret"] = {
        "anyOf": [{"type": "string"}, {"type": "null"}],
        "description": "Put before the secrets in use, and all sign. `new`: one is made, and the answer shows it once",
    }
    fields["keep_secrets"] = {
        "anyOf": [{"type": "integer", "minimum": 0, "maximum": 5}, {"type": "null"}],
        "description": "So many of the secrets in use stay, the newest first",
    }
    return {**schema, "title": "SubscriptionEdit", "description": "What is not named stays; null takes away"}


_Given = Annotated[dict[str, Any], Body(json_schema_extra=_contract("id", "created_time", "paused_reason"))]
_Changes = Annotated[dict[str, Any], Body(json_schema_extra=_edit_schema())]


def add_subscriptions(app: FastAPI, operation: Operation, now: Callable[[], datetime]) -> None:
    """Add the routes to subscriptions."""

    @app.get(
        "/v1/subscriptions",
        response_model=list[ShownSubscription],
        responses=problem_responses(503),
        tags=["subscriptions"],
    )
    async def subscriptions() -> Response:
        """Give the subscriptions, by name, without what is secret in them."""
        return JSONResponse([without_secrets(k.subscription) for k in await operation.subscriptions()])

    @app.post(
        "/v1/subscriptions",
        status_code=201,
        response_model=WrittenSubscription,
        responses={201: _TAGGED, **problem_responses(400, 409, 503)},
        tags=["subscriptions"],
    )
    async def add(fields: _Given) -> Response:
        """Add a subscription: name, filter, channel and the rest of its contract. It gets what comes from now on.

        A webhook that comes without secrets gets one; the answer shows it as `secret`, this once. `"secrets": []` signs nothing.
        """
        time = now()
        # half a character has no bytes; the contract refuses it in its own words below
        name = str(fields.get("name")).encode("utf-8", "replace").decode()
        made = derived_id("subscription", name, time.isoformat())
        try:
            secret = None
            if "secrets" not in fields and is_webhook(str(fields.get("channel", ""))):
                secret = _fresh_secret()
                fields = {**fields, "secrets": [secret]}
            subscription = parse_subscription({**fields, "id": made, "created_time": time})
        except SubscriptionError as error:
            return _refusal(error)
        async with operation.changing:
            if _named(subscription, await operation.subscriptions()):
                return _taken(subscription)
            kept = await operation.write_subscription(subscription, time)
        return _written(kept, secret, 201)

    @app.get(
        "/v1/subscriptions/{id}",
        response_model=ShownSubscription,
        responses={200: _TAGGED, **problem_responses(400, 404, 503)},
        tags=["subscriptions"],
    )
    async def subscription(id: Id) -> Response:  # noqa: A002 - the name in the address
        """Give a subscription without what is secret in it; its `ETag` goes with an edit as `If-Match`."""
        kept = _of_id(id, await operation.subscriptions())
        return _missing(id) if kept is None else _written(kept)

    _add_edit(app, operation, now)
    _add_acts(app, operation, now)


def _add_edit(app: FastAPI, operation: Operation, now: Callable[[], datetime]) -> None:
    @app.patch(
        "/v1/subscriptions/{id}",
        response_model=WrittenSubscription,
        responses={200: _TAGGED, **problem_responses(400, 404, 409, 412, 503)},
        tags=["subscriptions"],
    )
    async def edit(id: Id, changes: _Changes, if_match: _Tags = None) -> Response:  # noqa: A002 - the name in the address
        """Change what is named of a subscription, at once; the rest stays, and null takes away (JSON Merge Patch, RFC 7396).

        Its id, its feed, what was delivered and what waits stay as they are, and so do its secrets: `add_secret` puts one
        before them, `keep_secrets` lets older ones go, and none is shown again. A channel as it is shown stays as it is.
        With `If-Match` it is done only if nobody changed the subscription since it was read.
        """
        async with operation.changing:
            all_kept = await operation.subscriptions()
            kept = _of_id(id, all_kept)
            if kept is None:
                return _missing(id)
            try:
                edited = edit_subscription(kept.subscription, changes, _fresh_secret())
            except SubscriptionError as error:
                return _refusal(error)
            if _named(edited.subscription, all_kept):
                return _taken(edited.subscription)
            # last, for only what would be done otherwise is held to its condition (RFC 9110, 13.2.1)
            if not _matches(if_match, kept):
                return problem(412, f"{kept.subscription.name} was changed meanwhile: read it anew")
            kept = await operation.write_subscription(edited.subscription, now())
        return _written(kept, edited.secret)


def _add_acts(app: FastAPI, operation: Operation, now: Callable[[], datetime]) -> None:
    for verb, change in (("pause", pause), ("resume", resume)):
        app.add_api_route(
            f"/v1/subscriptions/{{id}}/{verb}",
            _change_route(operation, change, now),
            methods=["POST"],
            response_model=ShownSubscription,
            responses={200: _TAGGED, **problem_responses(400, 404, 503)},
            tags=["subscriptions"],
            summary=f"{verb.capitalize()} a subscription",
        )

    @app.post(
        "/v1/subscriptions/{id}/test",
        status_code=202,
        response_model=dict[str, str],
        responses=problem_responses(400, 404, 503),
        tags=["subscriptions"],
    )
    async def test(id: Id) -> Response:  # noqa: A002 - the name in the address
        """Have a marked sample sent to a subscription; deliveries.v1 tells what came of it, under the id of the answer."""
        kept = _of_id(id, await operation.subscriptions())
        if kept is None:
            return _missing(id)
        if not kept.subscription.channel:
            return problem(400, f"{kept.subscription.name} has no channel: it is for streams and feeds")
        sample = request_sample(kept.subscription, now())
        await operation.write_delivery(sample)
        return JSONResponse({"delivery": sample.id}, 202)

    @app.delete(
        "/v1/subscriptions/{id}",
        status_code=204,
        response_class=Response,
        responses=problem_responses(400, 404, 503),
        tags=["subscriptions"],
    )
    async def remove(id: Id) -> Response:  # noqa: A002 - the name in the address
        """Remove a subscription; what waits for it is dropped."""
        async with operation.changing:
            if _of_id(id, await operation.subscriptions()) is None:
                return _missing(id)
            await operation.remove_subscription(id)
        return Response(status_code=204)


def _change_route(
    operation: Operation, change: Callable[[Subscription], Subscription], now: Callable[[], datetime]
) -> Callable[[Id], Any]:
    async def changed(id: Id) -> Response:  # noqa: A002 - the name in the address
        """Change a subscription; it acts at once."""
        async with operation.changing:
            kept = _of_id(id, await operation.subscriptions())
            if kept is None:
                return _missing(id)
            return _written(await operation.write_subscription(change(kept.subscription), now()))

    return changed


def pause(subscription: Subscription) -> Subscription:
    """Give a subscription as its owner pauses it."""
    return subscription.model_copy(update={"paused": True, "paused_reason": None})


_TAGGED: Final[dict[str, Any]] = {
    "headers": {"ETag": {"description": "Its version, for `If-Match`", "schema": {"type": "string"}}}
}


def _tag(kept: KeptSubscription) -> str:
    return f'"{kept.version}"'


def _matches(given: str | None, kept: KeptSubscription) -> bool:
    """Tell whether a header If-Match (RFC 9110) lets a change pass; no header lets all pass."""
    return given is None or bool({"*", _tag(kept)} & {tag.strip() for tag in given.split(",")})


def _written(kept: KeptSubscription, secret: str | None = None, status: int = 200) -> Response:
    shown = {"secret": secret} if secret else {}
    return JSONResponse({**without_secrets(kept.subscription), **shown}, status, {"ETag": _tag(kept)})


def _refusal(error: SubscriptionError) -> Response:
    return problem(400, str(error), errors=[{"field": e.field, "reason": e.reason} for e in error.errors])


def _missing(id_: str) -> Response:
    return problem(404, f"there is no subscription {id_}")


def _taken(subscription: Subscription) -> Response:
    why = f"there is a subscription {subscription.name} already: choose another name"
    return problem(409, why, errors=[{"field": "name", "reason": "is another subscription's already"}])


def _of_id(id_: str, all_kept: list[KeptSubscription]) -> KeptSubscription | None:
    return next((kept for kept in all_kept if kept.subscription.id == id_), None)


def _named(subscription: Subscription, all_kept: list[KeptSubscription]) -> bool:
    """Tell whether another subscription has its name."""
    others = (kept.subscription for kept in all_kept if kept.subscription.id != subscription.id)
    return any(other.name == subscription.name for other in others)


def _fresh_secret() -> str:
    return make_secret(token_bytes(SECRET_BYTES))
