"""What can go wrong for a user, as one sentence on standard error and exit code 1."""

from __future__ import annotations

import os
import sys
from difflib import get_close_matches
from typing import NoReturn

import click
from pydantic import ValidationError

from streams.settings import Settings, load_settings


def settings_or_exit(**changes: object) -> Settings:
    """Read the settings; options of the command line win over the environment.

    A variable `DRAGOMAN_...` that no setting reads is an error too: it was meant to do something.
    """
    known = {f"DRAGOMAN_{name.upper()}" for name in Settings.model_fields}
    for name in sorted(os.environ):
        if name.startswith("DRAGOMAN_") and name not in known:
            near = get_close_matches(name, known, 1)
            fail(
                f"{name} is no setting of Dragoman"
                + (f"; did you mean {near[0]}?" if near else "; docs/reference.md lists them")
            )
    try:
        given = {name: value for name, value in changes.items() if value is not None}
        return Settings.model_validate({**load_settings().model_dump(), **given})
    except ValidationError as error:
        item = error.errors(include_url=False)[0]
        name = str(item["loc"][0]) if item["loc"] else "?"
        fail(f"DRAGOMAN_{name.upper()} is {item['input']!r}: {item['msg'][:1].lower()}{item['msg'][1:]}")


def fail(sentence: str) -> NoReturn:
    """Say what is wrong and end with exit code 1."""
    click.secho(f"dragoman: {sentence}", fg="red", err=True)
    sys.exit(1)


def sentence_of(error: Exception) -> str | None:
    """Give the sentence of an error that a user can mend, or None if it is a fault of the program."""
    from streams.kafka.client import NoBrokerError  # noqa: PLC0415 - only once something has failed
    from streams.kafka.jars import LocalBrokerError  # noqa: PLC0415
    from streams.kafka.topics import TopicError  # noqa: PLC0415
    from streams.tracing import TracingError  # noqa: PLC0415

    if isinstance(error, NoBrokerError | LocalBrokerError | TopicError | TracingError):
        return str(error)
    if isinstance(error, OSError):
        where = f"{error.filename}: " if error.filename else ""
        return f"{where}{error.strerror or error}"
    return None
