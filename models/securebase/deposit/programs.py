"""README: programs, how to replicate, and which program made which table and figure."""

from collections.abc import Iterator
from typing import Final

from securebase.deposit.contents import LAVAAN, TO_FILL_IN, WORKFLOW, Contents
from securebase.deposit.jobs import PAGES, jobs_of
from securebase.deposit.markup import choice, heading, items, joined, steps, table

_DRAWS: Final = "computed again from the draws in the package"
_RAW_DATA: Final = "needs the raw data"
_TABLES: Final = {
    "claims.csv": ("verdict, probability and estimate of each claim", _DRAWS),
    "flow.csv": ("participants at each stage", _RAW_DATA),
    "exclusions.csv": ("what was set aside, by reason", _RAW_DATA),
    "scoring.tsv": ("reliability of scales", _RAW_DATA),
    "fits.csv": ("all fits, reported or not", "from the ledger in the package"),
    "parameters.csv": ("estimates of all parameters", _DRAWS),
    "summary.csv": ("every quantity, with its diagnostics", _DRAWS),
    "trajectories.csv": ("expected paths over the waves", _DRAWS),
    "patterns.csv": ("patterns of missing answers", _RAW_DATA),
    "levels.csv": ("units and observations at each level", _RAW_DATA),
    "checks.tsv": ("checks of the computation", _DRAWS),
    "power_scaling.csv": ("sensitivity to each block of priors", _DRAWS),
    "moment_fit.csv": ("observed and replicated moments", _RAW_DATA),
    "residual_moments.csv": ("residual moments", _RAW_DATA),
    "curves.csv": ("where curves turn", _DRAWS),
    "slopes.csv": ("simple slopes", _DRAWS),
    "priors.csv": ("priors in force, with reasons", "declared"),
    "prior_grid.csv": ("claims under other priors", "fitted again from the moments"),
    "dropout.csv": ("claims under other fates of those who left", _RAW_DATA),
    "prediction.csv": ("units left out, foretold by the model and its rivals", _RAW_DATA),
    "specs.csv": ("claims under every declared specification", _RAW_DATA),
    "fidelity.csv": ("full data against what is released", _DRAWS),
}
"""What a table holds, and how it is had again without or with the raw data."""


def description(contents: Contents) -> str:
    """Describe the programs."""
    rows = [(f"`{job.rule}`", f"`{job.script}`", job.does) for job in jobs_of(contents)]
    rows = list(dict.fromkeys(rows))
    before = (
        f"The program is Securebase {contents.securebase}: a library (`securebase`, Python), and a "
        "Snakemake workflow of rules, each with a script of some lines. It is not part of this "
        f"package, which holds no code but `{LAVAAN}`. {TO_FILL_IN}: where the source archive of "
        f"this version is deposited. `{WORKFLOW}` lists every job of this run with what went in "
        "and came out.\n"
    )
    return joined(
        (
            heading(2, "Description of programs/code"),
            before,
            table(("rule", "program", "what it does"), rows),
            heading(3, "License for Code"),
            "Securebase is licensed under the MIT license, see `LICENSE` of its source archive.\n",
        )
    )


def instructions(contents: Contents) -> str:
    """Tell how to replicate, without and with the raw data."""
    study = contents.study
    return joined(
        (
            heading(2, "Instructions to Replicators"),
            heading(3, "Without the raw data"),
            steps(
                (
                    f"Install Securebase {contents.securebase} (`pip install .` in its source "
                    "archive).",
                    "`securebase audit bundle.zip` checks every file, number and draw.",
                    "`securebase audit bundle.zip --level refit --seed N` fits every analysis "
                    "again, with a seed of your own.",
                    "`--priors mine.yaml` and `--rival mine.yaml` fit with priors or a structure "
                    "of your own, and tell each verdict before and after.",
                    f"Optional: `Rscript {LAVAAN}` in the unpacked folder fits growth models by "
                    "another program.",
                )
            ),
            heading(3, "With the raw data"),
            steps(_with_data(contents)),
            heading(3, "Details on various programs"),
            items(
                (
                    f"`{PAGES}` are for reading, tables for computing: each number of a page "
                    "carries the address of its cell.",
                    "What each command of the audit proves, and what none can, is told in "
                    "`docs/auditing.md` of the source archive.",
                    f"Claims: {len(study.claims)}; analyses: "
                    + ", ".join(f"`{name}`" for name in study.analyses)
                    + ".",
                )
            ),
        )
    )


def _with_data(contents: Contents) -> Iterator[str]:
    study = contents.study
    yield "Unpack the source archive of Securebase; `make environment` installs what is pinned."
    if study.simulated:
        yield f"`securebase simulate {study.study} --into FOLDER` writes the raw files."
    else:
        paths = ", ".join(f"`FOLDER/{file.path}`" for file in study.raw.files)
        yield f"Put the raw files where the codebook has them: {paths}."
    if contents.tier == "public" and study.exclusions:
        yield (
            "Ask the depositor for the values of exclusions, which may name a person and are "
            "“withheld” in `study.yaml`; write them there."
        )
    yield f"Copy `study.yaml` to `config/studies/{study.study}.yaml`, and `config.json` as it is."
    yield (
        "`snakemake --cores 4 --configfile config.json --config "
        f"studies='[{study.study}]' raw_root=FOLDER` runs everything and writes "
        f"`results/{study.study}/claims.html`."
    )


def list_of_tables(contents: Contents) -> str:
    """List tables and figures with rule, program and file."""
    columns = ("Figure/Table", "in the paper", "Rule", "Program", "Output file", "Note")
    before = (
        f"{TO_FILL_IN}: number of each in the paper, and numbers in its text that are not in these "
        "files. The provided code reproduces:\n"
    )
    boxes = items(
        (
            choice("All numbers provided in text in the paper", False),
            choice("All tables and figures in the paper", False),
            choice("Selected tables and figures, as explained below", False),
        )
    )
    return joined(
        (
            heading(2, "List of tables and programs"),
            before,
            boxes,
            table(columns, _tables(contents)),
        )
    )


def _tables(contents: Contents) -> Iterator[tuple[str, ...]]:
    for job in jobs_of(contents):
        for path in job.makes:
            folder, _, name = path.rpartition("/")
            if path.startswith(PAGES):
                what, note = f"page {name}, with figures", "its numbers name their tables"
            elif name in _TABLES:
                said, note = _TABLES[name]
                what = f"{said} ({folder.removeprefix('analyses/')})" if folder else said
            else:
                continue
            yield what, "", f"`{job.rule}`", f"`{job.script}`", f"`{path}`", note
