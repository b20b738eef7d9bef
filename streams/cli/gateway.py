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
    POST /v1/transcripts     a transcript (application/json), or one a line (application/x-ndjson)
    GET  /v1/alerts          server-sent events; Last-Event-ID resumes; filters: ?topic= &country= &level= ...
    GET  /healthz /readyz /metrics /openapi.json

    It listens on this machine only: there are no tokens yet, so any other address is refused.
    """  # noqa: D301 - \b is click's mark for text that is not to be wrapped
    from streams.gateway.run import serve_gateway  # noqa: PLC0415 - keeps --help quick
    from streams.telemetry import configure_logging  # noqa: PLC0415

    settings = settings_or_exit(broker=broker, gateway_host=host, gateway_port=port)
    if settings.gateway_host not in {"127.0.0.1", "::1", "localhost"}:
        fail(
            f"the gateway has no tokens yet and serves this machine only, not {settings.gateway_host}: put a proxy that checks who comes before it"
        )
    configure_logging()
    try:
        asyncio.run(serve_gateway(settings, lambda address: click.echo(f"gateway: {address}")))
    except KeyboardInterrupt:
        return
