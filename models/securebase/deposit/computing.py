"""README: software, seeds, time, memory and storage, and nothing that only one machine has."""

import math

from securebase.deposit.contents import TO_FILL_IN, Contents
from securebase.deposit.jobs import jobs_of
from securebase.deposit.markup import heading, items, joined, table
from securebase.deposit.measured import bracket, gigabytes
from securebase.sampling import derived_seed, seed_rule

_MEGABYTE = 1 << 20


def requirements(contents: Contents) -> str:
    """Write the computational requirements."""
    return joined(
        (
            heading(2, "Computational requirements"),
            heading(3, "Software Requirements"),
            _software(contents),
            heading(3, "Controlled Randomness"),
            _randomness(contents),
            heading(3, "Memory, Runtime, Storage Requirements"),
            heading(4, "Summary time to reproduce"),
            _time(contents),
            heading(4, "Summary of required storage space"),
            _storage(contents),
            heading(4, "Computational Details"),
            _details(contents),
        )
    )


def time_is_known(contents: Contents) -> bool:
    """Whether every fit was measured, so that the run time can be told."""
    return all(f"fit {name}" in contents.measured for name in contents.study.analyses)


def _software(contents: Contents) -> str:
    listed = items(f"{name} {number}" for name, number in sorted(contents.versions.items()))
    lock = "env/requirements.lock"
    exact = f"`{lock}` pins every library by its digest. " if lock in contents.files else ""
    after = (
        f"{exact}The audit needs Securebase alone; the whole workflow also needs Snakemake. Linux "
        "or macOS. `lavaan.R` needs R with the package lavaan, and is optional.\n"
    )
    return joined((listed, after))


def _randomness(contents: Contents) -> str:
    study, root = contents.study.study, int(contents.settings["sampling"]["seed"])
    rows = [
        (f"`{name}`", str(derived_seed(root, study, name)), seed_rule(root, study, name))
        for name in contents.study.analyses
    ]
    before = (
        "Every seed follows from one root and from the names of study and analysis, so that no "
        f"seed can be chosen. Root: {root} (`sampling.seed` in `config.json`).\n"
    )
    after = (
        "Equal seeds give equal bytes on one kind of machine; between machines results agree "
        "within Monte Carlo error.\n"
    )
    return joined((before, table(("analysis", "seed", "rule"), rows), after))


def _time(contents: Contents) -> str:
    if not time_is_known(contents):
        return f"{TO_FILL_IN}: expected run time; not every fit of this run was measured.\n"
    whole = sum(one.seconds for one in contents.measured.values())
    return (
        f"With the raw data, one job after the other: {bracket(whole)}. From the package alone: "
        "minutes for what the audit reads, and for a re-fit about what the fit took.\n"
    )


def _storage(contents: Contents) -> str:
    size = sum(one.size for one in contents.files.values())
    return (
        f"The package: {math.ceil(size / _MEGABYTE)} MB unpacked, without this file and others "
        "that describe it.\n"
    )


def _details(contents: Contents) -> str:
    memory = gigabytes(one.megabytes for one in contents.measured.values())
    told = f"At most {memory} GB of memory were used by a job." if memory else ""
    before = (
        f"{told} No graphics processor and no cluster is needed; a fit uses up to two processors, "
        "and its draws do not depend on how many.\n"
    ).lstrip()
    rows = [
        (job.name, bracket(contents.measured[job.name].seconds))
        for job in jobs_of(contents)
        if job.name in contents.measured
    ]
    return joined((before, table(("job", "takes"), rows) if rows else ""))
