"""
From scored waves to verdicts under other assumptions.

REQUIRED INPUTS:
    waves           results/<study>/waves.parquet
    posterior       results/<study>/<analysis>/posterior.nc
OUTPUTS:
    other priors    results/<study>/<analysis>/prior_grid.csv: a row per claim and prior
    drop-out        results/<study>/<analysis>/dropout.csv: a row per claim and departure
    prediction      results/<study>/<analysis>/prediction.csv: a row per model
"""


rule refit_priors:
    """Fit an analysis again under each alternative prior, compiled once; judge its claims."""
    input:
        waves="results/{study}/waves.parquet",
        code=code_of_analysis("refit_priors"),
    output:
        grid="results/{study}/{analysis}/prior_grid.csv",
    log:
        "logs/refit_priors/{study}/{analysis}.log",
    benchmark:
        "logs/refit_priors/{study}/{analysis}.benchmark.tsv"
    conda:
        "../../environment.yml"
    threads: 2
    resources:
        attempt=again(1),
        mem_mb=again(1100),
        runtime=again(60),
    params:
        codebook=codebook,
        ledger=LEDGER,
        sensitivity=CONFIG.sensitivity.model_dump(),
        sampling=CONFIG.sampling.model_dump(),
        decision=CONFIG.decision.model_dump(),
        asked=lambda wildcards: analysis_part(STUDIES[wildcards.study], wildcards.analysis),
        claims=lambda wildcards: claims_part(STUDIES[wildcards.study], wildcards.analysis),
    message:
        "fit {wildcards.study}, {wildcards.analysis} under other priors"
    script:
        "../scripts/refit_priors.py"


rule refit_departures:
    """Fit an analysis again to shifted scores of those who left; judge its claims."""
    input:
        waves="results/{study}/waves.parquet",
        posterior="results/{study}/{analysis}/posterior.nc",
        code=code_of_analysis("refit_departures"),
    output:
        dropout="results/{study}/{analysis}/dropout.csv",
    log:
        "logs/refit_departures/{study}/{analysis}.log",
    benchmark:
        "logs/refit_departures/{study}/{analysis}.benchmark.tsv"
    conda:
        "../../environment.yml"
    threads: 2
    resources:
        attempt=again(1),
        mem_mb=again(1100),
        runtime=again(60),
    params:
        codebook=codebook,
        ledger=LEDGER,
        dropout=CONFIG.dropout.model_dump(),
        sampling=CONFIG.sampling.model_dump(),
        decision=CONFIG.decision.model_dump(),
        asked=lambda wildcards: analysis_part(STUDIES[wildcards.study], wildcards.analysis),
        claims=lambda wildcards: claims_part(STUDIES[wildcards.study], wildcards.analysis),
    message:
        "fit {wildcards.study}, {wildcards.analysis} for other fates of those who left"
    script:
        "../scripts/refit_departures.py"


rule compare_prediction:
    """Leave every unit or cluster out of an analysis and of its rivals, which are fitted."""
    input:
        waves="results/{study}/waves.parquet",
        posterior="results/{study}/{analysis}/posterior.nc",
        code=code_of_analysis("compare_prediction"),
    output:
        prediction="results/{study}/{analysis}/prediction.csv",
    log:
        "logs/compare_prediction/{study}/{analysis}.log",
    benchmark:
        "logs/compare_prediction/{study}/{analysis}.benchmark.tsv"
    conda:
        "../../environment.yml"
    threads: 2
    resources:
        attempt=again(1),
        mem_mb=again(1300),
        runtime=again(60),
    params:
        codebook=codebook,
        ledger=LEDGER,
        prediction=CONFIG.prediction.model_dump(),
        sampling=CONFIG.sampling.model_dump(),
        asked=lambda wildcards: analysis_part(STUDIES[wildcards.study], wildcards.analysis),
        rivals=lambda wildcards: rivals_part(STUDIES[wildcards.study], wildcards.analysis),
    message:
        "leave units of {wildcards.study}, {wildcards.analysis} out"
    script:
        "../scripts/compare_prediction.py"
