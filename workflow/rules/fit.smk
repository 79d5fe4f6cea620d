"""
From scored waves to posteriors.

REQUIRED INPUTS:
    waves           results/<study>/waves.parquet
OUTPUTS:
    posterior       results/<study>/<analysis>/posterior.nc
    priors in force results/<study>/<analysis>/priors.csv
    units left out  results/<study>/<analysis>/left_out.csv
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
    threads: threads_of_a_fit
    resources:
        attempt=again(1),
        mem_mb=again(1800),
        runtime=again(20),
    params:
        codebook=codebook,
        ledger=LEDGER,
        pinned=CONFIG.pinned,
        sampling=CONFIG.sampling.model_dump(),
        asked=lambda wildcards: analysis_part(STUDIES[wildcards.study], wildcards.analysis),
    message:
        "sample {wildcards.study}, {wildcards.analysis}"
    script:
        "../scripts/sample_posterior.py"
