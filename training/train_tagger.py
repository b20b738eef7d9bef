"""Train the English mention tagger: `python training/train_tagger.py --data ../shared/training`.

The folder holds the sentences (english_silver, english_gold), the word clusters and the gazetteer; training/README.md says
where they come from. Everything that the reader ships is written to streams/extract/model.
"""

from __future__ import annotations

import argparse
import gzip
import json
import lzma
import random
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Final

import marisa_trie
import pycrfsuite

from streams.extract.names import Word, split_words
from streams.extract.tagger import GAZETTEER_KINDS, OTHER_MODELS, Features, PlainFeatures, load_features

if TYPE_CHECKING:
    from collections.abc import Iterator

MODEL: Final = Path(__file__).parent.parent / "streams" / "extract" / "model"
SEED: Final = 1
KIND_OF_TYPE: Final = {
    "14": "person",
    "11": "place",
    "6": "place",
    "1": "place",
    "13": "organisation",
    "0": "organisation",
    "9": "event",
    "8": "work",
    "10": "work",
    "15": "work",
}
"""Type numbers of the gazetteer that are kept, and what they are called here."""
OTHER_DATA: Final = {"zh": "chinese_gsd.jsonl.xz", "hi": "hindi_hiner.jsonl.xz"}
MAX_NAME_WORDS: Final = 6
MIN_UNIT_COUNT: Final = 3
COMMON_GIVEN_NAME: Final = 30
FEWEST_TITLE_WORDS: Final = 3
FEWEST_LETTERS: Final = 4
LABELS: Final = {"PER": "PER", "ORG": "ORG", "LOC": "LOC", "NORP": "NORP"}


def pack_clusters(data: Path, out: Path) -> None:
    """Write the word clusters as a trie of word to cluster number."""
    words: dict[str, str] = {}
    with lzma.open(data / "english_brown_clusters.tsv.xz", "rt", encoding="utf-8") as lines:
        for line in lines:
            word, paths = line.rstrip("\n").split("\t")
            if word.isalpha() and len(word) < 30:  # noqa: PLR2004 - longer ones are addresses and noise
                words[word.lower()] = max(paths.strip("[]").replace(" ", "").split(","), key=len)
    names = sorted(set(words.values()))
    number = {name: index for index, name in enumerate(names)}
    marisa_trie.RecordTrie("<H", ((w, (number[c],)) for w, c in sorted(words.items()))).save(
        str(out / "clusters.marisa")
    )
    (out / "clusters.txt").write_text("\n".join(names) + "\n", encoding="ascii")


def pack_gazetteer(data: Path, out: Path) -> None:
    """Write the names as a trie of name to sorts; of persons only their units (given name, surname), which go further."""
    given: Counter[str] = Counter()
    surnames: Counter[str] = Counter()
    bit = {kind: 1 << index for index, kind in enumerate(GAZETTEER_KINDS)}
    packed: Counter[str] = Counter()
    with lzma.open(data / "english_gazetteer.tsv.xz", "rt", encoding="utf-8") as lines:
        for name, kinds in filter(None, map(read_name, lines)):
            tokens = name.split(" ")
            if kinds == {"person"}:
                alphabetic = [t for t in tokens if t.isalpha() and t[0].isupper() and len(t) > 1]
                if (
                    1 < len(alphabetic) < FEWEST_TITLE_WORDS + 1
                ):  # a given name and a surname, perhaps one between
                    given[alphabetic[0].lower()] += 1
                    surnames[alphabetic[-1].lower()] += 1
            elif is_telling(tokens, kinds):
                packed[name] |= sum(bit[k] for k in kinds)
    for counts, kind in ((given, "given"), (surnames, "surname")):
        for unit in (u for u, n in counts.items() if n >= MIN_UNIT_COUNT):
            packed["\x01" + unit] |= bit[kind]
    for unit in (u for u, n in given.items() if n >= COMMON_GIVEN_NAME):
        packed["\x01" + unit] |= bit["person"]
    trie = marisa_trie.RecordTrie("<B", ((n, (b,)) for n, b in sorted(packed.items())))
    trie.save(str(out / "gazetteer.marisa"))
    print(f"gazetteer: {len(packed)} names")  # noqa: T201 - a script tells what it wrote


def read_name(line: str) -> tuple[str, set[str]] | None:
    """Read one line of the gazetteer as a name in the reader's words and its sorts; nothing where it is no use."""
    name, types = line.rstrip("\n").split("\t")
    kinds = {KIND_OF_TYPE[t] for t in types.strip("[]").replace(" ", "").split(",") if t in KIND_OF_TYPE}
    tokens = [w.text for w in split_words(name)]
    usable = kinds and 0 < len(tokens) <= MAX_NAME_WORDS and name[0].isupper()
    return (" ".join(tokens), kinds) if usable and not any(c.isdigit() for c in name) else None


def is_telling(tokens: list[str], kinds: set[str]) -> bool:
    """Leave out names that are mostly something else: titles of one or two words, names of three letters."""
    if kinds <= {"work", "event"} and len(tokens) < FEWEST_TITLE_WORDS:
        return False
    return len(tokens) > 1 or len(tokens[0]) >= FEWEST_LETTERS


def sentences(data: Path) -> Iterator[tuple[list[Word], list[str]]]:
    """Give the training sentences, cut into words as the reader cuts them; people's labels where wikigold has them."""
    gold: dict[str, list[str]] = {}
    with lzma.open(data / "english_gold.jsonl.xz", "rt", encoding="utf-8") as lines:
        for record in map(json.loads, lines):
            if record["s"] == "wikigold":
                gold["\0".join(record["w"])] = record["t"]
    with lzma.open(data / "english_silver.jsonl.xz", "rt", encoding="utf-8") as lines:
        for record in map(json.loads, lines):
            yield cut(record["w"], gold.get("\0".join(record["w"]), record["t"]))


def pack_common_words(data: Path, out: Path) -> None:
    """Write the words that are mostly small in the training texts: what a text in capitals would spell small."""
    small: Counter[str] = Counter()
    large: Counter[str] = Counter()
    with lzma.open(data / "english_silver.jsonl.xz", "rt", encoding="utf-8") as lines:
        for line in lines:
            for token in json.loads(line)["w"][1:]:
                (small if token.islower() else large)[token.lower()] += 1
    words = sorted(w for w, n in small.items() if n >= MIN_UNIT_COUNT and n > large[w] and w.isalpha())
    marisa_trie.Trie(words).save(str(out / "common.marisa"))


def cut(tokens: list[str], tags: list[str]) -> tuple[list[Word], list[str]]:
    """Cut tokens into the reader's words and carry the labels along."""
    words: list[Word] = []
    labels: list[str] = []
    for token, tag in zip(tokens, tags, strict=True):
        label = tag if tag[2:] in LABELS else "O"
        for part in split_words(token) or ():
            words.append(part)
            labels.append(label)
            if label.startswith("B-"):
                label = "I-" + label[2:]
    return words, labels


def other_sentences(data: Path, language: str) -> Iterator[tuple[list[Word], list[str]]]:
    """Give the training sentences of another language, cut into words as the reader cuts them."""
    with lzma.open(data / OTHER_DATA[language], "rt", encoding="utf-8") as lines:
        for record in map(json.loads, lines):
            if language != "zh":
                yield cut(record["w"], record["t"])
                continue
            tags = [tag for token, tag in zip(record["w"], record["t"], strict=True) for _ in token]
            words = split_words("".join(record["w"]))
            yield words, [tags[word.start] if tags[word.start][2:] in LABELS else "O" for word in words]


def train(
    features: Features | PlainFeatures,
    material: Iterator[tuple[list[Word], list[str]]],
    target: Path,
    algorithm: str,
    iterations: int,
) -> None:
    """Train and write the model."""
    rows = [(w, t) for w, t in material if w]
    random.Random(SEED).shuffle(rows)  # noqa: S311 - an order that is the same every time, no secret
    trainer = pycrfsuite.Trainer(verbose=False)
    trainer.select(algorithm)
    for words, labels in rows:
        trainer.append(pycrfsuite.ItemSequence(features.of(words)), labels)
    params: dict[str, float] = {"max_iterations": iterations, "feature.minfreq": 2}
    if algorithm == "lbfgs":
        params |= {"c1": 0.08, "c2": 0.01}
    trainer.set_params(params)
    plain = target.with_suffix("")
    trainer.train(str(plain))
    target.write_bytes(gzip.compress(plain.read_bytes(), 9, mtime=0))
    sizes = [file.stat().st_size // 1024 for file in (plain, target)]
    print(f"{target.name}: {len(rows)} sentences, model {sizes[0]} KiB, packed {sizes[1]} KiB")  # noqa: T201 - as above
    plain.unlink()


def main() -> None:
    """Pack the lexica and train."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--data", type=Path, default=Path("../shared/training"), help="folder of the training material"
    )
    parser.add_argument("--out", type=Path, default=MODEL, help="where to write the model")
    parser.add_argument("--algorithm", default="ap", choices=["ap", "lbfgs"])
    parser.add_argument("--iterations", type=int, default=12)
    parser.add_argument("--keep-lexica", action="store_true", help="do not pack clusters and gazetteer again")
    options = parser.parse_args()
    if not (options.data / "english_silver.jsonl.xz").is_file():
        sys.exit(
            f"no training material in {options.data}: name its folder with --data (training/README.md says what it holds)"
        )
    options.out.mkdir(parents=True, exist_ok=True)
    if not options.keep_lexica:
        pack_clusters(options.data, options.out)
        pack_gazetteer(options.data, options.out)
        pack_common_words(options.data, options.out)
    how = (options.algorithm, options.iterations)
    train(load_features(options.out), sentences(options.data), options.out / "english.crf.gz", *how)
    for language, name in OTHER_MODELS.items():
        features = PlainFeatures(characters=language == "zh")
        train(features, other_sentences(options.data, language), options.out / name, *how)


if __name__ == "__main__":
    main()
