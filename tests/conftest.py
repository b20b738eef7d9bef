"""How all tests run."""

from __future__ import annotations

from hypothesis import settings

# The first example pays for the models; how long one takes says nothing about the rest.
settings.register_profile("dragoman", deadline=None, print_blob=True)
settings.load_profile("dragoman")
