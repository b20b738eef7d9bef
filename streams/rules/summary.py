"""The one line that an alert says."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

import yaml

if TYPE_CHECKING:
    from collections.abc import Mapping

_SLOT: Final = re.compile(r"\{([^{}]*)\}")
_OPTIONAL: Final = re.compile(r"\[([^\[\]]*\{[^\[\]]*)\]")
_SPOKEN: Final = {
    "mou": "MoU",
    "state_org": "state and organisation",
    "judicial": "judicial matters",
    "maritime": "maritime matters",
    "nuclear": "nuclear matters",
    "political": "political matters",
}
_VERBATIM: Final = ("text", "title", "agreement.subject", "agreement.name")
UNTOLD: Final = "(not told)"


def fill_summary(template: str, slots: Mapping[str, Any]) -> str:
    """Fill the slots of a summary: several values as `a, b and c`, codes as words, states by their English names.

    A part in square brackets is left out where one of its slots has no value.
    """
    template = _OPTIONAL.sub(
        lambda part: part.group(1) if all(slots.get(n.strip()) for n in _SLOT.findall(part.group(1))) else "",
        template,
    )
    return _SLOT.sub(lambda found: _spoken(found.group(1).strip(), slots), template)


def _spoken(name: str, slots: Mapping[str, Any]) -> str:
    values = slots.get(name)
    if not values:
        return UNTOLD
    words = [str(v) if name in _VERBATIM else _in_words(str(v)) for v in values]
    return words[0] if len(words) == 1 else ", ".join(words[:-1]) + " and " + words[-1]


def _in_words(code: str) -> str:
    return _SPOKEN.get(code) or load_state_names().get(code) or code.replace("_", " ")


@cache
def load_state_names() -> Mapping[str, str]:
    """Read the English name of each state by its code, from the lexicon of the reader."""
    lexicon = files("streams.extract") / "lexicon" / "countries.yml"
    states = yaml.load(lexicon.read_text(encoding="utf-8"), yaml.CSafeLoader)
    return {code: str(state["name"]) for code, state in states.items()}
