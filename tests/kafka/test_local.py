"""A real Kafka on this machine: it keeps its data, is taken over after a kill, and says what is in its way."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import orjson
import psutil
import pytest

from streams.kafka.client import open_admin
from streams.kafka.jars import DiskFullError
from streams.kafka.local import (
    BrokerStartError,
    DataInUseError,
    ForeignDataError,
    LocalBroker,
    PortTakenError,
    Started,
    answers,
    free_port,
)
from streams.kafka.topics import TopicPlan, create_topics
from streams.settings import Settings
from tests.kafka.test_jars import serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.kafka


@pytest.fixture
def own_broker(tmp_path: Path, jar_cache: Path) -> Iterator[LocalBroker]:
    """A broker that has not been started, for tests that start and stop one."""
    made = LocalBroker(tmp_path / "Übung A&B" / "broker", jar_cache, port=free_port(), heap_mib=256)
    yield made
    made.stop()
    made.discard()


@contextmanager
def started_apart(broker: LocalBroker) -> Iterator[subprocess.Popen[bytes]]:
    """Start the broker from another process, which is killed in the end."""
    code = (
        "import sys, time; from pathlib import Path; from streams.kafka.local import LocalBroker; "
        "broker = LocalBroker(Path(sys.argv[1]), Path(sys.argv[2]), port=int(sys.argv[3]), heap_mib=256); "
        "broker.start(); print('up', flush=True); time.sleep(600)"
    )
    arguments = [str(broker.folder), str(broker.cache), str(broker.port)]
    with subprocess.Popen([sys.executable, "-c", code, *arguments], stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == b"up\n"
            yield process
        finally:
            process.kill()


def broker_processes(broker: LocalBroker) -> list[psutil.Process]:
    mine = str(broker.folder / "server.properties")
    return [p for p in psutil.process_iter() if mine in _words(p)]


def _words(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


async def test_a_stopped_broker_is_gone_and_keeps_its_data_and_a_killed_one_is_missed(
    own_broker: LocalBroker,
) -> None:
    settings = Settings(broker=own_broker.address)
    assert own_broker.start() is Started.NEW
    async with open_admin(settings) as admin:
        await create_topics(admin, [TopicPlan("kept", 1, 1)])
    own_broker.stop()
    assert not answers("127.0.0.1", own_broker.port)
    assert broker_processes(own_broker) == []
    assert own_broker.start() is Started.NEW
    async with open_admin(settings) as admin:
        assert "kept" in await admin.list_topics()
    assert own_broker.why_ended() is None
    (process,) = broker_processes(own_broker)
    process.kill()
    process.wait()
    assert not own_broker.is_alive()
    assert f"its log is {own_broker.log}" in (own_broker.why_ended() or "")


def test_a_broker_left_by_a_killed_run_is_taken_over_and_never_doubled(own_broker: LocalBroker) -> None:
    in_use = rf"another run has the local broker .* on port {own_broker.port}"
    with started_apart(own_broker), pytest.raises(DataInUseError, match=in_use):
        LocalBroker(own_broker.folder, own_broker.cache, port=free_port()).start()
    assert own_broker.start() is Started.ADOPTED
    assert answers("127.0.0.1", own_broker.port)
    assert len(broker_processes(own_broker)) == 1
    own_broker.stop()
    assert broker_processes(own_broker) == []


def test_a_leftover_broker_that_does_not_answer_is_replaced(own_broker: LocalBroker) -> None:
    with started_apart(own_broker):
        pass
    (left,) = broker_processes(own_broker)
    left.send_signal(signal.SIGSTOP)
    # As after a kill between the start of the broker and the note of it.
    (own_broker.folder / "running.json").unlink()
    assert own_broker.start() is Started.NEW
    assert [p.pid for p in broker_processes(own_broker)] == [own_broker.pid]
    assert own_broker.pid != left.pid


def test_a_taken_port_names_who_has_it(own_broker: LocalBroker) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", own_broker.port))
        taken.listen()
        with pytest.raises(PortTakenError) as caught:
            own_broker.start()
    assert f"port {own_broker.port} is taken by " in str(caught.value)
    assert f"(process {os.getpid()})" in str(caught.value)
    assert "pick another with --port or DRAGOMAN_LOCAL_BROKER_PORT" in str(caught.value)


def test_a_port_with_a_kafka_on_it_says_so(own_broker: LocalBroker, broker: LocalBroker) -> None:
    own_broker.port = broker.port
    with pytest.raises(PortTakenError, match=f"a Kafka answers there, use it with --broker {broker.address}"):
        own_broker.start()


def test_the_data_of_another_cluster_is_left_alone(own_broker: LocalBroker) -> None:
    own_broker.data.mkdir(parents=True)
    foreign = "version=1\nnode.id=7\ncluster.id=SomeoneElse\n"
    (own_broker.data / "meta.properties").write_text(foreign)
    with pytest.raises(
        ForeignDataError, match=r"was not made by this broker .*SomeoneElse.* DRAGOMAN_DATA_DIR"
    ):
        own_broker.start()
    assert (own_broker.data / "meta.properties").read_text() == foreign


def test_the_data_of_a_newer_kafka_is_left_alone(own_broker: LocalBroker) -> None:
    own_broker.data.mkdir(parents=True)
    (own_broker.data / "meta.properties").write_text("version=1\nnode.id=1\ncluster.id=Ours\n")
    known = {"cluster_id": "Ours", "kafka_version": "5.0.1", "controller_port": free_port()}
    (own_broker.folder / "cluster.json").write_bytes(orjson.dumps(known))
    with pytest.raises(ForeignDataError, match=r"last used by Kafka 5\.0\.1, and this is Kafka 4\.4\.0"):
        own_broker.start()


def test_a_full_disk_is_told_before_the_start(tmp_path: Path, jar_cache: Path) -> None:
    broker = LocalBroker(tmp_path / "broker", jar_cache, port=free_port(), needed_bytes=1 << 60)
    with pytest.raises(DiskFullError, match=r"MiB left and the broker wants \d+: make room"):
        broker.start()


def test_a_broker_that_ends_at_its_start_says_why_and_where_its_log_is(own_broker: LocalBroker) -> None:
    own_broker.heap_mib = 1
    with pytest.raises(BrokerStartError) as caught:
        own_broker.start()
    assert "Too small maximum heap" in str(caught.value)
    assert str(own_broker.log) in str(caught.value)
    assert broker_processes(own_broker) == []


def test_a_folder_that_cannot_be_made_is_an_error_in_words(tmp_path: Path, jar_cache: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(
        BrokerStartError, match=r"cannot be started in .*: Not a directory; look at its rights"
    ):
        LocalBroker(tmp_path / "file" / "broker", jar_cache, port=free_port()).start()


def test_a_path_that_kafka_would_read_as_two_is_refused(tmp_path: Path, jar_cache: Path) -> None:
    with pytest.raises(BrokerStartError, match="a comma or a colon in a path"):
        LocalBroker(tmp_path / "a,b", jar_cache, port=free_port()).start()


def test_whoever_else_listens_is_no_kafka() -> None:
    with serving() as web:
        assert not answers("127.0.0.1", int(web.address.rsplit(":", 1)[1]))


def test_nothing_answers_where_nobody_listens() -> None:
    began = time.monotonic()
    assert not answers("127.0.0.1", free_port())
    assert time.monotonic() - began < 5
