"""Every failed check of every study, in one table and one message."""

from typing import TYPE_CHECKING

import pandas as pd

from securebase.gate import failed, refuse_failed
from securebase.logs import logged

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with logged(snakemake.log[0]):
    tables = {path: pd.read_csv(path, sep="\t") for path in snakemake.input.checks}
    refuse_failed({path: failed(table) for path, table in tables.items()})
    every = pd.concat([table.assign(file=path) for path, table in tables.items()])
    every.to_csv(snakemake.output[0], sep="\t", index=False)
