"""The console as it lies in the package: plain files, given as they are to everyone who may knock."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from typing import Final

from schemas.ids import content_hash

PAGES: Final = {
    "/": ("index.html", "text/html; charset=utf-8"),
    "/console/style.css": ("style.css", "text/css; charset=utf-8"),
    "/console/icon.svg": ("icon.svg", "image/svg+xml"),
    **{
        f"/console/{name}": (name, "text/javascript; charset=utf-8")
        for name in (
            "main.js",
            "api.js",
            "words.js",
            "dom.js",
            "evidence.js",
            "alerts.js",
            "agreements.js",
            "events.js",
            "rules.js",
            "operation.js",
        )
    },
}
"""Every path of the console, its file and its media type. The files hold nothing secret: what they show, they ask of the
API, and that asks for a token where one is needed."""

PAGE_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    # asked again each time: a console of yesterday must not speak to the gateway of today
    "Cache-Control": "no-cache",
}


@dataclass(frozen=True, slots=True)
class PageFile:
    """One file of the console."""

    body: bytes
    media_type: str
    tag: str


def load_pages() -> dict[str, PageFile]:
    """Read the console from the package, by path."""
    folder = files("streams.gateway").joinpath("console")
    found = {}
    for path, (name, media_type) in PAGES.items():
        body = folder.joinpath(name).read_bytes()
        found[path] = PageFile(body, media_type, f'"{content_hash(body.decode())[:32]}"')
    return found
