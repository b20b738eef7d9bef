"""What options can hold beside words and numbers: instants, lengths of time, a speed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import click

from schemas.contract import ContractError
from streams.ingest import parse_time
from streams.rules.errors import RuleError
from streams.rules.load import parse_duration


class TimeParameter(click.ParamType):
    """An instant as ISO 8601 writes it, or how long ago."""

    name = "TIME"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:  # noqa: ANN401 - as click has it
        """Read it."""
        if isinstance(value, datetime):
            return value
        try:
            found = parse_time(param.human_readable_name if param else "time", value)
        except ContractError as error:
            self.fail(error.reason, param, ctx)
        if found.year < datetime.fromtimestamp(0, UTC).year:
            self.fail("is before 1970", param, ctx)
        return found


class DurationParameter(click.ParamType):
    """A length of time as rules write it."""

    name = "DURATION"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:  # noqa: ANN401 - as click has it
        """Read it."""
        if isinstance(value, timedelta):
            return value
        try:
            return timedelta(0) if value == "0" else parse_duration(value)
        except RuleError as error:
            self.fail(error.reason, param, ctx)


class SpeedParameter(click.ParamType):
    """How many times as fast as event time."""

    name = "max|N"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float | None:  # noqa: ANN401 - as click has it
        """Read it."""
        if value == "max":
            return None
        try:
            speed = float(value)
        except ValueError:
            speed = 0.0
        if not 0 < speed < float("inf"):
            self.fail(f"{value!r} is neither max nor a number above 0", param, ctx)
        return speed


def written_time(_context: click.Context, option: click.Parameter, value: str | None) -> str | None:
    """Give an instant in the form that records have; a callback of options that go into a record."""
    if value is None:
        return None
    try:
        return parse_time(option.name or "", value).isoformat()
    except ContractError as error:
        raise click.BadParameter(error.reason) from None
