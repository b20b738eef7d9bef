"""YAML as plain values that remember where they stand."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import yaml

from streams.rules.errors import RuleError

if TYPE_CHECKING:
    from streams.rules.errors import Path

MAX_FILE_SIGNS: Final = 262_144
MAX_NODES: Final = 20_000
MAX_DEPTH: Final = 50


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in a file, counted from 1. `plain` says that the value stands there sign by sign."""

    line: int
    column: int
    plain: bool = False


@dataclass(frozen=True, slots=True)
class Document:
    """One YAML document: its value, and where each part of it stands."""

    value: Any
    file: str
    keys: dict[Path, Mark]
    values: dict[Path, Mark]

    def error(self, reason: str, path: Path) -> RuleError:
        """Make an error that says where: at the key, or the nearest place known."""
        return self.locate(RuleError(reason, path=path))

    def locate(self, error: RuleError) -> RuleError:
        """Say where in the file an error lies: at the value if it is wrong or something in it is, else at the key."""
        steps = error.path
        while steps and steps not in self.keys and steps not in self.values:
            steps = steps[:-1]
        inside = error.of_value or error.offset or steps not in self.keys
        mark = (self.values if inside else self.keys).get(steps, Mark(1, 1))
        column = mark.column + (error.offset if mark.plain else 0)
        return RuleError(
            error.reason,
            self.file,
            mark.line,
            column,
            path=error.path,
            offset=error.offset,
            of_value=error.of_value,
        )


def read_documents(text: str, file: str) -> tuple[Document, ...]:
    """Read the YAML documents of a text.

    Raises:
        RuleError: it is not YAML, is over the limits, or has a key twice; with file, line and column.
    """
    if len(text) > MAX_FILE_SIGNS:
        raise RuleError(f"the file is over {MAX_FILE_SIGNS} signs", file, 1, 1)
    try:
        nodes = [node for node in yaml.compose_all(text, Loader=yaml.SafeLoader) if node is not None]
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise RuleError(f"not YAML: {error.problem or error.context}", file, line, column) from None
    except yaml.YAMLError as error:
        raise RuleError(f"not YAML: {error}", file, 1, 1) from None
    except RecursionError:
        raise RuleError("not YAML that can be read: it is nested too deep", file, 1, 1) from None
    return tuple(_Reader(file).document(node) for node in nodes)


def _is_written_as_json(value: float) -> bool:
    """Tell whether a number is the same once it was on a topic: JSON has no infinity, and programs have 64 bits."""
    return math.isfinite(value) if isinstance(value, float) else -(2**63) <= value < 2**63


class _Reader:
    def __init__(self, file: str) -> None:
        self.file = file
        self.keys: dict[Path, Mark] = {}
        self.values: dict[Path, Mark] = {}
        self.count = 0
        self.loader = yaml.SafeLoader("")

    def document(self, node: yaml.Node) -> Document:
        return Document(self.read(node, ()), self.file, self.keys, self.values)

    def read(self, node: yaml.Node, path: Path) -> Any:  # noqa: ANN401 - a YAML value is any value
        self.count += 1
        line, column = node.start_mark.line + 1, node.start_mark.column + 1
        if len(path) > MAX_DEPTH:
            raise RuleError(f"nested deeper than {MAX_DEPTH}", self.file, line, column)
        if self.count > MAX_NODES:
            raise RuleError(
                f"the file holds more than {MAX_NODES} values, aliases counted each time",
                self.file,
                line,
                column,
            )
        if isinstance(node, yaml.ScalarNode):
            quoted = node.style in {"'", '"'}
            single = node.start_mark.line == node.end_mark.line
            self.values[path] = Mark(line, column + quoted, plain=single and node.style not in {"|", ">"})
            try:
                value = self.loader.construct_object(node)
            except (yaml.YAMLError, ValueError) as error:
                raise RuleError(f"not a value: {error}", self.file, line, column) from None
            if isinstance(value, int | float) and not _is_written_as_json(value):
                raise RuleError(
                    f"{node.value[:40]} is no number that a rule can hold", self.file, line, column
                )
            return value
        self.values[path] = Mark(line, column)
        if isinstance(node, yaml.SequenceNode):
            return [self.read(item, (*path, at)) for at, item in enumerate(node.value)]
        if isinstance(node, yaml.MappingNode):
            return self.mapping(node, path)
        raise RuleError("not a value that a rule can hold", self.file, line, column)

    def mapping(self, node: yaml.MappingNode, path: Path) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key_node, value_node in node.value:
            line, column = key_node.start_mark.line + 1, key_node.start_mark.column + 1
            if not isinstance(key_node, yaml.ScalarNode):
                raise RuleError("a key is a word", self.file, line, column)
            key = key_node.value
            if key in result:
                raise RuleError(
                    f'"{key}" is there twice; the second would hide the first', self.file, line, column
                )
            self.keys[*path, key] = Mark(line, column)
            result[key] = self.read(value_node, (*path, key))
        return result
