"""The command `dragoman`: one module for each group of commands, loaded when it is asked for."""

from __future__ import annotations

import importlib
import sys
from importlib.metadata import version
from typing import Final

import click

COMMANDS: Final = {
    "up": "streams.cli.up",
    "worker": "streams.cli.worker",
    "gateway": "streams.cli.gateway",
    "notifier": "streams.cli.notifier",
    "ingest": "streams.cli.ingest",
    "extract": "streams.cli.extract",
    "alerts": "streams.cli.alerts",
    "agreements": "streams.cli.agreements",
    "subscriptions": "streams.cli.subscriptions",
    "rules": "streams.cli.rules",
    "replay": "streams.cli.replay",
    "archive": "streams.cli.archive",
    "export": "streams.cli.export",
    "tokens": "streams.cli.tokens",
    "topics": "streams.cli.topics",
    "dlq": "streams.cli.dlq",
    "doctor": "streams.cli.doctor",
}
"""Command name to module; the module holds a click command of the name `command`."""


class _Commands(click.Group):
    """Import a command's module only when it runs, so that `dragoman --help` answers at once."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(COMMANDS[cmd_name])
        command: click.Command = module.command
        return command


@click.group(
    cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110}
)
@click.version_option(version("dragoman"), prog_name="dragoman")
def dragoman() -> None:
    """Watch what the world's broadcasters say about states and their agreements.

    \b
    Begin:          dragoman up                     broker, worker and gateway on this machine
    Feed it:        dragoman ingest FILE            transcripts in
    Watch it:       dragoman alerts --follow        alerts out, with the words that prove them
    Without Kafka:  dragoman extract FILE           what the reader finds in a transcript

    Settings are environment variables DRAGOMAN_<NAME>. Exit codes: 0 done, 1 it could not be done (a sentence on
    standard error says why), 2 the command line is wrong.
    """  # noqa: D301 - \b is click's mark for text that is not to be wrapped


def main() -> None:
    """Run the command. What a user can mend is one sentence; a broken pipe and Ctrl-C end it quietly."""
    try:
        dragoman(prog_name="dragoman")
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
    except Exception as error:
        from streams.cli.errors import fail, sentence_of  # noqa: PLC0415 - only once something has failed

        sentence = sentence_of(error)
        if sentence is None:
            raise
        fail(sentence)
