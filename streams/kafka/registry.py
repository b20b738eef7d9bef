"""A schema registry that speaks Confluent's protocol: publish schemas to it. Nothing of Dragoman reads from one."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

import aiohttp
import orjson

if TYPE_CHECKING:
    from collections.abc import Mapping

COMPATIBILITY: Final = "BACKWARD_TRANSITIVE"
MEDIA_TYPE: Final = "application/vnd.schemaregistry.v1+json"
TIMEOUT_S: Final = 30.0

_SUBJECT_NOT_FOUND: Final = 40401
_SCHEMA_NOT_FOUND: Final = 40403


class RegistryError(Exception):
    """A registry did not take a schema; the message says which, why and what to do."""


class Published(StrEnum):
    """What came of publishing a schema."""

    NEW = "new"
    KNOWN = "known"


@dataclass(frozen=True, slots=True)
class Publication:
    """One schema at the registry."""

    subject: str
    schema_id: int
    came: Published


def subject_of(topic: str) -> str:
    """Give the subject of a topic's values (TopicNameStrategy)."""
    return f"{topic}-value"


async def publish_schemas(address: str, schemas: Mapping[str, Mapping[str, Any]]) -> tuple[Publication, ...]:
    """Register the schema of each subject, in order, and have the registry hold later ones to BACKWARD_TRANSITIVE.

    What the registry has already stays as it is. A break stops before the schema that breaks; those before it are in.

    Args:
        address: Of the registry; `https://user:password@host` sends these as basic authentication.
        schemas: Subject to JSON Schema.

    Raises:
        RegistryError: There is no registry, it refuses us, or it refuses a schema.
    """
    timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
    try:
        async with aiohttp.ClientSession(headers={"Accept": MEDIA_TYPE}, timeout=timeout) as session:
            registry = _Registry(session, address.rstrip("/"))
            return tuple([await registry.publish(subject, schema) for subject, schema in schemas.items()])
    except TimeoutError as error:
        raise RegistryError(
            f"the registry at {_shown(address)} gave no answer in {TIMEOUT_S:.0f} s"
        ) from error
    except (aiohttp.ClientError, ValueError) as error:
        raise RegistryError(
            f"no schema registry answers at {_shown(address)} ({error or type(error).__name__}): give its address "
            "as https://host:port"
        ) from error


class _Registry:
    def __init__(self, session: aiohttp.ClientSession, address: str) -> None:
        self._session = session
        self._address = address

    async def publish(self, subject: str, schema: Mapping[str, Any]) -> Publication:
        body = {"schemaType": "JSON", "schema": orjson.dumps(schema, option=orjson.OPT_SORT_KEYS).decode()}
        known = await self._known(subject, body)
        if known is None:
            answer = await self._ask("POST", f"/subjects/{subject}/versions", body, subject)
        await self._ask("PUT", f"/config/{subject}", {"compatibility": COMPATIBILITY}, subject)
        if known is None:
            return Publication(subject, int(answer["id"]), Published.NEW)
        return Publication(subject, known, Published.KNOWN)

    async def _known(self, subject: str, body: Mapping[str, Any]) -> int | None:
        """Give the id of a schema that the subject has, in whatever version."""
        answer = await self._ask(
            "POST", f"/subjects/{subject}", body, subject, but=(_SUBJECT_NOT_FOUND, _SCHEMA_NOT_FOUND)
        )
        return int(answer["id"]) if "id" in answer else None

    async def _ask(
        self, method: str, path: str, body: Mapping[str, Any], subject: str, but: tuple[int, ...] = ()
    ) -> dict[str, Any]:
        headers = {"Content-Type": MEDIA_TYPE}
        async with self._session.request(
            method, self._address + path, data=orjson.dumps(body), headers=headers
        ) as response:
            content = await response.read()
            try:
                answer = orjson.loads(content)
            except orjson.JSONDecodeError:
                answer = None
            if not isinstance(answer, dict):
                raise RegistryError(
                    f"{_shown(self._address)} answers {response.status} and no JSON: it is no schema registry"
                )
            if response.status < HTTPStatus.BAD_REQUEST or answer.get("error_code") in but:
                return answer
            raise RegistryError(_refused(response.status, answer, subject))


def _refused(status: int, answer: Mapping[str, Any], subject: str) -> str:
    why = str(answer.get("message", "without a reason")).strip()
    match status:
        case HTTPStatus.UNAUTHORIZED | HTTPStatus.FORBIDDEN:
            return f"the registry refuses us ({why}): give user and password in its address: https://user:password@host"
        case HTTPStatus.CONFLICT:
            return (
                f"{subject}: the registry holds a schema that this one breaks with ({why}): publish from the newer "
                "version of Dragoman, or delete the subject there if it is not ours"
            )
        case _:
            return f"{subject}: the registry answers {status}: {why}"


def _shown(address: str) -> str:
    """Give an address without the password that may stand in it."""
    scheme, separator, rest = address.partition("://")
    return f"{scheme}{separator}{rest.rpartition('@')[2]}" if separator else address.rpartition("@")[2]
