"""Settings: the sole reader of the environment. Each is a variable `DRAGOMAN_<NAME>`."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import platformdirs
from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """What an operator may set. Every field has a default that works on one machine."""

    model_config = SettingsConfigDict(env_prefix="DRAGOMAN_", frozen=True, extra="forbid")

    broker: str = Field(
        default="127.0.0.1:9092", description="Kafka bootstrap servers, host:port, several by comma"
    )
    broker_security: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = Field(
        default="PLAINTEXT",
        description="How to talk to Kafka: PLAINTEXT, SSL (TLS), SASL_SSL (TLS, and a user with SCRAM-SHA-512) or SASL_PLAINTEXT",
    )
    broker_ca_file: Path | None = Field(
        default=None,
        description="Certificates (PEM) of those who may sign the broker's; unset: those that the system trusts",
    )
    broker_cert_file: Path | None = Field(
        default=None, description="Certificate (PEM) by which the broker knows this client, with its key"
    )
    broker_key_file: Path | None = Field(default=None, description="Key (PEM) of that certificate")
    broker_user: str | None = Field(default=None, min_length=1, description="Name of this client for SASL")
    broker_password_file: Path | None = Field(
        default=None, description="File whose first and only line is the password of that user"
    )
    broker_password: SecretStr | None = Field(
        default=None, description="The password itself; a file is better, for a process shows its environment"
    )
    partitions: int = Field(
        default=4, ge=1, le=1000, description="Partitions of every topic that `dragoman topics create` makes"
    )
    replication: int = Field(
        default=1, ge=1, le=10, description="Copies of every partition; 3 on a cluster of three"
    )
    topic_prefix: str = Field(
        default="",
        pattern=r"^([a-zA-Z0-9_-]+\.)*$",
        max_length=100,
        description="What the names of all topics begin with, such as `test.`: several installations on one Kafka",
    )
    data_dir: Path = Field(
        default_factory=lambda: Path(platformdirs.user_data_dir("dragoman", appauthor=False)),
        description="Folder of the local broker's data and of the worker's state",
    )
    state_store: Literal["memory", "rocksdb"] = Field(
        default="memory",
        description="Where agents keep their tables: memory, or rocksdb (needs the extra `rocksdb`) in a folder below DRAGOMAN_DATA_DIR, which each worker must have to itself",
    )
    cache_dir: Path = Field(
        default_factory=lambda: Path(platformdirs.user_cache_dir("dragoman", appauthor=False)),
        description="Folder for what is downloaded once: the broker's jars",
    )
    local_broker_port: int = Field(
        default=9092, ge=1, le=65535, description="Port of the local broker that `dragoman up` starts"
    )
    group: str = Field(
        default="dragoman", pattern=r"^[a-z0-9.-]{1,100}$", description="Consumer group prefix of the worker"
    )
    worker_id: str | None = Field(
        default=None,
        min_length=1,
        description="Unique and lasting name of this worker (static membership); unset: a dynamic member",
    )
    health_host: str = Field(default="127.0.0.1", description="Address of the worker's health and metrics")
    health_port: int = Field(
        default=6066,
        ge=0,
        le=65535,
        description="Port of the worker's health and metrics; 0 picks a free one",
    )
    gateway_host: str = Field(default="127.0.0.1", description="Address of the gateway")
    gateway_port: int = Field(
        default=8080, ge=0, le=65535, description="Port of the gateway; 0 picks a free one"
    )
    gateway_hosts: str = Field(
        default="",
        description="Names by which the gateway on loopback may be called besides localhost, by comma: those of a proxy before it",
    )
    gateway_cors: str = Field(
        default="",
        description="Origins whose web pages may call the gateway, by comma, such as `https://desk.example`; empty: none",
    )
    gateway_rate: int = Field(
        default=6000,
        ge=1,
        description="Requests a minute of one token, or of one address where none is needed",
    )
    gateway_streams: int = Field(
        default=2000, ge=1, description="Clients that may follow at once; one more is told to come back"
    )
    gateway_let_go_s: float = Field(
        default=30.0, gt=0, description="A stream's client that takes nothing for this long is let go"
    )
    notifier_port: int = Field(
        default=6067,
        ge=0,
        le=65535,
        description="Port of the notifier's health and metrics, at the same address as the worker's; 0 picks a free one",
    )
    notifier_allow: str = Field(
        default="",
        description="Names or addresses on private networks that deliveries may go to all the same, by comma, such as `hooks.internal, 10.1.2.3`",
    )
    notifier_http: bool = Field(
        default=False, description="Whether webhooks may go over http as well; those of `notifier_allow` may"
    )
    notifier_ports: str = Field(
        default="80, 443, 8080, 8443", description="Ports that webhooks may go to, by comma; `any`: all"
    )
    notifier_timeout_s: float = Field(
        default=15.0, gt=0, le=300, description="A receiver that has not answered after this long has failed"
    )
    notifier_retry_first_s: float = Field(
        default=5.0, gt=0, description="Pause before a failed delivery is tried again; it doubles each time"
    )
    notifier_retry_limit_s: float = Field(
        default=3600.0, gt=0, description="Longest pause between two tries of a delivery"
    )
    notifier_give_up_s: float = Field(
        default=86_400.0,
        gt=0,
        description="A delivery that has failed for this long is parked; nothing delivered meanwhile: its subscription is paused",
    )
    public_address: str = Field(
        default="",
        pattern=r"^(https?://[^\s]+)?$",
        description="Address at which people reach the gateway, for links in messages, such as `https://dragoman.example`; empty: no links",
    )
    session_timeout_s: float = Field(
        default=45.0, ge=1, description="A worker not heard of for this long loses its partitions"
    )
    commit_interval_s: float = Field(default=1.0, gt=0, description="How often finished work is committed")
    retry_first_s: float = Field(
        default=0.2, gt=0, description="First pause before a failed send is tried again; it doubles"
    )
    retry_limit_s: float = Field(default=30.0, gt=0, description="Longest pause between two tries")
    step_attempts: int = Field(
        default=3, ge=1, description="Tries of a step that fails on a record before the record is parked"
    )
    stall_s: float = Field(
        default=60.0, gt=0, description="Lag without a commit for this long means not ready"
    )
    lateness_s: int = Field(
        default=3600, ge=0, description="Event time by which a record may come late and still count in order"
    )
    idle_s: float = Field(
        default=30.0,
        gt=0,
        description="A partition without records for this long no longer holds up event time",
    )

    traces_endpoint: str = Field(
        default="",
        pattern=r"^(https?://[^\s]+)?$",
        description="Collector that takes traces by OTLP over HTTP, such as `http://127.0.0.1:4318`; empty: no traces. "
        "Needs the extra `tracing`",
    )

    def as_environment(self) -> dict[str, str]:
        """Give the variables by which a process that this one starts has the same settings, the password too."""
        values = {name: value for name, value in self.model_dump().items() if value is not None}
        return {
            f"DRAGOMAN_{name.upper()}": value.get_secret_value()
            if isinstance(value, SecretStr)
            else str(value)
            for name, value in values.items()
        }


def load_settings() -> Settings:
    """Read the environment.

    Raises:
        pydantic.ValidationError: a variable has a value that its setting does not take.
    """
    return Settings()
