"""
From posteriors to judgements.

REQUIRED INPUTS:
    waves           results/<study>/waves.parquet
    posterior       results/<study>/<analysis>/posterior.nc
OUTPUTS:
    tables          results/<study>/<analysis>/summary.csv, parameters.csv, trajectories.csv, patterns.csv,
    tables          results/<study>/<analysis>/summary.csv, parameters.csv, trajectories.csv, patterns.csv,
                    levels.csv, moment_fit.csv, residual_moments.csv, curves.csv, slopes.csv
    checks          results/<study>/<analysis>/checks.tsv
    power-scaling   results/<study>/<analysis>/power_scaling.csv
    claims          results/<study>/claims.csv
    gate            results/gate.tsv, only if no check failed
"""

# a job per study: most of the time of a job goes into its start
for study in STUDIES:

    rule:
        """Tabulate and check the posteriors of a study, judge its claims; fail at nothing."""
        name:
            f"judge_{study}"
        input:
            waves=f"results/{study}/waves.parquet",
            posteriors=of_study(study, "posterior.nc"),
            code=code_of_study("judge_study", study),
        output:
            claims=f"results/{study}/claims.csv",
            tables=of_study(study, *JUDGED),
        log:
            f"logs/judge/{study}.log",
        benchmark:
            f"logs/judge/{study}.benchmark.tsv"
        group:
            f"report_{study}"
        conda:
            "../../environment.yml"
        resources:
            mem_mb=again(1100),
            runtime=again(10),
        params:
            codebook=f"config/studies/{study}.yaml",
            thresholds=CONFIG.thresholds.model_dump(),
            scaling_threshold=CONFIG.sensitivity.threshold,
            decision=CONFIG.decision.model_dump(),
            asked=[analysis_part(STUDIES[study], name) for name in STUDIES[study].analyses],
            claims=claims_part(STUDIES[study]),
        message:
            f"judge {study}"
        script:
            "../scripts/judge_study.py"


rule gate:
    """Fail if any check of any study failed, after everything is written."""
    input:
        checks=[path for study in STUDIES for path in of_study(study, "checks.tsv")],
        pages=pages(),
        code=code_of("gate"),
    output:
        "results/gate.tsv",
    log:
        "logs/gate.log",
    benchmark:
        "logs/gate.benchmark.tsv"
    # a check that failed fails again
    retries: 0
    conda:
        "../../environment.yml"
    resources:
        mem_mb=again(500),
        runtime=again(10),
    message:
        "look for failed checks"
    script:
        "../scripts/gate.py"
