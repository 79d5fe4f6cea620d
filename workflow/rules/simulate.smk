"""
From settings to the raw files of a simulated study, of any size and world.

REQUIRED INPUTS:
    settings        config/simulations/<study>.yaml
    codebook        config/studies/<study>.yaml
OUTPUTS:
    raw files       simulated/<size>/<world>/<study>/: run on them with
                    --config raw_root=simulated/<size>/<world> pinned=false
"""


rule simulate_study:
    """Write the raw files of a simulated study, faults and all."""
    input:
        settings="config/simulations/{study}.yaml",
        codebook="config/studies/{study}.yaml",
        code=code_of_simulation,
    output:
        directory("simulated/{size}/{world}/{study}"),
    log:
        "logs/simulate_study/{size}/{world}/{study}.log",
    benchmark:
        "logs/simulate_study/{size}/{world}/{study}.benchmark.tsv"
    wildcard_constraints:
        study="|".join(sorted(path.stem for path in Path("config/simulations").glob("*.yaml"))),
        size="small|full",
        world="source|null|reversed",
    conda:
        "../../environment.yml"
    resources:
        mem_mb=again(1000),
        runtime=again(10),
    message:
        "simulate {wildcards.study}, {wildcards.size}, {wildcards.world}"
    script:
        "../scripts/simulate_study.py"
