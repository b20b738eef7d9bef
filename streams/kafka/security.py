"""How clients prove who they are and whom they trust: TLS and SASL, from the settings."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from aiokafka.conn import create_conn
from aiokafka.errors import KafkaError, SaslAuthenticationFailed, UnsupportedSaslMechanismError

if TYPE_CHECKING:
    from streams.settings import Settings

SASL_MECHANISM: Final = "SCRAM-SHA-512"
"""The password never goes over the wire with it, and brokers do not keep it."""

_PROBE_MS: Final = 3000


class SecurityError(Exception):
    """The settings of TLS or SASL do not fit together, or a file of theirs cannot be used; the message says which."""


@dataclass(frozen=True, slots=True)
class Security:
    """What a client needs beside the address; the password is in no `repr`."""

    protocol: str
    tls: ssl.SSLContext | None = None
    user: str | None = None
    password: str | None = field(default=None, repr=False)

    def for_client(self) -> dict[str, Any]:
        """Give it as aiokafka's clients take it."""
        options: dict[str, Any] = {"security_protocol": self.protocol, "ssl_context": self.tls}
        if self.user is not None:
            options |= {
                "sasl_mechanism": SASL_MECHANISM,
                "sasl_plain_username": self.user,
                "sasl_plain_password": self.password,
            }
        return options


def load_security(settings: Settings) -> Security:
    """Read certificates, key and password as the settings say.

    Raises:
        SecurityError: A file cannot be read, or something is missing.
    """
    protocol = settings.broker_security
    tls = _load_tls(settings) if protocol in {"SSL", "SASL_SSL"} else None
    if tls is None and (settings.broker_ca_file or settings.broker_cert_file):
        raise SecurityError(
            f"DRAGOMAN_BROKER_SECURITY is {protocol}, and a certificate is set all the same: set it to SSL or SASL_SSL"
        )
    if not protocol.startswith("SASL_"):
        if settings.broker_user is not None:
            raise SecurityError(
                f"DRAGOMAN_BROKER_SECURITY is {protocol}, and DRAGOMAN_BROKER_USER is set all the same: set it to "
                "SASL_SSL (or SASL_PLAINTEXT on a network that nobody listens on)"
            )
        return Security(protocol, tls)
    password = _load_password(settings)
    if settings.broker_user is None or not password:
        raise SecurityError(
            f"DRAGOMAN_BROKER_SECURITY is {protocol}: set DRAGOMAN_BROKER_USER, and DRAGOMAN_BROKER_PASSWORD_FILE or "
            "DRAGOMAN_BROKER_PASSWORD"
        )
    return Security(protocol, tls, settings.broker_user, password)


def _load_tls(settings: Settings) -> ssl.SSLContext:
    if bool(settings.broker_cert_file) != bool(settings.broker_key_file):
        raise SecurityError(
            "DRAGOMAN_BROKER_CERT_FILE and DRAGOMAN_BROKER_KEY_FILE belong together: set both or none"
        )
    try:
        context = ssl.create_default_context(cafile=settings.broker_ca_file)
    except OSError as error:
        raise SecurityError(
            f"DRAGOMAN_BROKER_CA_FILE is {settings.broker_ca_file}, which cannot be used ({_reason(error)}): it holds "
            "certificates in PEM"
        ) from error
    if settings.broker_cert_file and settings.broker_key_file:
        try:
            # Good: an empty password, so that a key with one is an error and not a question on the terminal.
            context.load_cert_chain(settings.broker_cert_file, settings.broker_key_file, password="")
        except OSError as error:
            raise SecurityError(
                f"the certificate {settings.broker_cert_file} with the key {settings.broker_key_file} cannot be used "
                f"({_reason(error)}): both are PEM, and the key has no password"
            ) from error
    return context


def _load_password(settings: Settings) -> str:
    if settings.broker_password is not None:
        return settings.broker_password.get_secret_value()
    if settings.broker_password_file is None:
        return ""
    try:
        return settings.broker_password_file.read_text("utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise SecurityError(
            f"DRAGOMAN_BROKER_PASSWORD_FILE is {settings.broker_password_file}, which cannot be read ({_reason(error)})"
        ) from error


async def explain_refusal(settings: Settings, security: Security) -> str | None:
    """Say why the first broker of the settings does not let this client in; None where it is not about security.

    The clients themselves keep only that no broker could be used.
    """
    said = None
    host, _, port = settings.broker.partition(",")[0].strip().rpartition(":")
    where = f"the Kafka at {settings.broker}"
    try:
        connection = await create_conn(
            host, int(port), client_id="dragoman", request_timeout_ms=_PROBE_MS, **security.for_client()
        )
        connection.close()
    except SaslAuthenticationFailed:
        said = (
            f"{where} does not let {security.user} in: look at DRAGOMAN_BROKER_USER and "
            f"DRAGOMAN_BROKER_PASSWORD_FILE, and whether the broker has this user for {SASL_MECHANISM}"
        )
    except UnsupportedSaslMechanismError:
        said = f"{where} does not offer {SASL_MECHANISM}: switch it on there (sasl.enabled.mechanisms)"
    except ssl.SSLCertVerificationError as error:
        said = (
            f"{where} shows a certificate that is not trusted ({error.verify_message}): set DRAGOMAN_BROKER_CA_FILE to "
            "the certificate of whoever signed it"
        )
    except ssl.SSLError as error:
        said = (
            f"{where} does not agree on TLS ({_reason(error)}): look at DRAGOMAN_BROKER_SECURITY and the port"
        )
    except (OSError, ValueError, KafkaError, TimeoutError):
        return None  # nothing answers there at all: the caller's own sentence says so
    return said


def _reason(error: Exception) -> str:
    if isinstance(error, ssl.SSLError):
        return (error.reason or str(error)).lower().replace("_", " ")
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
