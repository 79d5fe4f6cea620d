"""Batches of specifications to one table, and to what the public may have of it."""

from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from securebase.codebook.loading import load_study
from securebase.logs import logged
from securebase.multiverse.gathering import gathered, public
from securebase.whole_files import whole, write_whole

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with logged(snakemake.log[0]):
    study = load_study(Path(snakemake.params.codebook), snakemake.params.pinned)
    table = gathered(study, [pd.read_parquet(path) for path in snakemake.input.batches])
    with whole(Path(snakemake.output.table)) as partial:
        table.to_parquet(partial, index=False)
    write_whole(public(table, study).to_csv(index=False), Path(snakemake.output.public))
