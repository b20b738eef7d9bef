"""The mention taggers: conditional random fields over words, with word clusters and lists of names.

What it was trained on and how well it does is in docs/model-card.md; `make train` trains it again.
"""

from __future__ import annotations

import gzip
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

import marisa_trie
import pycrfsuite

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from streams.extract.names import Word

GAZETTEER_KINDS: Final = ("person", "place", "organisation", "event", "given", "surname", "work")
"""The sorts of names in the gazetteer, by the bit that stands for each."""
OTHER_MODELS: Final = {"zh": "chinese.crf.gz", "hi": "hindi.crf.gz"}
"""Files of the taggers of other languages."""
_MAX_NAME_WORDS: Final = 7
_CACHE_WORDS: Final = 60_000
_SHAPE_LENGTH: Final = 6
_FEWEST_WORDS: Final = 4
"""A line of fewer words tells nothing of its case: a station's name is in capitals anywhere."""
_SHOUTED: Final = 0.8
_LONGEST_RUN: Final = 6
_LONGEST_LINK: Final = 2
_LINKS: Final = frozenset(
    {
        "of",
        "and",
        "for",
        "the",
        "&",
        "-",
        "de",
        "in",
        "on",
        "la",
        "du",
        "des",
        "van",
        "von",
        "al",
        "'",
        "'s",
        "to",
    }
)
"""Small words inside a name in capitals: Ministry of Defence, Organization for Security and Co-operation."""


class _Base(NamedTuple):
    """What a word gives to its own features and to those of its neighbours."""

    low: str
    shape: str
    own: tuple[str, ...]
    before: tuple[str, ...]
    before2: tuple[str, ...]
    after: tuple[str, ...]
    after2: tuple[str, ...]
    capital: bool
    link: bool


@dataclass(frozen=True, slots=True)
class Features:
    """The lexica that features come from, and the features of a sentence."""

    clusters: marisa_trie.RecordTrie
    cluster_names: tuple[str, ...]
    gazetteer: marisa_trie.RecordTrie
    cache: dict[str, _Base] = field(default_factory=dict)

    def of(self, words: Sequence[Word]) -> list[list[str]]:
        """Give the features of every word of a sentence."""
        bases = [self.cache.get(w.text) or self._base(w.text) for w in words]
        size = len(bases)
        runs = _runs(bases)
        found = []
        for i, b in enumerate(bases):
            features = list(b.own)
            if i:
                a = bases[i - 1]
                features += a.before
                features.append("-s|s=" + a.shape + b.shape)
                features.append("-w|w=" + a.low + "|" + b.low)
                if i > 1:
                    features += bases[i - 2].before2
            else:
                features.append("BOS")
            if i + 1 < size:
                c = bases[i + 1]
                features += c.after
                features.append("s|+s=" + b.shape + c.shape)
                features.append("w|+w=" + b.low + "|" + c.low)
                if i + 2 < size:
                    features += bases[i + 2].after2
            else:
                features.append("EOS")
            run = runs[i]
            if run is not None:
                features += run
            found.append(features)
        self._add_gazetteer(words, bases, found)
        return found

    def _base(self, text: str) -> _Base:
        low = text.lower()
        shape = _shape(text)
        own = ["w=" + low, "W=" + text, "s=" + shape, "p3=" + low[:3], "s3=" + low[-3:], "s2=" + low[-2:]]
        row = (
            self.clusters.get(low) if text[0].isalpha() else None
        )  # signs are in no cluster, and NUL ends a key
        near: tuple[str, ...] = ()
        if row:
            name = self.cluster_names[row[0][0]]
            near = ("b4=" + name[:4], "b6=" + name[:6], "b10=" + name[:10])
            own += (*near, "bf=" + name)
        units = self.gazetteer.get("\x01" + low) if text[0].isalpha() else None
        if units:
            own.append(f"n={units[0][0]}")
            near = (*near, f"n={units[0][0]}")
        base = _Base(
            low,
            shape,
            tuple(own),
            ("-w=" + low, "-s=" + shape, *("-" + f for f in near)),
            ("--w=" + low, "--s=" + shape),
            ("+w=" + low, "+s=" + shape, *("+" + f for f in near)),
            ("++w=" + low, "++s=" + shape),
            text[0].isupper() or text[0].isdigit(),
            low in _LINKS,
        )
        if len(self.cache) >= _CACHE_WORDS:
            self.cache.clear()
        self.cache[text] = base
        return base

    def _add_gazetteer(self, words: Sequence[Word], bases: Sequence[_Base], found: list[list[str]]) -> None:
        """Mark the longest name of the gazetteer at each capital."""
        index = 0
        while index < len(words):
            if not bases[index].capital:
                index += 1
                continue
            text = " ".join(w.text for w in words[index : index + _MAX_NAME_WORDS])
            text = text.replace("\0", " ")  # NUL ends a key in the trie
            best = ""
            for key in self.gazetteer.prefixes(text):
                if len(key) > len(best) and (len(key) == len(text) or text[len(key)] == " "):
                    best = key
            if not best:
                index += 1
                continue
            bits = self.gazetteer[best][0][0]
            size = best.count(" ") + 1
            long = "m" if size > 1 else "1"
            for j in range(size):
                place = "B" if j == 0 else "I"
                found[index + j] += [
                    f"g{place}{long}{bit}" for bit in range(len(GAZETTEER_KINDS)) if bits >> bit & 1
                ]
            index += size


def _runs(bases: Sequence[_Base]) -> list[list[str] | None]:
    """Say of each word of a name in capitals how the whole begins and ends: Ministry of ..., ... Party."""
    found: list[list[str] | None] = [None] * len(bases)
    index = 0
    while index < len(bases):
        end = _run_end(bases, index) if bases[index].capital else index + 1
        if end - index > 1:
            features = [
                "rb=" + bases[index].low,
                "re=" + bases[end - 1].low,
                f"rl={min(end - index, _LONGEST_RUN)}",
            ]
            cut = next((j for j in range(index, end) if not bases[j].capital), end)
            if cut != end:
                features.append("rh=" + bases[cut - 1].low)
            found[index:end] = [features] * (end - index)
        index = end
    return found


def _run_end(bases: Sequence[_Base], index: int) -> int:
    """Give the end of the words in capitals that begin at `index`, small words between them included."""
    end = index + 1
    size = len(bases)
    while end < size:
        ahead = end
        while ahead < size and bases[ahead].link and not bases[ahead].capital and ahead < end + _LONGEST_LINK:
            ahead += 1
        if ahead == size or not bases[ahead].capital:
            return end
        end = ahead + 1
    return end


@dataclass(frozen=True, slots=True)
class PlainFeatures:
    """Features of words alone, for languages without clusters and gazetteer; Chinese words are single characters."""

    characters: bool = False

    def of(self, words: Sequence[Word]) -> list[list[str]]:
        """Give the features of every word of a sentence."""
        low = ["<", "<", *(w.low for w in words), ">", ">"]
        return [self._at(low, index) for index in range(2, len(low) - 2)]

    def _at(self, low: list[str], i: int) -> list[str]:
        before, word, after = low[i - 1], low[i], low[i + 1]
        found = [
            "w=" + word,
            "-w=" + before,
            "+w=" + after,
            "--w=" + low[i - 2],
            "++w=" + low[i + 2],
            "-w|w=" + before + "|" + word,
            "w|+w=" + word + "|" + after,
        ]
        if self.characters:
            found += [
                "--|-=" + low[i - 2] + before,
                "+|++=" + after + low[i + 2],
                "t=" + before + word + after,
                "t-=" + low[i - 2] + before + word,
                "t+=" + word + after + low[i + 2],
            ]
        else:
            found += [
                "p2=" + word[:2],
                "p3=" + word[:3],
                "s2=" + word[-2:],
                "s3=" + word[-3:],
                "s4=" + word[-4:],
            ]
            found += ["-s2=" + before[-2:], "+s2=" + after[-2:], "+p3=" + after[:3]]
        return found


_REPEATED: Final = re.compile(r"(.)\1+")


def _shape(text: str) -> str:
    signs = "".join("d" if c.isdigit() else ("X" if c.isupper() else "x") if c.isalpha() else c for c in text)
    return _REPEATED.sub(r"\1", signs)[:_SHAPE_LENGTH]


class Span(NamedTuple):
    """Words `first` up to but not including `last`, tagged as one mention."""

    first: int
    last: int
    label: str


@dataclass(frozen=True, slots=True)
class Tagger:
    """A trained model with its lexica. `tag` gives the same spans for the same words, in every process."""

    features: Features | PlainFeatures
    model: pycrfsuite.Tagger
    weights: bytes = field(repr=False)
    """What `model` reads from; it keeps no reference of its own, so the bytes must live as long as it does."""
    common: marisa_trie.Trie
    """Words that are mostly spelled small; none in languages without case."""

    def recase(self, words: Sequence[Word]) -> list[Word]:
        """Give words of a text without case (captions in capitals, transcripts all small) the case they would have.

        A word that is mostly spelled small becomes small, any other gets a capital; offsets stay.
        """
        letters = [w.text for w in words if w.text[0].isalpha() and len(w.text) > 1]
        upper = sum(t.isupper() for t in letters)
        if len(letters) < _FEWEST_WORDS or (
            upper < _SHOUTED * len(letters) and not all(t.islower() for t in letters)
        ):
            return list(words)
        return [w._replace(text=w.low if w.low in self.common else w.text.capitalize()) for w in words]

    def tag(self, words: Sequence[Word]) -> list[Span]:
        """Find the mentions among the words of one sentence."""
        if not words:
            return []
        return spans_of(self.model.tag(self.features.of(words)))


def spans_of(labels: Sequence[str]) -> list[Span]:
    """Read spans from labels that mark beginning and inside (B-PER, I-PER) or neither (O)."""
    spans: list[Span] = []
    for index, label in enumerate(labels):
        if label == "O":
            continue
        kind = label[2:]
        if label[0] == "I" and spans and spans[-1].last == index and spans[-1].label == kind:
            spans[-1] = Span(spans[-1].first, index + 1, kind)
        else:
            spans.append(Span(index, index + 1, kind))
    return spans


def load_features(folder: Path) -> Features:
    """Load the word clusters and the gazetteer."""
    clusters = marisa_trie.RecordTrie("<H")
    clusters.load(str(folder / "clusters.marisa"))
    gazetteer = marisa_trie.RecordTrie("<B")
    gazetteer.load(str(folder / "gazetteer.marisa"))
    names = tuple((folder / "clusters.txt").read_text(encoding="ascii").split())
    return Features(clusters, names, gazetteer)


def load_other_taggers(folder: Path) -> dict[str, Tagger]:
    """Load the taggers of other languages, by language."""
    nothing = marisa_trie.Trie()
    return {
        language: Tagger(PlainFeatures(characters=language == "zh"), *_load_model(folder / name), nothing)
        for language, name in OTHER_MODELS.items()
    }


def _load_model(path: Path) -> tuple[pycrfsuite.Tagger, bytes]:
    model = pycrfsuite.Tagger()
    weights = gzip.decompress(path.read_bytes())
    model.open_inmemory(weights)
    return model, weights


def load_tagger(folder: Path) -> Tagger:
    """Load the English tagger from the folder of models."""
    common = marisa_trie.Trie()
    common.load(str(folder / "common.marisa"))
    return Tagger(load_features(folder), *_load_model(folder / "english.crf.gz"), common)
