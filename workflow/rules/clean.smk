"""
From raw wave files to scored waves.

REQUIRED INPUTS:
    raw files       named and pinned in config/studies/<study>.yaml, under raw_root
OUTPUTS:
    results/<study>/waves.parquet, exclusions.tsv, scoring.tsv, flow.csv, codebook.csv
"""


rule clean_waves:
    """Clean and score the waves of a study; list every row and cell left out."""
    input:
        raw=raw_files,
        code=code_of_cleaning,
    output:
        waves="results/{study}/waves.parquet",
        exclusions="results/{study}/exclusions.tsv",
        scoring="results/{study}/scoring.tsv",
        flow="results/{study}/flow.csv",
        codebook="results/{study}/codebook.csv",
    log:
        "logs/clean_waves/{study}.log",
    benchmark:
        "logs/clean_waves/{study}.benchmark.tsv"
    conda:
        "../../environment.yml"
    resources:
        mem_mb=again(500),
        runtime=again(10),
    params:
        codebook=codebook,
        raw_root=CONFIG.raw_root,
        pinned=CONFIG.pinned,
        # what of the codebook the waves rest on: a change re-runs the job
        data=lambda wildcards: data_part(STUDIES[wildcards.study]),
    message:
        "clean the waves of {wildcards.study}"
    script:
        "../scripts/clean_waves.py"
