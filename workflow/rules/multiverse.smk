"""
From raw files to the verdicts of every declared specification, where multiverse.run asks for it.

REQUIRED INPUTS:
    raw files       as in clean.smk: specifications may score and exclude otherwise
    waves           results/<study>/waves.parquet
OUTPUTS:
    batches         results/<study>/multiverse/<batch>.parquet: fits that share a compiled model
    all             results/<study>/multiverse.parquet: a row per specification and claim
    public          results/<study>/specs.csv: verdicts and probabilities to two decimals
A batch that is there stays: what was killed goes on with those that are missing.
"""


rule fit_specifications:
    """Fit a batch of specifications, compiled once; judge the claims of their analysis."""
    input:
        raw=raw_files,
        waves="results/{study}/waves.parquet",
        code=code_of_batches,
    output:
        batch="results/{study}/multiverse/{batch}.parquet",
    log:
        "logs/fit_specifications/{study}/{batch}.log",
    benchmark:
        "logs/fit_specifications/{study}/{batch}.benchmark.tsv"
    conda:
        "../../environment.yml"
    resources:
        attempt=again(1),
        mem_mb=again(1800),
        runtime=again(int(5 * CONFIG.multiverse.minutes_per_batch) + 10),
    params:
        codebook=codebook,
        raw_root=CONFIG.raw_root,
        pinned=CONFIG.pinned,
        ledger=LEDGER,
        multiverse=CONFIG.multiverse.model_dump(),
        sampling=CONFIG.sampling.model_dump(),
        decision=CONFIG.decision.model_dump(),
        contents=lambda wildcards: BATCHES[wildcards.study][wildcards.batch].contents,
        claims=lambda wildcards: claims_part(STUDIES[wildcards.study]),
    message:
        "fit specifications of {wildcards.study}, {wildcards.batch}"
    script:
        "../scripts/fit_specifications.py"


rule multiverse:
    """Gather the batches of a study; what the public may have of them beside it."""
    input:
        batches=of_batches,
        code=code_of("multiverse"),
    output:
        table="results/{study}/multiverse.parquet",
        public="results/{study}/specs.csv",
    log:
        "logs/multiverse/{study}.log",
    benchmark:
        "logs/multiverse/{study}.benchmark.tsv"
    conda:
        "../../environment.yml"
    resources:
        mem_mb=again(500),
        runtime=again(10),
    params:
        codebook=codebook,
        pinned=CONFIG.pinned,
    message:
        "gather the specifications of {wildcards.study}"
    script:
        "../scripts/multiverse.py"
