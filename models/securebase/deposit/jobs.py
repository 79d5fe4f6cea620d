"""The jobs of a run: which rule and script made each file of a bundle, and from what."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from securebase.deposit.contents import Contents

WAVES: Final = "waves.parquet"
"""The scored waves: made and used by jobs, never in a bundle."""
RAW: Final = "raw/"
"""Before the path of a raw file, which is never in a bundle."""
SPECS: Final = "specs.csv"
PAGES: Final = "pages/"
GIVEN: Final = (
    *("study.yaml", "config.json", "plan.yaml", "ledger.jsonl", "ledger.head"),
    "env/requirements.lock",
)
"""Files of a bundle that no job makes: what the run was told, and the record it adds to."""

_CLEANED: Final = ("flow.csv", "codebook.csv", "scoring.tsv")
_DRAWN: Final = ("posterior.nc", "priors.csv")
_JUDGED: Final = (
    *("summary.csv", "parameters.csv", "trajectories.csv", "patterns.csv", "levels.csv"),
    *("checks.tsv", "power_scaling.csv", "moment_fit.csv", "residual_moments.csv"),
    *("curves.csv", "slopes.csv"),
)
_REFITTED: Final = {
    "prior_grid.csv": ("other priors", "refit_priors", "Fits again under other priors."),
    "dropout.csv": ("drop-out", "refit_departures", "Fits again to other fates of those who left."),
    "prediction.csv": ("prediction", "compare_prediction", "Leaves each unit out; fits rivals."),
}


@dataclass(frozen=True)
class Job:
    """One job of the workflow.

    Parameters
    ----------
    name : str
        "clean", "fit growth", "other priors growth", "judge", "bundle".
    rule : str
        Of the workflow; "{rule}_{study}" where there is one for each study.
    script : str
        Its program, in the folder of the project.
    does : str
        A sentence.
    takes, makes : tuple of str
        Files: paths in the bundle; raw files behind `RAW`; `WAVES`.
    """

    name: str
    rule: str
    script: str
    does: str
    takes: tuple[str, ...]
    makes: tuple[str, ...]


def jobs_of(contents: Contents) -> list[Job]:
    """List the jobs that led to a bundle, in an order in which they can run.

    Parameters
    ----------
    contents : Contents

    Returns
    -------
    list of Job
        Every file of the bundle is made by one of them, or `GIVEN`.
    """
    jobs = [_clean(contents), *_fits(contents), _judge(contents), *_refits(contents)]
    jobs += _specifications(contents)
    made = {*GIVEN, *(path for job in jobs for path in job.makes)}
    return [*jobs, _bundle(contents, sorted(contents.files.keys() - made))]


def workflow_text(contents: Contents) -> str:
    """Write workflow.json: the jobs, with rule, program, what went in and what came out."""
    told: dict[str, Any] = {
        "workflow": "Securebase",
        "version": contents.securebase,
        "engine": "Snakemake",
        "engine_version": contents.versions.get("snakemake"),
        "file": "workflow/Snakefile",
        "not_in_the_bundle": [*raw_files(contents), WAVES],
        "jobs": [
            {
                **{"name": job.name, "rule": job.rule, "program": job.script, "does": job.does},
                **{"takes": list(job.takes), "makes": list(job.makes)},
            }
            for job in jobs_of(contents)
        ],
    }
    return json.dumps(told, indent=2, ensure_ascii=False) + "\n"


def raw_files(contents: Contents) -> list[str]:
    """Name the raw files as jobs do: each once, whatever the number of its sheets."""
    return list(dict.fromkeys(f"{RAW}{file.path}" for file in contents.study.raw.files))


def _job(
    name: str, rule: str, does: str, takes: Iterable[str], makes: Iterable[str], script: str = ""
) -> Job:
    program = f"workflow/scripts/{script or rule}.py"
    return Job(name, rule, program, does, tuple(takes), tuple(makes))


def _there(contents: Contents, paths: Iterable[str]) -> list[str]:
    return [path for path in paths if path in contents.files]


def _told(contents: Contents) -> list[str]:
    return _there(contents, ("study.yaml", "config.json"))


def _clean(contents: Contents) -> Job:
    does = "Cleans and scores the waves, and lists what was left out."
    takes = [*raw_files(contents), *_there(contents, ["study.yaml"])]
    return _job("clean", "clean_waves", does, takes, [WAVES, *_there(contents, _CLEANED)])


def _of(contents: Contents, analysis: str, names: Iterable[str]) -> list[str]:
    return _there(contents, (f"analyses/{analysis}/{name}" for name in names))


def _fits(contents: Contents) -> Iterator[Job]:
    for name in contents.study.analyses:
        does = "Draws prior and posterior of one analysis, and replicates the study."
        takes = [WAVES, *_told(contents)]
        yield _job(f"fit {name}", "sample_posterior", does, takes, _of(contents, name, _DRAWN))


def _judge(contents: Contents) -> Job:
    analyses = contents.study.analyses
    drawn = [path for name in analyses for path in _of(contents, name, ["posterior.nc"])]
    tables = [path for name in analyses for path in _of(contents, name, _JUDGED)]
    does = "Tabulates and checks posteriors, and judges the claims."
    made = [*_there(contents, ["claims.csv"]), *tables]
    takes, rule = [WAVES, *drawn, *_told(contents)], f"judge_{contents.study.study}"
    return _job("judge", rule, does, takes, made, "judge_study")


def _refits(contents: Contents) -> Iterator[Job]:
    for analysis in contents.study.analyses:
        for file, (name, rule, does) in _REFITTED.items():
            drawn = _of(contents, analysis, ["posterior.nc"])
            made = _of(contents, analysis, [file])
            if made:
                takes = [WAVES, *drawn, *_told(contents)]
                yield _job(f"{name} {analysis}", rule, does, takes, made)


def _specifications(contents: Contents) -> Iterator[Job]:
    made = _there(contents, [SPECS])
    if made:
        does = "Fits every declared specification, batch by batch, and judges its claims."
        takes = [*raw_files(contents), WAVES, *_told(contents)]
        yield _job("specifications", "fit_specifications", does, takes, made)


def _bundle(contents: Contents, rest: list[str]) -> Job:
    taken = _there(contents, (*GIVEN, *_CLEANED, "claims.csv"))
    for name in contents.study.analyses:
        taken += _of(contents, name, (*_DRAWN, *_JUDGED, *_REFITTED))
    does = "Masks, fits to what may be released, writes pages and descriptions, lists all fits."
    rule = f"bundle_{contents.study.study}"
    return _job("bundle", rule, does, [WAVES, *taken], rest, "write_bundle")
