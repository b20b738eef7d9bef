"""Records in the formats of other tools. Pure: records in, text or bytes out, and the same ones each time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from schemas.agreement import Agreement
    from schemas.alert import Alert
    from schemas.event import Event


@dataclass(frozen=True, slots=True)
class Selection:
    """What is exported: each record once, alerts and agreements as they stand."""

    alerts: tuple[Alert, ...] = ()
    events: tuple[Event, ...] = ()
    agreements: tuple[Agreement, ...] = ()
