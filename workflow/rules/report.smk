"""
From judged posteriors to pages.

REQUIRED INPUTS:
    everything under results/<study>/ that the stages before have written
OUTPUTS:
    report          results/<study>/report.html: one file, nothing loaded from elsewhere
"""


rule write_report:
    """The first page a reader opens: the answer, and whether it can be trusted."""
    input:
        rules.clean_waves.output,
        posteriors=of_analyses("posterior.nc"),
        summaries=of_analyses("summary.csv"),
        trajectories=of_analyses("trajectories.csv"),
        checks=of_analyses("checks.tsv"),
        scalings=of_analyses("power_scaling.csv"),
        refits=refits,
        claims="results/{study}/claims.csv",
        code=code_of("write_report", ["securebase.report.templates"]),
    output:
        report="results/{study}/report.html",
    log:
        "logs/write_report/{study}.log",
    benchmark:
        "logs/write_report/{study}.benchmark.tsv"
    conda:
        "../../environment.yml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        codebook=codebook,
        decision=CONFIG.decision.model_dump(),
        sensitivity=CONFIG.sensitivity.model_dump(),
        dropout=CONFIG.dropout.model_dump(),
        said=lambda wildcards: STUDIES[wildcards.study].model_dump(mode="json"),
    script:
        "../scripts/write_report.py"
