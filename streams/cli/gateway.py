"""`dragoman gateway`: the HTTP door."""

from __future__ import annotations

import asyncio

import click

from streams.cli.errors import fail, settings_or_exit


@click.command()
@click.option("--host", metavar="ADDRESS", help="Address to listen on [DRAGOMAN_GATEWAY_HOST].")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    help="Port to listen on, 0 for a free one [DRAGOMAN_GATEWAY_PORT].",
)
@click.option("--broker", metavar="HOST:PORT", help="Kafka to use [DRAGOMAN_BROKER].")
def command(*, host: str | None, port: int | None, broker: str | None) -> None:
    """Serve HTTP: transcripts in, alerts out as a stream, health and metrics.

    \b
    GET  /                   the console, for a browser
    POST /v1/transcripts     a transcript (application/json), or one a line (application/x-ndjson)
    GET  /v1/alerts          server-sent events; Last-Event-ID resumes; filters: ?topic= &country= &level= ...
                             a page where only application/json is accepted; a WebSocket at the same address
    GET  /v1/events          all the same of events, GET /v1/agreements of agreements
    GET  /v1/alerts/ID       one alert and its life; /v1/agreements/ID, /v1/transcripts/ID
    GET  /v1/feeds/alerts.atom
    GET  /healthz /readyz /metrics /openapi.json

    On this machine (127.0.0.1) it asks for no token. On any other address it lets in only who has one, and does not start
    before there is one: `dragoman tokens add NAME --scope read`.
    """  # noqa: D301 - \b is click's mark for text that is not to be wrapped
    from streams.cli.commands import command_runner  # noqa: PLC0415 - keeps --help quick
    from streams.gateway.run import serve_gateway  # noqa: PLC0415
    from streams.gateway.tokens import TokenError  # noqa: PLC0415
    from streams.telemetry import configure_logging  # noqa: PLC0415
    from streams.tracing import tracing  # noqa: PLC0415

    settings = settings_or_exit(broker=broker, gateway_host=host, gateway_port=port)
    configure_logging()
    try:
        with tracing(settings, "gateway"):
            asyncio.run(
                serve_gateway(
                    settings, lambda address: click.echo(f"gateway: {address}"), command_runner(settings)
                )
            )
    except TokenError as error:
        fail(str(error))
    except KeyboardInterrupt:
        return
