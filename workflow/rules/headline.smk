"""
From the studies' posteriors to one answer over all of them.

REQUIRED INPUTS:
    synthesis       the file that `synthesis` of the configuration names
    posterior       results/<study>/<analysis>/posterior.nc of each contribution of the run
    checks          results/<study>/<analysis>/checks.tsv
OUTPUTS:
    tables          results/headline/headline.csv, studies.csv, sensitivity.csv
    page            results/headline.html: one file, nothing loaded from elsewhere
"""


rule headline:
    """Pool what the studies say of anxiety and avoidance; withhold what failed a check."""
    input:
        synthesis=CONFIG.synthesis,
        posteriors=of_contributions("posterior.nc"),
        checks=of_contributions("checks.tsv"),
        code=code_of("headline", ["securebase.report.templates", *families_of_contributions()]),
    output:
        headline="results/headline/headline.csv",
        studies="results/headline/studies.csv",
        sensitivity="results/headline/sensitivity.csv",
        page=report(
            "results/headline.html",
            caption="../report/headline.rst",
            category="Claims",
            labels={"study": "over all"},
        ),
    log:
        "logs/headline.log",
    benchmark:
        "logs/headline.benchmark.tsv"
    conda:
        "../../environment.yml"
    resources:
        mem_mb=again(1000),
        runtime=again(10),
    params:
        codebooks={name: f"config/studies/{name}.yaml" for name in STUDIES},
        decision=CONFIG.decision.model_dump(),
        said={
            one.study: STUDIES[one.study].model_dump(mode="json", include={"simulated", "title"})
            for one in CONTRIBUTIONS
        },
    message:
        "pool what the studies say"
    script:
        "../scripts/headline.py"
