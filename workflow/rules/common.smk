"""Configuration and codebooks, read and checked; what exists; the few input functions."""

import os
import shutil
import sys
from itertools import batched
from pathlib import Path

import yaml
from snakemake.exceptions import WorkflowError

try:
    import securebase
except ModuleNotFoundError:
    raise WorkflowError("securebase is not installed: run `pip install --no-deps -e .`") from None

from securebase.config import parse_config
from securebase.codebook.extracts import analysis_part, claims_part, data_part, rivals_part
from securebase.faults import Fault, InputError
from securebase.progress.causes import failures_told
from securebase.progress.costs import write_costs
from securebase.progress.queue import refuse_leftovers
from securebase.registration.deviations import explanation_faults
from securebase.retries import KEPT
from securebase.sources import library_files
from securebase.codebook.loading import load_study
from securebase.multiverse.batches import batches
from securebase.synthesis.settings import load_synthesis, synthesis_faults

ROOT = Path(workflow.basedir).parent

if ROOT / "models" not in Path(securebase.__file__).resolve().parents:
    raise WorkflowError(
        f"this checkout would run the code of another one ({securebase.__file__}): "
        "use its own environment (`make environment`), or run `pip install --no-deps -e .` here"
    )

# one thread per process, whatever the shell says that jobs are submitted from: the chains are the
# parallel work, and sums keep their order
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

# everything wrong with the configuration and all codebooks, in one list
faults = []
STUDIES = {}
try:
    CONFIG = parse_config(config)
except InputError as error:
    raise WorkflowError(str(error)) from None
for name in CONFIG.studies:
    try:
        STUDIES[name] = load_study(Path("config/studies") / f"{name}.yaml", CONFIG.pinned)
    except InputError as error:
        faults.extend(error.faults)
for name, study in STUDIES.items():
    faults.extend(explanation_faults(study, CONFIG.decision))
    for file in study.raw.files:
        if not (Path(CONFIG.raw_root) / file.path).is_file():
            expected = f"a file of study {name}"
            remedy = f"put it under {CONFIG.raw_root}, or set raw_root: --config raw_root=FOLDER"
            faults.append(Fault(f"{CONFIG.raw_root}/{file.path}", "no such file", expected, remedy))
# what studies of this run contribute to the headline; without any there is none
CONTRIBUTIONS = []
if CONFIG.synthesis:
    try:
        declared = load_synthesis(Path(CONFIG.synthesis))
        faults.extend(synthesis_faults(declared, STUDIES, CONFIG.synthesis))
        CONTRIBUTIONS = [one for one in declared.contributions if one.study in STUDIES]
    except InputError as error:
        faults.extend(error.faults)
if faults:
    raise WorkflowError(str(InputError("the studies of this run", faults)))

# specifications of each study by batch; none where multiverses are not run
BATCHES = {
    name: batches(study, CONFIG.multiverse) if CONFIG.multiverse.run else {}
    for name, study in STUDIES.items()
}
BATCH_NAMES = sorted({name for cut in BATCHES.values() for name in cut})

# every fit of this folder; no rule's input, for it grows with every run
LEDGER = "ledger.jsonl"
# files of a study that cleaning writes, and of an analysis that judging does
CLEANED = ("waves.parquet", "exclusions.tsv", "scoring.tsv", "flow.csv", "codebook.csv")
JUDGED = (
    *("summary.csv", "parameters.csv", "trajectories.csv", "patterns.csv"),
    *("levels.csv", "checks.tsv", "power_scaling.csv", "moment_fit.csv", "residual_moments.csv"),
    *("curves.csv", "slopes.csv"),
)


wildcard_constraints:
    study="|".join(STUDIES),
    analysis="|".join({name for study in STUDIES.values() for name in study.analyses}),
    batch="|".join(BATCH_NAMES) or "none",
    world="|".join(CONFIG.recovery.worlds),
    first=r"\d+",
    last=r"\d+",


def code_of(rule, also=()):
    """Library files that a rule's script rests on: a change in one re-runs the rule."""
    return library_files(ROOT / "workflow" / "scripts" / f"{rule}.py", also)


def code_of_cleaning(wildcards):
    readers = {file.format for file in STUDIES[wildcards.study].raw.files}
    return code_of("clean_waves", [f"securebase.waves.readers.{name}" for name in sorted(readers)])


def code_of_analysis(rule):
    """Input function: the rule's code and the family of the analysis, none of the others."""

    def code(wildcards):
        family = STUDIES[wildcards.study].analyses[wildcards.analysis].family
        return code_of(rule, [f"securebase.families.{family}"])

    return code


def code_of_batches(wildcards):
    """Input function: the code of fitting, of the study's families and of its readers."""
    study = STUDIES[wildcards.study]
    families = {f"securebase.families.{one.family}" for one in study.analyses.values()}
    readers = {f"securebase.waves.readers.{file.format}" for file in study.raw.files}
    return code_of("fit_specifications", sorted(families | readers))


def code_of_study(rule, study, also=()):
    """The rule's code and the families of all analyses of a study."""
    families = {f"securebase.families.{one.family}" for one in STUDIES[study].analyses.values()}
    return code_of(rule, [*sorted(families), *also])


def code_of_simulation(wildcards):
    """Input function: the code of the simulator and the families of all models of the settings."""
    settings = yaml.safe_load(Path(f"config/simulations/{wildcards.study}.yaml").read_text())
    families = {model["analysis"]["family"] for model in settings["models"]}
    return code_of("simulate_study", [f"securebase.families.{one}" for one in sorted(families)])


def threads_of_a_fit(wildcards):
    """Chains side by side: two, or one where there are as many analyses as cores.

    Beyond two the compilation, not the sampling, is the time; and it uses one core, so that
    analyses side by side take less time than chains do. Draws do not depend on it. Jobs that are
    submitted have no number of cores in common.
    """
    analyses = sum(len(study.analyses) for study in STUDIES.values())
    cores = workflow.resource_settings.cores
    return 2 if cores is None or analyses < cores else 1


def again(amount):
    """Resource of a job: where it is retried, twice the amount, and three times."""
    return lambda wildcards, attempt: amount * attempt


def raw_files(wildcards):
    return [f"{CONFIG.raw_root}/{file.path}" for file in STUDIES[wildcards.study].raw.files]


def codebook(wildcards):
    return f"config/studies/{wildcards.study}.yaml"


def of_study(study, *names):
    """Files of every analysis of a study."""
    return [f"results/{study}/{one}/{name}" for one in STUDIES[study].analyses for name in names]


def pages_read():
    """Files of an analysis that its page is made from; tables of re-fits where asked for."""
    asked = {
        "prior_grid.csv": CONFIG.sensitivity.refits,
        "dropout.csv": CONFIG.dropout.refits,
        "prediction.csv": CONFIG.prediction.compare,
    }
    return ["posterior.nc", *JUDGED, *(name for name, do in asked.items() if do)]


def calibration_of(study):
    """What simulation has shown of the families and of the study, where it was done."""
    paths = ["docs/calibration/families.csv", f"docs/calibration/recovery/{study}.csv"]
    return [path for path in paths if Path(path).is_file()]


def of_batches(wildcards):
    """Input function: tables of all batches of a study."""
    study = wildcards.study
    return [f"results/{study}/multiverse/{batch}.parquet" for batch in BATCHES[study]]


def multiverse_of(study):
    """What every specification of a study came to, where any is fitted."""
    names = ("multiverse.parquet", "specs.csv") if BATCHES[study] else ()
    return [f"results/{study}/{name}" for name in names]


def rules_of_pages():
    asked = ("decision", "sensitivity", "dropout", "prediction", "multiverse", "thresholds")
    return {name: getattr(CONFIG, name).model_dump() for name in asked}


def recovery_tables(wildcards):
    """Tables of every simulated analysis of the run that claims are asked of."""
    return [
        f"results/recovery/{study}/{analysis}/{world}.csv"
        for study, codebook_of in STUDIES.items()
        if codebook_of.simulated
        for analysis in codebook_of.analyses
        if claims_part(codebook_of, analysis)
        for world in CONFIG.recovery.worlds
    ]


def recovery_batches(wildcards):
    """Replicates of an analysis, in batches of as many as one job makes."""
    asked = CONFIG.recovery
    return [
        f"results/recovery/{wildcards.study}/{wildcards.analysis}/{world}/{part[0]}-{part[-1]}.parquet"
        for world in asked.worlds
        for part in batched(range(asked.replicates), asked.fits_per_batch)
    ]


def of_contributions(name):
    return [f"results/{one.study}/{one.analysis}/{name}" for one in CONTRIBUTIONS]


def families_of_contributions():
    analyses = [STUDIES[one.study].analyses[one.analysis] for one in CONTRIBUTIONS]
    return sorted({f"securebase.families.{one.family}" for one in analyses})


def pages():
    """Pages of all studies and analyses, and the first page."""
    headline = ["results/headline.html"] if CONTRIBUTIONS else []
    of_analyses = [
        f"results/{study}/{analysis}.html"
        for study, codebook_of in STUDIES.items()
        for analysis in codebook_of.analyses
    ]
    claims = [f"results/{study}/claims.html" for study in STUDIES]
    return ["results/index.html", *headline, *claims, *of_analyses]


def final_outputs(wildcards):
    return [*pages(), "results/gate.tsv"]
