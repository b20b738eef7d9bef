"""`dragoman tokens`: make, list and revoke the tokens of the gateway."""

from __future__ import annotations

import re
import secrets
from datetime import UTC, datetime, timedelta
from typing import Final

import click
from pydantic import ValidationError

from streams.cli.errors import fail, settings_or_exit
from streams.cli.output import print_json

_UNITS: Final = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}


class _Span(click.ParamType):
    name = "TIME"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        found = re.fullmatch(r"(\d{1,4})([hdw])", str(value))
        if found is None or int(found[1]) == 0:
            self.fail(f"{value!r}: a number with h, d or w behind it, such as 90d", param, ctx)
        return int(found[1]) * _UNITS[found[2]]


@click.group()
def command() -> None:
    """Make, list and revoke the tokens that the gateway lets in.

    \b
    dragoman tokens add desk --scope read --expires 90d
    dragoman tokens list
    dragoman tokens revoke desk

    On loopback the gateway asks for none; on any other address it does not start without one. A change acts at once.
    """  # noqa: D301 - \b is click's mark for text that is not to be wrapped


@command.command()
@click.argument("name")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    required=True,
    type=click.Choice(["ingest", "read", "manage"]),
    help="ingest: send transcripts. read: read and follow. manage: change things. May be given several times.",
)
@click.option("--expires", type=_Span(), help="For how long it is good, such as 12h, 90d or 52w [for ever].")
def add(*, name: str, scopes: tuple[str, ...], expires: timedelta | None) -> None:
    """Make a token and print it, this once: only its hash is kept."""
    from streams.gateway.tokens import (  # noqa: PLC0415 - keeps --help quick
        SECRET_BYTES,
        Scope,
        TokenError,
        TokenFile,
        add_token,
        make_token,
    )

    file = TokenFile(settings_or_exit().data_dir)
    now = datetime.now(UTC).replace(microsecond=0)  # noqa: TID251 - when it was made
    try:
        text, token = make_token(
            name,
            [Scope(scope) for scope in scopes],
            secrets.token_bytes(SECRET_BYTES),
            now,
            now + expires if expires else None,
        )
        file.change(lambda tokens: add_token(tokens, token))
    except ValidationError:
        raise click.BadParameter(
            f"{name!r}: letters, digits, dot, hyphen and underscore, 64 at most", param_hint="NAME"
        ) from None
    except TokenError as error:
        fail(str(error))
    click.echo(text)
    until = f"until {token.expires_time:%Y-%m-%d %H:%M} UTC" if token.expires_time else "until it is revoked"
    click.echo(
        f"{name}: {', '.join(token.scopes)}, {until}. This is the only time it is shown; send it as `Authorization: Bearer ...`.",
        err=True,
    )


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for a program.")
def list_(*, as_json: bool) -> None:
    """Show the tokens that there are, without what is secret."""
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415

    from streams.gateway.tokens import TokenError, TokenFile  # noqa: PLC0415

    try:
        tokens = TokenFile(settings_or_exit().data_dir).read().tokens
    except TokenError as error:
        fail(str(error))
    now = datetime.now(UTC)  # noqa: TID251 - what has expired by now
    if as_json:
        print_json([t.model_dump(mode="json", exclude={"hash"}) for t in tokens])
        return
    if not tokens:
        click.echo("There are no tokens: `dragoman tokens add NAME --scope read` makes one.", err=True)
        return
    table = Table("name", "scopes", "made", "good until")
    for token in tokens:
        until = f"{token.expires_time:%Y-%m-%d %H:%M}" if token.expires_time else "no end"
        table.add_row(
            token.name,
            ", ".join(token.scopes),
            f"{token.created_time:%Y-%m-%d %H:%M}",
            f"{until} (over)" if token.is_expired(now) else until,
        )
    Console(highlight=False).print(table)


@command.command()
@click.argument("name")
def revoke(*, name: str) -> None:
    """Take a token away; who comes with it is turned away from now on."""
    from streams.gateway.tokens import TokenError, TokenFile, revoke_token  # noqa: PLC0415 - keeps --help quick

    file = TokenFile(settings_or_exit().data_dir)
    try:
        file.change(lambda tokens: revoke_token(tokens, name))
    except TokenError as error:
        fail(str(error))
    click.echo(f"revoked {name}")
