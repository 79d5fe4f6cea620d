"""
From posteriors to judgements.

REQUIRED INPUTS:
    posterior       results/<study>/<analysis>/posterior.nc
    summary         results/<study>/<analysis>/summary.csv
OUTPUTS:
    checks          results/<study>/<analysis>/checks.tsv
    power-scaling   results/<study>/<analysis>/power_scaling.csv
    claims          results/<study>/claims.csv
    gate            results/gate.tsv, only if no check failed
"""


rule check_posterior:
    """Hold one posterior against the thresholds; write what failed, fail at nothing."""
    input:
        posterior="results/{study}/{analysis}/posterior.nc",
        summary="results/{study}/{analysis}/summary.csv",
        code=code_of_analysis("check_posterior"),
    output:
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
        checks=[
            f"results/{study}/{analysis}/checks.tsv"
            for study, codebook_of in STUDIES.items()
            for analysis in codebook_of.analyses
        ],
        reports=[f"results/{study}/report.html" for study in STUDIES],
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
