"""
From scored waves to posteriors.

REQUIRED INPUTS:
    waves           results/<study>/waves.parquet
OUTPUTS:
    posterior       results/<study>/<analysis>/posterior.nc
    priors in force results/<study>/<analysis>/priors.csv
    units left out  results/<study>/<analysis>/left_out.csv
    tables          results/<study>/<analysis>/summary.csv, trajectories.csv
"""


rule sample_posterior:
    """Draw prior, posterior and replicated summaries of one analysis; judge nothing."""
    input:
        waves="results/{study}/waves.parquet",
        code=code_of_analysis("sample_posterior"),
    output:
        posterior="results/{study}/{analysis}/posterior.nc",
        priors="results/{study}/{analysis}/priors.csv",
        left_out="results/{study}/{analysis}/left_out.csv",
    log:
        "logs/sample_posterior/{study}/{analysis}.log",
    benchmark:
        "logs/sample_posterior/{study}/{analysis}.benchmark.tsv"
    conda:
        "../../environment.yml"
    threads: threads_of_a_fit()
    resources:
        mem_mb=2000,
        runtime=60,
    params:
        codebook=codebook,
        pinned=CONFIG.pinned,
        sampling=CONFIG.sampling.model_dump(),
        asked=lambda wildcards: analysis_part(STUDIES[wildcards.study], wildcards.analysis),
    script:
        "../scripts/sample_posterior.py"


rule summarise_posterior:
    """Tables of a posterior: every number with unit, interval and Monte Carlo error."""
    input:
        waves="results/{study}/waves.parquet",
        posterior="results/{study}/{analysis}/posterior.nc",
        code=code_of_analysis("summarise_posterior"),
    output:
        summary="results/{study}/{analysis}/summary.csv",
        trajectories="results/{study}/{analysis}/trajectories.csv",
    log:
        "logs/summarise_posterior/{study}/{analysis}.log",
    benchmark:
        "logs/summarise_posterior/{study}/{analysis}.benchmark.tsv"
    conda:
        "../../environment.yml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        codebook=codebook,
        asked=lambda wildcards: analysis_part(STUDIES[wildcards.study], wildcards.analysis),
    script:
        "../scripts/summarise_posterior.py"
