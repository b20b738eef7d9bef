"""`make golden`: write the expected results anew, and say which changed."""

from __future__ import annotations

import sys

from tests.golden import FOLDER, WRITERS, render

for name, give in WRITERS.items():
    path = FOLDER / name
    text = render(give())
    changed = not path.exists() or path.read_text(encoding="utf-8") != text
    path.write_text(text, encoding="utf-8")
    sys.stdout.write(f"{'changed' if changed else 'as it was'}: {path.relative_to(FOLDER.parent.parent)}\n")
