from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import httpx
import pytest

from schemas.subscription import Delivery, DeliveryState, Digest, Subscription
from schemas.topics import ALERTS, DELIVERIES, SUBSCRIPTIONS, Output
from streams.kafka.client import open_admin, open_producer
from streams.kafka.groups import installation_plans
from streams.kafka.local import LocalBroker, free_port
from streams.kafka.records import encode_tombstone
from streams.kafka.topics import create_topics, dead_letter_name, kafka_name
from streams.notifier.run import run_notifier
from streams.subscriptions import delivery_id, request_again, request_sample, resume
from tests.factories import NOON, make_alert_change
from tests.kafka.gateway_process import STREAM, publish, start_gateway, stream_events
from tests.kafka.notifier_receiver import SECRET, Receiver, Said, make_subscription, receiving, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from aiokafka import AIOKafkaProducer

    from schemas.alert import AlertChange
    from streams.settings import Settings
    from tests.kafka.conftest import ReadAll

GIVEN = {"source": {"broadcaster": "Radio Test"}, "text": "Iran and China signed a memorandum."}

pytestmark = [pytest.mark.kafka, pytest.mark.usefixtures("created_topics")]


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(
        update={
            "notifier_allow": "127.0.0.1",
            "notifier_retry_first_s": 0.1,
            "notifier_retry_limit_s": 0.3,
            "notifier_timeout_s": 1.0,
            "notifier_give_up_s": 30.0,
        }
    )


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as made:
        yield made


@asynccontextmanager
async def notifying(settings: Settings) -> AsyncIterator[None]:
    stop, ready = asyncio.Event(), asyncio.Event()
    task = asyncio.create_task(run_notifier(settings, stop, lambda *_: ready.set()))
    waiting = asyncio.create_task(ready.wait())
    await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED, timeout=30)
    if task.done():
        await task
    assert ready.is_set()
    try:
        yield
    finally:
        stop.set()
        await task


async def tell(producer: AIOKafkaProducer, settings: Settings, *changes: AlertChange) -> None:
    await publish(producer, settings, *[Output(ALERTS, c.alert.id, c, NOON) for c in changes])


async def subscribe(producer: AIOKafkaProducer, settings: Settings, *wishes: Subscription) -> None:
    await publish(producer, settings, *[Output(SUBSCRIPTIONS, s.id, s, NOON) for s in wishes])


async def states(read_all: ReadAll) -> dict[str, Delivery]:
    found = {}
    for record in await read_all(DELIVERIES):
        delivery = Delivery.decode(record.value)
        found[delivery.id] = delivery
    return found


async def state_of(read_all: ReadAll, id_: str) -> DeliveryState | None:
    found = (await states(read_all)).get(id_)
    return None if found is None else found.state


def id_of(subscription: Subscription, change: AlertChange) -> str:
    return delivery_id(subscription.id, change.alert.id, change.sequence)


async def test_whoever_wants_an_alert_gets_it_and_subscriptions_act_without_restart(
    settings: Settings, producer: AIOKafkaProducer, receiver: Receiver, read_all: ReadAll
) -> None:
    desk = make_subscription("desk", f"{receiver.address}/desk", filter={"countries": ["IRN"]})
    other = make_subscription("other", f"{receiver.address}/other", filter={"countries": ["FRA"]})
    late = make_subscription("late", f"{receiver.address}/late", filter={"changes": ["raise"]})
    await subscribe(producer, settings, desk, other)
    async with notifying(settings):
        first, second, third = (make_alert_change(n) for n in range(3))
        await tell(producer, settings, first)
        await until(lambda: receiver.taken_ids() == [id_of(desk, first)])
        assert receiver.taken[0][1] == first.model_dump(mode="json")
        await subscribe(producer, settings, late)
        await tell(producer, settings, second, make_alert_change(1, sequence=2))
        await until(lambda: len(receiver.taken) == 4)
        assert receiver.tries["/late"] == [id_of(late, second)]
        assert receiver.tries["/desk"][1:] == [
            id_of(desk, second),
            id_of(desk, make_alert_change(1, sequence=2)),
        ]
        gone = encode_tombstone(SUBSCRIPTIONS, desk.id, settings)
        await producer.send_and_wait(gone.topic, value=None, key=gone.key, headers=gone.headers)
        await tell(producer, settings, third)
        await until(lambda: len(receiver.taken) == 5)
    assert receiver.tries["/other"] == []
    assert receiver.tries["/late"] == [id_of(late, second), id_of(late, third)]
    done = await states(read_all)
    assert {d.state for d in done.values()} == {DeliveryState.DELIVERED}
    assert all(d.changes == () and d.answer == "200 OK" for d in done.values())


async def test_what_fails_is_tried_again_under_one_id_with_the_same_words(
    settings: Settings, producer: AIOKafkaProducer, receiver: Receiver, read_all: ReadAll
) -> None:
    answers: dict[str, list[Said]] = {
        "500": [500, 503, 500],
        "429": [(429, {"Retry-After": "1"})],
        "redirect": [(307, {"Location": f"{receiver.address}/elsewhere"})],
        "hang": ["hang"],
        "close": ["close"],
    }
    receiver.script = {f"/{name}": list(script) for name, script in answers.items()}
    wishes = [make_subscription(name, f"{receiver.address}/{name}") for name in answers]
    await subscribe(producer, settings, *wishes)
    change = make_alert_change()
    async with notifying(settings):
        await tell(producer, settings, change)
        await until(lambda: len(receiver.taken) == len(answers))
    for wish in wishes:
        tries = receiver.tries[f"/{wish.name}"]
        assert tries == [id_of(wish, change)] * (len(answers[wish.name]) + 1)
        assert len(receiver.bodies[tries[0]]) == 1
    assert "/elsewhere" not in receiver.tries
    asked, came = receiver.times["/429"]
    assert came - asked >= 0.99
    assert {d.state for d in (await states(read_all)).values()} == {DeliveryState.DELIVERED}


async def test_a_receiver_that_is_gone_is_paused_and_its_parked_deliveries_go_out_once_asked_for(
    settings: Settings, producer: AIOKafkaProducer, receiver: Receiver, read_all: ReadAll
) -> None:
    desk = make_subscription("desk", f"{receiver.address}/desk")
    receiver.script = {"/desk": [410]}
    await subscribe(producer, settings, desk)
    first, second = make_alert_change(1), make_alert_change(2)

    async def parked(change: AlertChange) -> bool:
        return await state_of(read_all, id_of(desk, change)) is DeliveryState.PARKED

    async with notifying(settings):
        await tell(producer, settings, first)
        await until(lambda: parked(first))
        await until(lambda: is_paused(read_all))
        await tell(producer, settings, second)
        await until(lambda: parked(second))
        assert len(receiver.tries["/desk"]) == 1
        await subscribe(producer, settings, resume(desk))
        again = [request_again(d, NOON) for d in (await states(read_all)).values()]
        await publish(producer, settings, *[Output(DELIVERIES, d.alert_id, d, NOON) for d in again])
        await until(lambda: len(receiver.taken) == 2)
    assert sorted(receiver.taken_ids()) == sorted([id_of(desk, first), id_of(desk, second)])


async def is_paused(read_all: ReadAll) -> bool:
    latest = Subscription.decode((await read_all(SUBSCRIPTIONS))[-1].value)
    return latest.paused and latest.paused_reason is not None


async def test_long_failure_pauses_the_subscriber_and_nobody_else(
    settings: Settings, producer: AIOKafkaProducer, receiver: Receiver, read_all: ReadAll
) -> None:
    settings = settings.model_copy(update={"notifier_give_up_s": 1.0})
    bad, good = (make_subscription(name, f"{receiver.address}/{name}") for name in ("bad", "good"))
    receiver.script = {"/bad": [500] * 1000}
    await subscribe(producer, settings, bad, good)
    async with notifying(settings):
        await tell(producer, settings, make_alert_change(1), make_alert_change(2))
        await until(lambda: is_paused(read_all))
        await until(lambda: len(receiver.taken) == 2)
    done = await states(read_all)
    assert {d.state for d in done.values() if d.subscription_id == bad.id} == {DeliveryState.PARKED}
    assert {d.state for d in done.values() if d.subscription_id == good.id} == {DeliveryState.DELIVERED}


async def test_private_addresses_are_refused_however_they_are_written(
    settings: Settings, producer: AIOKafkaProducer, receiver: Receiver, read_all: ReadAll
) -> None:
    settings = settings.model_copy(
        update={"notifier_allow": "", "notifier_http": True, "notifier_ports": "any"}
    )
    port = receiver.address.rpartition(":")[2]
    hosts = ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "[::1]", "[::ffff:127.0.0.1]", "0"]
    wishes = [make_subscription(host, f"http://{host}:{port}/x") for host in hosts]
    await subscribe(producer, settings, *wishes)
    change = make_alert_change()
    async with notifying(settings):
        await tell(producer, settings, change)

        async def all_parked() -> bool:
            done = await states(read_all)
            return [done[id_of(w, change)].state for w in wishes if id_of(w, change) in done] == [
                DeliveryState.PARKED
            ] * len(hosts)

        await until(all_parked)
    answers = {d.answer for d in (await states(read_all)).values()}
    assert all(a == "its address is none" or a.startswith("refused: it leads to") for a in answers)
    assert receiver.taken == []


async def test_what_is_written_down_again_after_it_was_delivered_does_not_go_out_again(
    settings: Settings, producer: AIOKafkaProducer, receiver: Receiver, read_all: ReadAll
) -> None:
    desk = make_subscription("desk", f"{receiver.address}/desk")
    await subscribe(producer, settings, desk)
    first, second = make_alert_change(1), make_alert_change(2)
    async with notifying(settings):
        await tell(producer, settings, first)
        await until(lambda: receiver.taken_ids() == [id_of(desk, first)])
        await until(lambda: delivered(read_all, desk, first))
    # one that was halted wakes, and writes what it had read before
    waiting, *_ = [Delivery.decode(record.value) for record in await read_all(DELIVERIES)]
    await publish(producer, settings, Output(DELIVERIES, waiting.alert_id, waiting, NOON))
    async with notifying(settings):
        await tell(producer, settings, second)
        await until(lambda: len(receiver.taken) == 2)
    assert receiver.taken_ids() == [id_of(desk, first), id_of(desk, second)]


async def delivered(read_all: ReadAll, subscription: Subscription, change: AlertChange) -> bool:
    return await state_of(read_all, id_of(subscription, change)) is DeliveryState.DELIVERED


async def test_a_digest_is_one_delivery_of_many_changes(
    settings: Settings, producer: AIOKafkaProducer, receiver: Receiver, read_all: ReadAll
) -> None:
    desk = make_subscription("desk", f"{receiver.address}/desk", digest={"every_s": 3600, "count": 4})
    receiver.script = {"/desk": [500]}
    await subscribe(producer, settings, desk)
    changes = [make_alert_change(n) for n in range(4)]
    async with notifying(settings):
        await tell(producer, settings, *changes[:3])
    async with notifying(settings):
        await tell(producer, settings, changes[3])
        await until(lambda: len(receiver.taken) == 1)
    told = receiver.taken[0][1]["changes"]
    assert sorted(c["id"] for c in told) == sorted(c.id for c in changes)
    assert len(set(receiver.tries["/desk"])) == 1
    done = await states(read_all)
    assert {done[id_of(desk, c)].state for c in changes} == {DeliveryState.BUNDLED}


async def test_a_sample_goes_out_at_once_even_while_paused(
    settings: Settings, producer: AIOKafkaProducer, receiver: Receiver, read_all: ReadAll
) -> None:
    desk = make_subscription("desk", f"{receiver.address}/desk", paused=True)
    await subscribe(producer, settings, desk)
    sample = request_sample(desk, NOON)
    async with notifying(settings):
        await tell(producer, settings, make_alert_change())
        await publish(producer, settings, Output(DELIVERIES, sample.alert_id, sample, NOON))
        await until(lambda: receiver.taken_ids() == [sample.id])
    assert receiver.taken[0][1]["alert"]["topic"] == "sample"


async def test_what_is_no_alert_is_parked_and_the_next_one_delivered(
    settings: Settings, producer: AIOKafkaProducer, receiver: Receiver, read_all: ReadAll
) -> None:
    await subscribe(producer, settings, make_subscription("desk", f"{receiver.address}/desk"))
    change = make_alert_change()
    async with notifying(settings):
        await producer.send_and_wait(kafka_name(ALERTS, settings), value=b"{", key=change.alert.id.encode())
        await tell(producer, settings, change)
        await until(lambda: len(receiver.taken) == 1)
    [letter] = await read_all(dead_letter_name(ALERTS, settings).removeprefix(settings.topic_prefix))
    assert letter.value == b"{"


async def start_process(settings: Settings) -> asyncio.subprocess.Process:
    environment = {
        f"DRAGOMAN_{name.upper()}": str(value)
        for name, value in settings.model_dump().items()
        if value is not None
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "streams.cli", "notifier",
        env={**os.environ, **environment}, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    line = await asyncio.wait_for(process.stdout.readline(), 30)
    assert line.startswith(b"notifier: ready")
    return process


async def test_killed_under_load_again_and_again_it_loses_nothing_and_says_nothing_twice_otherwise(
    settings: Settings, producer: AIOKafkaProducer, receiver: Receiver, read_all: ReadAll
) -> None:
    settings = settings.model_copy(update={"session_timeout_s": 6.0})
    names = ("a", "b", "c")
    wishes = [make_subscription(name, f"{receiver.address}/{name}") for name in names]
    await subscribe(producer, settings, *wishes)
    receiver.pause_s = 0.02
    receiver.script = {"/b": [500, 200, "close"] * 20}
    changes = [make_alert_change(n % 40, sequence=1 + n // 40) for n in range(120)]
    wanted = {id_of(wish, change) for wish in wishes for change in changes}
    for cut in (0, 60):
        process = await start_process(settings)
        before = len(receiver.taken)
        await tell(producer, settings, *changes[cut : cut + 60])
        await until(lambda before=before: len(receiver.taken) > before + 30)  # type: ignore[misc]
        process.kill()
        await process.wait()
    process = await start_process(settings)
    await until(lambda: set(receiver.taken_ids()) == wanted, 40)

    async def all_noted() -> bool:
        done = await states(read_all)
        return {d.state for d in done.values()} == {DeliveryState.DELIVERED} and len(done) == len(wanted)

    await until(all_noted)
    process.send_signal(signal.SIGTERM)
    assert await asyncio.wait_for(process.wait(), 15) == 0
    assert {id_ for id_, bodies in receiver.bodies.items() if len(bodies) != 1} == set()
    assert set(receiver.bodies) == wanted


async def run_command(settings: Settings, *arguments: str, code: int = 0) -> str:
    environment = {
        f"DRAGOMAN_{name.upper()}": str(value)
        for name, value in settings.model_dump().items()
        if value is not None
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "streams.cli", "subscriptions", *arguments,
        env={**os.environ, **environment}, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await process.communicate()
    assert process.returncode == code, (out + err).decode()
    assert b"Traceback" not in err
    return (out if code == 0 else err).decode()


async def test_by_the_command_line_alone_a_subscription_is_made_tried_paused_mended_and_removed(
    settings: Settings, producer: AIOKafkaProducer, receiver: Receiver
) -> None:
    channel = f"{receiver.address}/desk/token"
    refused = await run_command(settings, "add", "x", "--channel", "https://2130706433/", code=1)
    assert "channel: has a host that is neither a name nor an address" in refused
    await run_command(
        settings,
        "add",
        "desk",
        "--channel",
        channel,
        "--secret",
        SECRET,
        "--country",
        "irn",
        "--level",
        "high",
    )
    receiver.script = {"/desk/token": [200, 410]}
    change = make_alert_change()
    async with notifying(settings):
        assert "delivered: 200 OK" in await run_command(settings, "test", "desk")
        assert receiver.taken[0][1]["cause_id"] == "sample"
        await tell(producer, settings, change)
        await until(lambda: len(receiver.tries["/desk/token"]) == 2)
        shown = await until_said(settings, "1 parked", "show", "desk")
        assert "paused: the receiver answered 410 Gone" in shown
        assert "is paused" in await run_command(settings, "retry", "desk", "--all", code=1)
        await run_command(settings, "resume", "desk")
        assert "1 sent again" in await run_command(settings, "retry", "desk", "--all")
        await until(lambda: len(receiver.taken) == 2)
        listed = await run_command(settings, "list", "--json")
        assert SECRET not in listed + shown
        assert "token" not in listed + shown
        assert SECRET not in await run_command(settings, "rotate", "desk")
        await run_command(settings, "remove", "desk")
    assert "there is no subscription desk" in await run_command(settings, "show", "desk", code=1)


async def test_by_the_command_line_an_edit_keeps_what_it_does_not_name_and_shows_no_old_secret(
    settings: Settings, read_all: ReadAll
) -> None:
    shown = await run_command(
        settings,
        *("add", "desk", "--channel", "https://desk.example/token", "--secret", SECRET, "--country", "irn"),
        *("--level", "high", "--digest", "15m", "--digest-count", "20"),
    )
    await run_command(settings, "add", "night")
    first = Subscription.decode((await read_all(SUBSCRIPTIONS))[0].value)

    async def edit(*arguments: str, code: int = 0) -> str:
        said = await run_command(settings, "edit", *arguments, code=code)
        assert SECRET not in said
        assert "token" not in said
        return said

    said = await edit(
        "desk", "--country", "chn", "--country", "irn", "--clear", "level", "--clear", "digest-count"
    )
    assert "desk is changed" in said
    assert "CHN or IRN" in said
    made = json.loads(await edit("desk", "--secret", "new", "--quiet", "22:00-06:00", "--json"))
    assert (made["secrets"], made["quiet"]["time_zone"]) == (2, "UTC")
    assert "signed with 1 secret" in await edit("desk", "--keep-secrets", "1", "--name", "day")
    for arguments, words in (
        (("day", "--name", "night"), "there is a subscription night already"),
        (("day", "--country", "Iran"), "filter.countries.0"),
        (("day", "--zone", "Vienna"), "is no IANA time zone"),
        (("desk", "--per-minute", "5"), "there is no subscription desk"),
    ):
        assert words in await edit(*arguments, code=1)
    last = Subscription.decode((await read_all(SUBSCRIPTIONS))[-1].value)
    assert last.secrets == (made["secret"],)
    assert last == first.model_copy(
        update={
            "name": "day",
            "filter": first.filter.model_copy(update={"countries": ("CHN", "IRN"), "level": None}),
            "digest": Digest(every_s=900),
            "quiet": last.quiet,
            "secrets": last.secrets,
        }
    )
    assert first.id in shown


async def test_an_edit_acts_from_the_next_alert_on_without_restart_and_what_waits_goes_out_all_the_same(
    settings: Settings, producer: AIOKafkaProducer, receiver: Receiver, read_all: ReadAll
) -> None:
    desk = make_subscription("desk", f"{receiver.address}/desk", digest={"every_s": 3600})
    await subscribe(producer, settings, desk)
    collected, unwanted, wanted = (make_alert_change(n) for n in range(3))
    wanted = wanted.model_copy(update={"alert": wanted.alert.model_copy(update={"topic": "military"})})

    async def is_waiting() -> bool:
        return await state_of(read_all, id_of(desk, collected)) is DeliveryState.WAITING

    async with notifying(settings):
        await tell(producer, settings, collected)
        await until(is_waiting)
        process, address = await asyncio.to_thread(start_gateway, settings)
        with process:
            async with httpx.AsyncClient(base_url=address, timeout=30) as client:
                at = f"/v1/subscriptions/{desk.id}"
                read = await client.get(at)
                edit = {
                    "filter": {"topics": ["military"]},
                    "channel": f"{receiver.address}/other",
                    "digest": None,
                }
                matching = {"If-Match": read.headers["etag"]}
                edited = await client.patch(at, json=edit, headers=matching)
                assert edited.status_code == 200, edited.text
                assert edited.headers["etag"] != read.headers["etag"]
                stale = await client.patch(at, json={"name": "late"}, headers=matching)
                assert (stale.status_code, "changed meanwhile" in stale.json()["detail"]) == (412, True)
                assert (await client.get(at)).json() == edited.json()
            await tell(producer, settings, unwanted, wanted)
            await until(lambda: len(receiver.taken) == 2)
            process.terminate()
            assert await asyncio.to_thread(process.wait, 30) == 0
    assert receiver.tries["/other"] == [id_of(desk, collected), id_of(desk, wanted)]
    assert receiver.tries["/desk"] == []
    assert set(await states(read_all)) == {id_of(desk, collected), id_of(desk, wanted)}
    assert Subscription.decode((await read_all(SUBSCRIPTIONS))[-1].value).secrets == desk.secrets


async def until_said(settings: Settings, words: str, *arguments: str) -> str:
    async with asyncio.timeout(20):
        while words not in (said := await run_command(settings, *arguments)):
            pass
    return said


async def test_two_share_the_work_and_what_one_leaves_the_other_takes_up(
    settings: Settings, producer: AIOKafkaProducer, receiver: Receiver, read_all: ReadAll
) -> None:
    settings = settings.model_copy(update={"notifier_retry_first_s": 2.0, "notifier_retry_limit_s": 2.0})
    desk = make_subscription("desk", f"{receiver.address}/desk")
    await subscribe(producer, settings, desk)
    changes = [make_alert_change(n) for n in range(20)]
    async with notifying(settings):
        async with notifying(settings):
            receiver.script = {"/desk": [500] * 20}
            await tell(producer, settings, *changes)
            await until(lambda: len(set(receiver.tries["/desk"])) == 20)
        await until(lambda: set(receiver.taken_ids()) == {id_of(desk, c) for c in changes})
    assert all(len(bodies) == 1 for bodies in receiver.bodies.values())
    assert {d.state for d in (await states(read_all)).values()} == {DeliveryState.DELIVERED}


@pytest.mark.slow
async def test_over_a_restart_of_the_broker_streams_and_deliveries_go_on_with_no_gap_and_no_repeat(
    settings: Settings, receiver: Receiver, tmp_path: Path, jar_cache: Path
) -> None:
    desk = make_subscription("desk", f"{receiver.address}/desk")
    first, second = make_alert_change(1), make_alert_change(2)
    with LocalBroker(tmp_path / "broker", jar_cache, port=free_port(), heap_mib=256) as broker:
        settings = settings.model_copy(update={"broker": broker.address})
        async with open_admin(settings) as admin:
            await create_topics(admin, installation_plans(settings))
        async with open_producer(settings) as producer:
            await subscribe(producer, settings, desk)
        process, address = await asyncio.to_thread(start_gateway, settings)
        with process:
            try:
                async with (
                    notifying(settings),
                    httpx.AsyncClient(base_url=address, timeout=60) as client,
                    client.stream("GET", "/v1/alerts", headers=STREAM) as response,
                ):
                    events = stream_events(response)
                    async with open_producer(settings) as producer:
                        await tell(producer, settings, first)
                    found = [(await anext(events))[2]["id"]]
                    await until(lambda: receiver.taken_ids() == [id_of(desk, first)])
                    broker.stop()
                    assert (await client.get("/readyz")).status_code == 503
                    refused = await client.post("/v1/transcripts", json=GIVEN)
                    assert (refused.status_code, refused.headers["retry-after"]) == (503, "2")
                    broker.start()
                    async with open_producer(settings) as producer:
                        await tell(producer, settings, first, second)
                    found.append((await anext(events))[2]["id"])
                    await until(lambda: len(receiver.taken) > 1, 60)
                    assert (await client.get("/readyz")).status_code == 200
            finally:
                process.terminate()
                assert await asyncio.to_thread(process.wait, 30) == 0
    assert found == [first.id, second.id]
    assert receiver.taken_ids() == [id_of(desk, first), id_of(desk, second)]
