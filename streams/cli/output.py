"""What a command prints for programs."""

from __future__ import annotations

import click
import orjson


def print_json(value: object) -> None:
    """Print one indented JSON document on standard output; times are RFC 3339 in UTC."""
    click.echo(orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_UTC_Z))
