"""A80: what was sealed, opened."""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from securebase.audit.opened import Opened
from securebase.audit.outcomes import Said, fails, passes, skips
from securebase.audit.records.handed import Handed
from securebase.audit.records.leaves import of_leaves
from securebase.bundle.seal import commitment, merkle_root
from securebase.report.wording import counted

COMMITMENTS: Final = "seal/commitments.json"
LEAVES: Final = "seal/leaves.json"
_PUBLIC: Final = (
    "The public tier withholds by which values rows are left out, and exact moments: ask for the "
    "controlled one."
)


def sealed(opened: Opened, handed: Handed) -> Iterator[Said]:
    """Open the commitments to raw files, records and exact moments."""
    seal = json.loads(opened.text(COMMITMENTS))
    yield from _raw(seal["raw"], handed)
    if opened.about.tier != "controlled":
        yield skips(_PUBLIC)
        return
    yield from _records(opened, seal["records"], handed)
    yield from _moments(opened, seal["moments"], handed)


def _raw(told: Mapping[str, str], handed: Handed) -> Iterator[Said]:
    if not told:
        yield fails("The seal commits to no raw file.")
    found = [
        said for name, digest in told.items() for said in _opened(
            f"raw {name}", f"Raw file {name}", digest, handed, handed.path(name).read_bytes
        )
    ]  # fmt: skip
    yield from found
    if told and not found:
        yield passes(f"Commitments open: {counted(len(told), 'raw file')}.")


def _moments(opened: Opened, told: Mapping[str, str], handed: Handed) -> Iterator[Said]:
    """Exact moments, those of cells that the public tier withholds among them."""
    matched = 0
    for name in opened.study.analyses:
        file = opened.file(name, "moments.nc")
        if name not in told:
            yield fails(f"The seal commits to no moments of {name}.")
        elif not opened.has(file):
            yield skips(f"{file} is not in the bundle: its commitment cannot be opened.")
        else:
            found = list(
                _opened(
                    f"moments {name}", f"{file}, withheld cells included,", told[name], handed,
                    opened.path(file).read_bytes,
                )
            )  # fmt: skip
            yield from found
            matched += not found
    if matched:
        yield passes(
            f"Exact moments of {counted(matched, 'analysis', 'analyses')} match, withheld cells "
            "included."
        )


def _opened(
    name: str, words: str, digest: str, handed: Handed, read: Callable[[], bytes]
) -> Iterator[Said]:
    """Say why a commitment does not open; nothing where it does."""
    if name not in handed.nonces:
        yield fails(f"There is no nonce '{name}' among those that were handed over.")
        return
    try:
        content = read()
    except OSError:
        yield fails(f"{words} is not in the folder of raw files.")
        return
    if commitment(handed.nonces[name], content) != digest:
        yield fails(
            f"{words} does not match its commitment: it was changed since, or its nonce is another."
        )


def _records(opened: Opened, told: Mapping[str, Any], handed: Handed) -> Iterator[Said]:
    if "records" not in handed.nonces:
        yield fails("There is no nonce 'records' among those that were handed over.")
        return
    nonce, records = handed.nonces["records"], handed.waves(opened.study)
    if opened.has(LEAVES):
        leaves = [bytes.fromhex(one) for one in json.loads(opened.text(LEAVES))]
        yield from of_leaves(nonce, records, leaves, told["merkle_root"])
    elif merkle_root(nonce, records) != told["merkle_root"]:
        yield fails(
            f"{len(records)} records do not lead to the sealed root of {told['rows']}: the data "
            "were changed after commitment, or the nonce is another."
        )
    else:
        yield passes(f"{len(records)} records lead to the sealed root.")
