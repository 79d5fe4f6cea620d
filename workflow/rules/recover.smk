"""
From simulators to recovery: does each analysis find what is there, and not what is not?

REQUIRED INPUTS:
    settings        config/simulations/<study>.yaml
OUTPUTS:
    tables          results/recovery/<study>/<analysis>/<world>.csv: a row per claim
    replicates      results/recovery/<study>/<analysis>/<world>_replicates.parquet
"""


rule recovery:
    """Recovery tables of every simulated study of the run: hours, not minutes."""
    input:
        recovery_tables,


rule recover:
    """Simulate one analysis again and again, fit, judge; all worlds, compiled once."""
    input:
        settings="config/simulations/{study}.yaml",
        code=code_of_analysis("recover"),
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
    threads: 2
    resources:
        mem_mb=again(3000),
        runtime=again(240),
    params:
        codebook=codebook,
        ledger=LEDGER,
        recovery=CONFIG.recovery.model_dump(),
        sampling=CONFIG.sampling.model_dump(),
        decision=CONFIG.decision.model_dump(),
        asked=lambda wildcards: analysis_part(STUDIES[wildcards.study], wildcards.analysis),
        claims=lambda wildcards: claims_part(STUDIES[wildcards.study], wildcards.analysis),
    message:
        "recover {wildcards.study}, {wildcards.analysis}"
    script:
        "../scripts/recover.py"
