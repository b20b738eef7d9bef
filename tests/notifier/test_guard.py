from __future__ import annotations

import socket
from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from streams.notifier.guard import (
    GuardedResolver,
    Policy,
    RefusedError,
    check_url,
    policy_of,
    resolve,
    why_refused,
)
from streams.settings import Settings

PUBLIC = "93.184.215.14"


@pytest.mark.parametrize(
    "text",
    [
        "127.0.0.1", "127.8.8.8", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254",
        "100.64.0.1", "0.1.2.3", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
        "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "192.0.0.1",
        "0.0.0.0",  # noqa: S104 - nothing is bound
        "::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "fec0::1", "ff02::1", "2001:db8::1",
        "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::a00:1", "64:ff9b:1::808:808",
        "2002:7f00:1::", "2002:a9fe:a9fe::1", "2002:c0a8:101::", "2001:0:4136:e378:8000:63bf:80ff:fffe", "100::1",
    ],
)  # fmt: skip
def test_what_is_not_of_the_public_network_is_refused(text: str) -> None:
    assert why_refused(ip_address(text)) is not None


@pytest.mark.parametrize(
    "text",
    [PUBLIC, "8.8.8.8", "2606:2800:21f:cb07:6820:80da:af6b:8b2c", "::ffff:8.8.8.8", "64:ff9b::808:808"],
)
def test_what_is_of_the_public_network_is_not(text: str) -> None:
    assert why_refused(ip_address(text)) is None


@given(st.integers(0, 2**32 - 1).map(IPv4Address))
def test_an_address_is_judged_alike_in_every_form_that_stands_for_it(address: IPv4Address) -> None:
    number = int(address)
    forms = [
        IPv6Address((0xFFFF << 32) | number),
        IPv6Address(int(IPv6Address("64:ff9b::")) | number),
        IPv6Address((0x2002 << 112) | (number << 80)),
    ]
    assert {why_refused(form) is None for form in forms} == {why_refused(address) is None}


async def found(*texts: str, host: str = "hook.example", policy: Policy | None = None) -> list[str]:
    async def look_up(_: str, __: int) -> list[str]:
        return list(texts)

    return [str(a) for a in await resolve(host, 443, policy or Policy(), look_up)]


async def test_a_name_is_refused_when_one_of_its_addresses_is() -> None:
    assert await found(PUBLIC, "8.8.8.8") == [PUBLIC, "8.8.8.8"]
    with pytest.raises(RefusedError, match=r"leads to 10\.0\.0\.1, a private or reserved address"):
        await found(PUBLIC, "10.0.0.1")
    with pytest.raises(RefusedError, match="where clouds keep their metadata"):
        await found("169.254.169.254")


async def test_what_is_allowed_by_name_or_address_may_be_private() -> None:
    assert await found("10.0.0.1", policy=Policy(frozenset({"hook.example"}))) == ["10.0.0.1"]
    assert await found("10.0.0.1", policy=Policy(frozenset({"10.0.0.1"}))) == ["10.0.0.1"]
    with pytest.raises(RefusedError):
        await found("10.0.0.1", host="other.example", policy=Policy(frozenset({"hook.example"})))


async def test_the_resolver_gives_what_was_judged_and_looks_up_once_for_each_connection() -> None:
    answers = [[PUBLIC], ["127.0.0.1"]]
    asked: list[str] = []

    async def look_up(host: str, _: int) -> list[str]:
        asked.append(host)
        return answers.pop(0)

    resolver = GuardedResolver(Policy(), look_up)
    [given] = await resolver.resolve("hook.example", 443)
    assert (given["hostname"], given["host"], given["flags"]) == (
        "hook.example",
        PUBLIC,
        socket.AI_NUMERICHOST,
    )
    with pytest.raises(RefusedError):
        await resolver.resolve("hook.example", 443)
    assert asked == ["hook.example"] * 2


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://hook.example/x", "goes over http"),
        ("https://hook.example:22/x", "port 22"),
        ("https://127.0.0.1/x", "the machine itself"),
        ("https://[::ffff:10.0.0.1]/x", "a private or reserved address"),
        ("https://[fe80::1]:443/x", "an address of one link"),
        ("https://１２７.０.０.１/x", "the machine itself"),
        ("https://user@127.0.0.1/x", "the machine itself"),
    ],
)
def test_an_address_is_refused_by_its_text_where_that_tells_enough(url: str, words: str) -> None:
    with pytest.raises(RefusedError, match=words):
        check_url(URL(url), Policy())


def test_what_is_allowed_by_name_may_use_http_and_any_port() -> None:
    check_url(URL("https://hook.example/x"), Policy())
    check_url(URL("http://Hook.Internal.:9000/x"), Policy(frozenset({"hook.internal"})))
    check_url(URL("http://[::1]:9000/x"), Policy(frozenset({"::1"})))


def test_the_settings_say_what_is_allowed() -> None:
    policy = policy_of(Settings(notifier_allow=" Hooks.Internal, [::1] ", notifier_ports="443, 9000"))
    assert policy == Policy(frozenset({"hooks.internal", "::1"}), http=False, ports=frozenset({443, 9000}))
    assert policy_of(Settings(notifier_ports="any")).ports is None
    with pytest.raises(ValueError, match="http"):
        policy_of(Settings(notifier_ports="http"))
