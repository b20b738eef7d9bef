"""A Kafka of three brokers on this machine, as deploy/compose.cluster.yml lays it out, or with its controllers apart."""

from __future__ import annotations

import os
import signal
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING, Final, Self

import orjson

from streams.kafka.local import HOST, LocalBroker, is_free, new_cluster_id

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

COPIES: Final = 3
_PORTS: Final = range(29_100, 32_700)
"""Below those that systems give to outgoing connections: a node comes back to the port that it had."""

_CLUSTER: Final = {
    "default.replication.factor": "3",
    "min.insync.replicas": "2",
    "offsets.topic.replication.factor": "3",
    "offsets.topic.num.partitions": "3",
    "transaction.state.log.replication.factor": "3",
    "transaction.state.log.min.isr": "2",
    "share.coordinator.state.topic.replication.factor": "3",
    "share.coordinator.state.topic.min.isr": "2",
}
_BROKER: Final = {"process.roles": "broker", "listeners": "PLAINTEXT://127.0.0.1:{port}"}
_CONTROLLER: Final = {
    "process.roles": "controller",
    "listeners": "CONTROLLER://127.0.0.1:{port}",
    "advertised.listeners": "CONTROLLER://127.0.0.1:{port}",
}


class LocalCluster:
    """Three brokers. `apart`: three controllers beside them, so that two brokers may go and the cluster still decides."""

    def __init__(self, folder: Path, cache: Path, *, apart: bool, heap_mib: int = 384) -> None:
        ports = _free_ports(6)
        cluster_id = new_cluster_id()
        deciders = dict(zip((11, 12, 13) if apart else (1, 2, 3), ports, strict=False))
        voters = ",".join(f"{node}@{HOST}:{port}" for node, port in deciders.items())

        def node(number: int, port: int, heap_mib: int, properties: dict[str, str]) -> LocalBroker:
            return LocalBroker(
                folder / f"node-{number}",
                cache,
                port=port,
                heap_mib=heap_mib,
                cluster_id=cluster_id,
                controller_port=deciders.get(number, port),
                properties={
                    **_CLUSTER,
                    "node.id": str(number),
                    "controller.quorum.voters": voters,
                    **properties,
                },
            )

        self.brokers = {
            number: node(number, port, heap_mib, _BROKER if apart else {})
            for number, port in zip((1, 2, 3), ports[3:], strict=True)
        }
        self.controllers = (
            {number: node(number, port, 128, _CONTROLLER) for number, port in deciders.items()}
            if apart
            else self.brokers
        )

    @property
    def address(self) -> str:
        """Where clients find it: all brokers, by comma."""
        return ",".join(broker.address for broker in self.brokers.values())

    @property
    def nodes(self) -> tuple[LocalBroker, ...]:
        """All of them, brokers and controllers."""
        return tuple({**self.controllers, **self.brokers}.values())

    def __enter__(self) -> Self:
        try:
            self.start(self.nodes)
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self, nodes: Iterable[LocalBroker]) -> None:
        """Start nodes at once: none answers before most of those that decide are there."""
        with ThreadPoolExecutor() as pool:
            list(pool.map(LocalBroker.start, nodes))

    def revive(self) -> None:
        """Start those again that have ended."""
        ended = [node for node in self.nodes if not node.is_alive()]
        for node in ended:
            node.stop()
        self.start(ended)

    def stop(self) -> None:
        """Stop all of them."""
        with ThreadPoolExecutor() as pool:
            list(pool.map(LocalBroker.stop, self.nodes))

    def leader_of_cluster(self) -> LocalBroker:
        """Give the active controller, as the nodes have noted it."""
        known = []
        for node in self.controllers.values():
            with suppress(OSError, orjson.JSONDecodeError):
                noted = orjson.loads((node.data / "__cluster_metadata-0" / "quorum-state").read_bytes())
                known.append((noted["leaderEpoch"], noted["leaderId"]))
        return self.controllers[max(known)[1]]


def kill(nodes: Iterable[LocalBroker]) -> None:
    """End nodes as a power cut would."""
    for node in nodes:
        assert node.pid is not None
        os.kill(node.pid, signal.SIGKILL)


def _free_ports(count: int) -> list[int]:
    first = os.getpid() * 7 % len(_PORTS)
    found = (port for port in (*_PORTS[first:], *_PORTS[:first]) if is_free(port))
    return [port for port, _ in zip(found, range(count), strict=False)]
