"""Where deliveries may go: addresses are looked up once, judged, and then connected to as they were judged."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import TYPE_CHECKING, Final

from aiohttp.abc import AbstractResolver, ResolveResult

if TYPE_CHECKING:
    from yarl import URL

    from streams.settings import Settings

Address = IPv4Address | IPv6Address
LookUp = Callable[[str, int], Awaitable[Sequence[str]]]
"""Gives the addresses of a name."""

_NAT64: Final = IPv6Network("64:ff9b::/96")
_LOCAL_NAT64: Final = IPv6Network("64:ff9b:1::/48")
"""Older Pythons take it for public; where in it the other address lies is up to each network."""
_TEREDO: Final = IPv6Network("2001::/32")
_COMPATIBLE: Final = IPv6Network("::/96")


class RefusedError(Exception):
    """A delivery may not go there; the message says why and what an operator could do."""


@dataclass(frozen=True, slots=True)
class Policy:
    """What an operator allows."""

    allowed: frozenset[str] = frozenset()
    """Names and addresses that are allowed whatever they lead to, and over http and on any port too."""
    http: bool = False
    ports: frozenset[int] | None = frozenset({80, 443, 8080, 8443})
    """None: all."""


def policy_of(settings: Settings) -> Policy:
    """Read what the operator allows.

    Raises:
        ValueError: The ports are no numbers.
    """
    listed = [part.strip() for part in settings.notifier_ports.split(",") if part.strip()]
    ports = None if "any" in listed else frozenset(int(part) for part in listed)
    names = (part.strip() for part in settings.notifier_allow.split(","))
    return Policy(frozenset(_plain(name) for name in names if name), settings.notifier_http, ports)


def check_url(url: URL, policy: Policy) -> None:
    """Return if a webhook's address may be asked for, as far as its text tells.

    It comes as the HTTP client reads it: another parser may see another host, and a host that is an address is
    connected to without being looked up.

    Raises:
        RefusedError: It may not.
    """
    host = url.raw_host or ""
    if _plain(host) in policy.allowed:
        return
    if url.scheme != "https" and not policy.http:
        raise RefusedError(
            "goes over http, where anyone on the way can read it: use https, or set DRAGOMAN_NOTIFIER_HTTP"
        )
    if policy.ports is not None and url.port not in policy.ports:
        raise RefusedError(f"goes to port {url.port}, which DRAGOMAN_NOTIFIER_PORTS does not name")
    literal = parse_address(host)
    if literal is not None:
        check_address(host, literal, policy)


def check_address(host: str, address: Address, policy: Policy) -> None:
    """Return if one address that a host has may be connected to.

    Raises:
        RefusedError: It is none of the public network and nobody allowed it by name.
    """
    if _plain(host) in policy.allowed or str(address) in policy.allowed:
        return
    why = why_refused(address)
    if why is not None:
        raise RefusedError(
            f"leads to {address}, {why}: deliveries go to the public network, and elsewhere only to what "
            "DRAGOMAN_NOTIFIER_ALLOW names"
        )


def why_refused(address: Address) -> str | None:
    """Say what keeps an address from being one of the public network, or None.

    An IPv6 address that stands for an IPv4 address is judged by that: mapped, compatible, NAT64, 6to4, Teredo.
    """
    if isinstance(address, IPv6Address):
        inner = embedded_address(address)
        if inner is not None and address not in _OWN_MEANING:
            why = why_refused(inner)
            return None if why is None else f"which stands for {inner}, {why}"
    return next((why for is_so, why in _REFUSED if is_so(address)), None)


_OWN_MEANING: Final = frozenset({IPv6Address("::"), IPv6Address("::1")})

_REFUSED: Final[tuple[tuple[Callable[[Address], bool], str], ...]] = (
    (lambda a: a.is_unspecified, "an address of no machine"),
    (lambda a: a.is_loopback, "the machine itself"),
    (lambda a: a.is_link_local, "an address of one link, where clouds keep their metadata"),
    (lambda a: isinstance(a, IPv6Address) and a.scope_id is not None, "an address of one link"),
    (lambda a: a.is_multicast, "an address of many machines"),
    (
        lambda a: isinstance(a, IPv6Address) and (a.is_site_local or a in _LOCAL_NAT64),
        "a private address",
    ),
    (lambda a: a.is_private or not a.is_global or a.is_reserved, "a private or reserved address"),
)


def embedded_address(address: IPv6Address) -> IPv4Address | None:
    """Give the IPv4 address for which an IPv6 address stands, or None."""
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address in _TEREDO and address.teredo is not None:
        return address.teredo[1]
    if address in _COMPATIBLE or address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return None


def parse_address(host: str) -> Address | None:
    """Read an address; None for a name."""
    try:
        return ip_address(host.strip("[]"))
    except ValueError:
        return None


async def resolve(host: str, port: int, policy: Policy, look_up: LookUp | None = None) -> tuple[Address, ...]:
    """Look a host up and give its addresses, if every one of them may be connected to.

    All and not just one: a name that leads to the public and to a private network at once was made to mislead.

    Raises:
        RefusedError: One may not.
        OSError: There is no such host.
    """
    literal = parse_address(host)
    texts = [str(literal)] if literal is not None else await (look_up or _look_up)(host, port)
    addresses = tuple(dict.fromkeys(ip_address(text) for text in texts))
    if not addresses:
        raise OSError(f"{host} has no address")
    for address in addresses:
        check_address(host, address, policy)
    return addresses


async def _look_up(host: str, port: int) -> list[str]:
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(item[4][0]) for item in found]


class GuardedResolver(AbstractResolver):
    """Gives aiohttp the judged addresses and no others, for each connection anew.

    What is judged is what is connected to: a name that leads elsewhere a moment later gains nothing. Host header and
    TLS name stay those of the address of the webhook.
    """

    def __init__(self, policy: Policy, look_up: LookUp | None = None) -> None:
        self._policy = policy
        self._look_up = look_up

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Look up and judge.

        Raises:
            RefusedError: As `resolve`.
            OSError: As `resolve`.
        """
        addresses = await resolve(host, port, self._policy, self._look_up)
        return [
            ResolveResult(
                hostname=host,
                host=str(address),
                port=port,
                family=socket.AF_INET if isinstance(address, IPv4Address) else socket.AF_INET6,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for address in addresses
            if family is socket.AF_UNSPEC or _family(address) is family
        ]

    async def close(self) -> None:
        """Nothing is held."""


def _family(address: Address) -> socket.AddressFamily:
    return socket.AF_INET if isinstance(address, IPv4Address) else socket.AF_INET6


def _plain(host: str) -> str:
    return host.strip("[]").rstrip(".").lower()
