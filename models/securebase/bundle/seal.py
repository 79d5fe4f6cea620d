"""Commitments: what only leaves the author under agreement, fixed by salted digests.

Who is shown the records later (a data editor) can tell that they are those of the bundle. A
digest alone would not hide them: with few possible values it is found by trying. So each has a
nonce, which stays with the author.
"""

import hmac
import json
import secrets
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import pandas as pd

from securebase.whole_files import whole

NONCES = "nonces.json"


def nonces_of(folder: Path, names: Sequence[str]) -> dict[str, bytes]:
    """Give the nonces of a study; make those that are not there yet.

    They are made once and kept, so that the same results give the same bundle.

    Parameters
    ----------
    folder : pathlib.Path
        ``results/<study>``, where nonces.json stays.
    names : sequence of str
        What is committed to.
    """
    path = folder / NONCES
    known: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
    missing = [name for name in names if name not in known]
    if missing:
        known |= {name: secrets.token_hex(32) for name in missing}
        with whole(path) as partial:
            partial.touch(mode=0o600)
            partial.write_text(json.dumps(dict(sorted(known.items())), indent=1) + "\n")
    return {name: bytes.fromhex(known[name]) for name in names}


def commitment(nonce: bytes, content: bytes) -> str:
    """SHA-256 of a nonce and what it hides."""
    return sha256(nonce + content).hexdigest()


def merkle_root(nonce: bytes, records: pd.DataFrame) -> str:
    """Root of a Merkle tree over the rows of a table, in its order.

    Each leaf has a nonce of its own, derived from that of the table: to open one row, its nonce
    and the digests on its way to the root are enough, and tell of no other row. A leaf begins
    with 0, a node with 1, and a node without a neighbour moves up as it is.
    """
    return merkle_root_of(merkle_leaves(nonce, records))


def merkle_leaves(nonce: bytes, records: pd.DataFrame) -> list[bytes]:
    """Leaves of the tree over the rows of a table: each tells nothing without the nonce."""
    return [merkle_leaf(nonce, place, row) for place, row in enumerate(rows_of(records))]


def rows_of(records: pd.DataFrame) -> list[list[Any]]:
    """Rows of a table as plain values, what is missing as None."""
    return records.astype(object).where(records.notna(), None).to_numpy().tolist()


def merkle_leaf(nonce: bytes, place: int, row: Sequence[Any]) -> bytes:
    """Leaf of one row, by its place from 0."""
    own = hmac.digest(nonce, str(place).encode(), "sha256")
    return sha256(b"\0" + own + _canonical(row)).digest()


def merkle_root_of(leaves: Sequence[bytes]) -> str:
    """Root over leaves; of none it is the digest of nothing."""
    level = list(leaves)
    while len(level) > 1:
        pairs = [level[place : place + 2] for place in range(0, len(level), 2)]
        level = [sha256(b"\1" + b"".join(one)).digest() if one[1:] else one[0] for one in pairs]
    return level[0].hex() if level else sha256(b"").hexdigest()


def _canonical(row: Sequence[Any]) -> bytes:
    return json.dumps(row, default=str, ensure_ascii=False, separators=(",", ":")).encode()


def commitments(
    nonces: Mapping[str, bytes],
    raw: Mapping[str, bytes],
    records: pd.DataFrame,
    exact: Mapping[str, bytes],
) -> dict[str, Any]:
    """Commit to raw files, to the scored records, and to the exact moments of each analysis.

    Parameters
    ----------
    nonces : mapping
        By the names of what follows: "raw PATH", "records", "moments ANALYSIS".
    raw : mapping of str to bytes
        Raw files by their path in the codebook.
    records : pd.DataFrame
        waves.parquet.
    exact : mapping of str to bytes
        By analysis: moments.nc as the controlled tier has it.
    """
    return {
        "rule": "sha256(nonce || bytes), nonces of 256 bits",
        "raw": {name: commitment(nonces[f"raw {name}"], own) for name, own in raw.items()},
        "records": {
            "rows": len(records),
            "columns": list(map(str, records.columns)),
            "leaf": "sha256(0x00 || hmac-sha256(nonce, row number) || compact JSON of the row)",
            "merkle_root": merkle_root(nonces["records"], records),
        },
        "moments": {
            name: commitment(nonces[f"moments {name}"], own) for name, own in exact.items()
        },
    }
