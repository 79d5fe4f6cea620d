"""
From simulators to recovery: does each analysis find what is there, and not what is not?

REQUIRED INPUTS:
    settings        config/simulations/<study>.yaml
OUTPUTS:
    tables          results/recovery/<study>/<analysis>/<world>.csv: a row per claim
    replicates      results/recovery/<study>/<analysis>/<world>_replicates.parquet
    batches         results/recovery/<study>/<analysis>/<world>/<first>-<last>.parquet
"""


rule recovery:
    """Recovery tables of every simulated study of the run: hours, not minutes."""
    input:
        recovery_tables,


rule recover:
    """Put the batches of an analysis together: a table per world."""
    input:
        batches=recovery_batches,
        code=code_of("recover"),
    output:
        tables=[
            f"results/recovery/{{study}}/{{analysis}}/{world}.csv"
            for world in CONFIG.recovery.worlds
        ],
        replicates=[
            f"results/recovery/{{study}}/{{analysis}}/{world}_replicates.parquet"
            for world in CONFIG.recovery.worlds
        ],
    log:
        "logs/recover/{study}/{analysis}.log",
    benchmark:
        "logs/recover/{study}/{analysis}.benchmark.tsv"
    conda:
        "../../environment.yml"
    resources:
        mem_mb=again(1000),
        runtime=again(10),
    message:
        "put replicates of {wildcards.study}, {wildcards.analysis} together"
    script:
        "../scripts/recover.py"


rule recover_batch:
    """Simulate an analysis in one world again and again, fit, judge; compiled once."""
    input:
        settings="config/simulations/{study}.yaml",
        code=code_of_analysis("recover_batch"),
    output:
        batch="results/recovery/{study}/{analysis}/{world}/{first}-{last}.parquet",
    log:
        "logs/recover_batch/{study}/{analysis}/{world}/{first}-{last}.log",
    benchmark:
        "logs/recover_batch/{study}/{analysis}/{world}/{first}-{last}.benchmark.tsv"
    conda:
        "../../environment.yml"
    threads: 2
    resources:
        attempt=again(1),
        mem_mb=again(1600),
        runtime=again(120),
    params:
        codebook=codebook,
        ledger=LEDGER,
        # how many there are, and in how many jobs, changes none of them
        recovery=CONFIG.recovery.model_dump(exclude={"replicates", "fits_per_batch", "worlds"}),
        sampling=CONFIG.sampling.model_dump(),
        decision=CONFIG.decision.model_dump(),
        asked=lambda wildcards: analysis_part(STUDIES[wildcards.study], wildcards.analysis),
        claims=lambda wildcards: claims_part(STUDIES[wildcards.study], wildcards.analysis),
    message:
        "recover {wildcards.study}, {wildcards.analysis}, {wildcards.world}, from {wildcards.first}"
    script:
        "../scripts/recover_batch.py"
