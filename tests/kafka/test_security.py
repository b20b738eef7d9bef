"""TLS, SCRAM and rights on a real broker that lets in nobody else."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import subprocess
from typing import TYPE_CHECKING, Any, Final

import httpx
import pytest
from aiokafka.errors import TopicAuthorizationFailedError
from aiokafka.protocol.admin import CreateAclsRequest_v1
from aiokafka.protocol.api import Request
from pydantic import SecretStr

from schemas import topics
from streams.cli.processes import Processes
from streams.kafka.acls import Acl, Operation, Resource, plan_acls
from streams.kafka.client import NoBrokerError, open_admin, open_producer
from streams.kafka.groups import installation_plans
from streams.kafka.local import HOST, LocalBroker, free_port
from streams.kafka.topics import create_topics, kafka_name
from streams.settings import Settings
from tests.factories import make_transcript
from tests.kafka.conftest import reader_of
from tests.kafka.worker_process import PLAIN, WorkerProcess

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [
    pytest.mark.kafka,
    pytest.mark.skipif(
        shutil.which("openssl") is None, reason="openssl is not there to make certificates with"
    ),
]

PASSWORD: Final = "not-for-the-log"  # noqa: S105 - of users that live as long as the test
OPERATIONS: Final = {
    Operation.READ: 3,
    Operation.WRITE: 4,
    Operation.DESCRIBE: 8,
    Operation.DESCRIBE_CONFIGS: 10,
}
RESOURCES: Final = {Resource.TOPIC: 2, Resource.GROUP: 3}


class _CreateAcls(Request[CreateAclsRequest_v1]):  # type: ignore[misc] # aiokafka has no types
    """aiokafka has the form of the request and no call for it."""

    API_KEY = 30

    def __init__(self, rows: list[tuple[object, ...]]) -> None:
        self._rows = rows

    def build(self, request_struct_class: type[CreateAclsRequest_v1]) -> CreateAclsRequest_v1:
        return request_struct_class(self._rows)


def _rows(acls: tuple[Acl, ...]) -> list[tuple[object, ...]]:
    return [
        (RESOURCES[a.resource], a.name, 4 if a.prefixed else 3, f"User:{a.process}", "*", OPERATIONS[op], 3)
        for a in acls
        for op in a.operations
    ]


def _make_certificates(folder: Path) -> None:
    """Make a signer, another one that nobody knows, and a certificate for the broker and one for a client."""

    def openssl(*words: str) -> None:
        subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)

    curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2")
    for name in ("ca", "stranger"):
        openssl(
            "req", "-x509", *curve, "-keyout", f"{name}.key", "-out", f"{name}.pem", "-subj", f"/CN={name}"
        )
    (folder / "san").write_text("subjectAltName=IP:127.0.0.1")
    for name in ("broker", "client"):
        openssl("req", *curve, "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={name}")
        openssl(
            "x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
            "-days", "2", "-extfile", "san", "-out", f"{name}.pem",
        )  # fmt: skip
    (folder / "store.pem").write_text(
        (folder / "broker.key").read_text() + (folder / "broker.pem").read_text()
    )


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("certificates")
    _make_certificates(folder)
    (folder / "password").write_text(PASSWORD + "\n")
    return folder


@pytest.fixture(scope="module")
def ports(
    certificates: Path, tmp_path_factory: pytest.TempPathFactory, jar_cache: Path
) -> Iterator[dict[str, int]]:
    """A broker with three doors: `plain` for its administrator, `scram`, and `mutual` for client certificates."""
    scram, mutual = free_port(), free_port()
    scram_module = "org.apache.kafka.common.security.scram.ScramLoginModule required;"
    broker = LocalBroker(
        tmp_path_factory.mktemp("secured"),
        jar_cache,
        port=free_port(),
        heap_mib=256,
        properties={
            "listeners": f"PLAINTEXT://{HOST}:{{port}},SCRAM://{HOST}:{scram},MUTUAL://{HOST}:{mutual},CONTROLLER://{HOST}:{{controller_port}}",
            "advertised.listeners": f"PLAINTEXT://{HOST}:{{port}},SCRAM://{HOST}:{scram},MUTUAL://{HOST}:{mutual}",
            "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SCRAM:SASL_SSL,MUTUAL:SSL",
            "sasl.enabled.mechanisms": "SCRAM-SHA-512",
            "listener.name.scram.scram-sha-512.sasl.jaas.config": scram_module,
            "listener.name.mutual.ssl.client.auth": "required",
            "ssl.keystore.type": "PEM",
            "ssl.keystore.location": str(certificates / "store.pem"),
            "ssl.truststore.type": "PEM",
            "ssl.truststore.location": str(certificates / "ca.pem"),
            "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            "super.users": "User:ANONYMOUS;User:CN=client",
        },
        scram_users=dict.fromkeys(("worker", "gateway", "notifier"), PASSWORD),
    )
    with broker:
        yield {"plain": broker.port, "scram": scram, "mutual": mutual}


@pytest.fixture
def scram(ports: dict[str, int], certificates: Path, tmp_path: Path) -> Settings:
    return Settings(
        broker=f"{HOST}:{ports['scram']}",
        broker_security="SASL_SSL",
        broker_ca_file=certificates / "ca.pem",
        broker_user="worker",
        broker_password_file=certificates / "password",
        partitions=1,
        data_dir=tmp_path / "data",
    )


async def _lay_out(plain: Settings) -> None:
    """Make topics and rights as an administrator does; what is there stays."""
    async with open_admin(plain) as admin:
        await create_topics(admin, installation_plans(plain))
        send: Any = admin._send_request
        answer = await send(_CreateAcls(_rows(plan_acls(plain))))
    assert {row[0] for row in answer.creation_responses} == {0}


async def test_the_worker_runs_over_tls_as_a_user_with_no_more_than_its_rights(
    scram: Settings, ports: dict[str, int], tmp_path: Path
) -> None:
    plain = Settings(broker=f"{HOST}:{ports['plain']}", partitions=1)
    await _lay_out(plain)
    gateway = scram.model_copy(update={"broker_user": "gateway"})
    text = make_transcript("Albania and Montenegro agreed.", id="t-1").encode()
    async with WorkerProcess(scram, *PLAIN, log=tmp_path / "log") as worker:
        async with open_producer(gateway) as producer:
            await producer.send_and_wait(kafka_name(topics.TRANSCRIPTS_RAW, gateway), text, key=b"t-1")
            await producer.send_and_wait(kafka_name(topics.TRANSCRIPTS_RAW, gateway), b"{}", key=b"poison")
        read = reader_of(gateway)
        async with asyncio.timeout(30):
            while not await read(topics.ALERTS):
                await asyncio.sleep(0.2)
            while not await read("transcripts.raw.v1.dlq.v1"):
                await asyncio.sleep(0.2)
        assert (await worker.ask("/readyz")).json() == {"ready": True, "reasons": {}}
        assert await worker.stop() == 0
    assert PASSWORD not in worker.words
    assert [json.loads(line)["event"] for line in worker.words.splitlines()] == ["record.parked"]
    async with open_producer(scram.model_copy(update={"broker_user": "notifier"})) as producer:
        with pytest.raises(TopicAuthorizationFailedError):
            await producer.send_and_wait(kafka_name(topics.TRANSCRIPTS_RAW, scram), text, key=b"t-1")


async def test_gateway_and_notifier_run_with_no_more_than_their_rights(
    scram: Settings, ports: dict[str, int], tmp_path: Path
) -> None:
    plain = Settings(broker=f"{HOST}:{ports['plain']}", partitions=1)
    await _lay_out(plain)
    free = {"gateway_port": 0, "notifier_port": 0}
    started = []
    try:
        for name in ("gateway", "notifier"):
            own = scram.model_copy(update={"broker_user": name, "data_dir": tmp_path / name, **free})
            own.data_dir.mkdir()
            started.append(processes := Processes(own.data_dir, own.as_environment()))
            child = await processes.start(name, name, ready_within_s=40)
            port = next(word for word in reversed(re.findall(r":(\d+)", child.first_line)))
            async with httpx.AsyncClient(trust_env=False, base_url=f"http://{HOST}:{port}") as client:
                assert (await client.get("/readyz")).status_code == 200
                if name == "gateway":
                    told = json.loads(make_transcript("Chad and Niger met.", id="t-9").encode())
                    assert (await client.post("/v1/transcripts", json=told)).status_code == 202
                    for route in ("/v1/alerts", "/v1/events", "/v1/agreements"):
                        page = await client.get(route, headers={"Accept": "application/json"})
                        assert page.status_code == 200, page.text
            words = processes.log(name).read_text()
            assert "uthoriz" not in words
            assert PASSWORD not in words
    finally:
        for processes in started:
            await processes.stop()


async def test_a_client_certificate_lets_in_by_itself(ports: dict[str, int], certificates: Path) -> None:
    settings = Settings(
        broker=f"{HOST}:{ports['mutual']}",
        broker_security="SSL",
        broker_ca_file=certificates / "ca.pem",
        broker_cert_file=certificates / "client.pem",
        broker_key_file=certificates / "client.key",
    )
    async with open_admin(settings) as admin:
        assert len((await admin.describe_cluster())["brokers"]) == 1


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"broker_password_file": None, "broker_password": SecretStr("guessed")}, "does not let worker in"),
        ({"broker_ca_file": "stranger.pem"}, "certificate that is not trusted"),
        ({"broker_ca_file": "nothing.pem"}, "DRAGOMAN_BROKER_CA_FILE is"),
        ({"broker_user": None}, "set DRAGOMAN_BROKER_USER"),
        ({"broker_security": "SSL"}, "DRAGOMAN_BROKER_USER is set all the same"),
    ],
)
async def test_who_is_not_let_in_is_told_why_in_a_sentence(
    changes: dict[str, Any], words: str, scram: Settings, certificates: Path
) -> None:
    if "broker_ca_file" in changes:
        changes = {"broker_ca_file": certificates / changes["broker_ca_file"]}
    with pytest.raises(NoBrokerError) as caught:
        async with open_admin(scram.model_copy(update=changes)):
            pass
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "guessed" not in str(caught.value)
