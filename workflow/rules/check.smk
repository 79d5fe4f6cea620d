"""
From posteriors to judgements.

REQUIRED INPUTS:
    waves           results/<study>/waves.parquet
    posterior       results/<study>/<analysis>/posterior.nc
OUTPUTS:
    tables          results/<study>/<analysis>/summary.csv, parameters.csv, trajectories.csv
    checks          results/<study>/<analysis>/checks.tsv
    power-scaling   results/<study>/<analysis>/power_scaling.csv
    claims          results/<study>/claims.csv
    gate            results/gate.tsv, only if no check failed
"""


rule check_posterior:
    """Tabulate one posterior and hold it against the thresholds; fail at nothing."""
    input:
        waves="results/{study}/waves.parquet",
        posterior="results/{study}/{analysis}/posterior.nc",
        code=code_of_analysis("check_posterior"),
    output:
        summary="results/{study}/{analysis}/summary.csv",
        parameters="results/{study}/{analysis}/parameters.csv",
        trajectories="results/{study}/{analysis}/trajectories.csv",
        checks="results/{study}/{analysis}/checks.tsv",
        scaling="results/{study}/{analysis}/power_scaling.csv",
    log:
        "logs/check_posterior/{study}/{analysis}.log",
    benchmark:
        "logs/check_posterior/{study}/{analysis}.benchmark.tsv"
    conda:
        "../../environment.yml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        codebook=codebook,
        thresholds=CONFIG.thresholds.model_dump(),
        scaling_threshold=CONFIG.sensitivity.threshold,
        asked=lambda wildcards: analysis_part(STUDIES[wildcards.study], wildcards.analysis),
        claims=lambda wildcards: claims_part(STUDIES[wildcards.study], wildcards.analysis),
    script:
        "../scripts/check_posterior.py"


rule judge_claims:
    """Give every claim of a study its probabilities and its verdict."""
    input:
        posteriors=of_analyses("posterior.nc"),
        checks=of_analyses("checks.tsv"),
        code=code_of_study("judge_claims"),
    output:
        claims="results/{study}/claims.csv",
    log:
        "logs/judge_claims/{study}.log",
    benchmark:
        "logs/judge_claims/{study}.benchmark.tsv"
    conda:
        "../../environment.yml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        codebook=codebook,
        decision=CONFIG.decision.model_dump(),
        claims=lambda wildcards: claims_part(STUDIES[wildcards.study]),
    script:
        "../scripts/judge_claims.py"


rule gate:
    """Fail if any check of any study failed, after everything is written."""
    input:
        checks=checks_of_all(),
        pages=pages(),
        code=code_of("gate"),
    output:
        "results/gate.tsv",
    log:
        "logs/gate.log",
    benchmark:
        "logs/gate.benchmark.tsv"
    conda:
        "../../environment.yml"
    resources:
        mem_mb=500,
        runtime=5,
    script:
        "../scripts/gate.py"
