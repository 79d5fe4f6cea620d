"""
From judged posteriors to pages.

REQUIRED INPUTS:
    everything under results/<study>/ that the stages before have written
OUTPUTS:
    claims          results/<study>/claims.html: what was found, and how far to trust it
    analysis        results/<study>/<analysis>.html: section by section, what it rests on
    index           results/index.html: all studies of the run
Each is one file; nothing is loaded from elsewhere.
"""


rule write_claims:
    """The page a reader of a study opens first: the answer, and whether it can be trusted."""
    input:
        rules.clean_waves.output,
        read_by_study_page,
        claims="results/{study}/claims.csv",
        code=code_of("write_claims", ["securebase.report.templates"]),
    output:
        page="results/{study}/claims.html",
    log:
        "logs/write_claims/{study}.log",
    benchmark:
        "logs/write_claims/{study}.benchmark.tsv"
    conda:
        "../../environment.yml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        codebook=codebook,
        rules=rules_of_pages(),
        said=lambda wildcards: STUDIES[wildcards.study].model_dump(mode="json"),
    script:
        "../scripts/write_claims.py"


rule write_analysis:
    """The page of one analysis: all that its answer rests on."""
    input:
        rules.clean_waves.output,
        [f"results/{{study}}/{{analysis}}/{name}" for name in pages_read()],
        claims="results/{study}/claims.csv",
        code=code_of("write_analysis", ["securebase.report.templates"]),
    output:
        page="results/{study}/{analysis}.html",
    log:
        "logs/write_analysis/{study}/{analysis}.log",
    benchmark:
        "logs/write_analysis/{study}/{analysis}.benchmark.tsv"
    conda:
        "../../environment.yml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        codebook=codebook,
        rules=rules_of_pages(),
        said=lambda wildcards: STUDIES[wildcards.study].model_dump(mode="json"),
    script:
        "../scripts/write_analysis.py"


rule write_index:
    """The first page of a run: every study, every verdict, the answer over all."""
    input:
        [f"results/{study}/{name}" for study in STUDIES for name in ("waves.parquet", "claims.csv")],
        checks_of_all(),
        headline=(
            ["results/headline/headline.csv", "results/headline/studies.csv"]
            if CONTRIBUTIONS
            else []
        ),
        code=code_of("write_index", ["securebase.report.templates"]),
    output:
        page="results/index.html",
    log:
        "logs/write_index.log",
    benchmark:
        "logs/write_index.benchmark.tsv"
    conda:
        "../../environment.yml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        codebooks=[f"config/studies/{study}.yaml" for study in STUDIES],
        synthesis=CONFIG.synthesis if CONTRIBUTIONS else "",
        decision=CONFIG.decision.model_dump(),
        said=[study.model_dump(mode="json") for study in STUDIES.values()],
    script:
        "../scripts/write_index.py"
