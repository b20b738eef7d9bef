"""Records as a Parquet file. Needs pyarrow, which comes with the extra `parquet`."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Final

import pyarrow as pa
import pyarrow.parquet as pq

from streams.export.tables import Column, ColumnKind, to_rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_TYPES: Final = {
    ColumnKind.TEXT: pa.string(),
    ColumnKind.TEXTS: pa.list_(pa.string()),
    ColumnKind.WHOLE: pa.int64(),
    ColumnKind.NUMBER: pa.float64(),
    ColumnKind.TRUTH: pa.bool_(),
    ColumnKind.TIME: pa.timestamp("us", tz="UTC"),
}


def to_parquet(records: Iterable[object], columns: Sequence[Column]) -> bytes:
    """Write records as one Parquet file with typed columns; times are in UTC, to the microsecond."""
    schema = pa.schema([(column.name, _TYPES[column.kind]) for column in columns])
    file = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(to_rows(records, columns), schema), file, compression="zstd")
    return file.getvalue()
