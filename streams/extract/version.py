"""Which reader this is."""

from __future__ import annotations

from typing import Final

READER_VERSION: Final = "1"
"""Up by one when the reader reads differently; every record says which version read it."""
