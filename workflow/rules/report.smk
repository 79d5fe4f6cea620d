"""
From judged posteriors to pages.

REQUIRED INPUTS:
    everything under results/<study>/ that the stages before have written
OUTPUTS:
    claims          results/<study>/claims.html: what was found, and how far to trust it
    texts           results/<study>/claims.md, paper.html: the same to paste, APA style
    fits            results/<study>/fits.csv: all that was tried, by the ledger as it is then
    analysis        results/<study>/<analysis>.html: section by section, what it rests on
    index           results/index.html: all studies of the run
Each is one file; nothing is loaded from elsewhere.
"""

for study in STUDIES:

    rule:
        """What a reader of a study opens first, and a page of all that each analysis rests on."""
        name:
            f"write_pages_{study}"
        input:
            of_study(study, *pages_read()),
            [f"results/{study}/{name}" for name in CLEANED],
            multiverse_of(study),
            claims=f"results/{study}/claims.csv",
            calibration=calibration_of(study),
            code=code_of("write_pages", ["securebase.report.templates"]),
        output:
            claims=report(
                f"results/{study}/claims.html",
                caption="../report/claims.rst",
                category="Claims",
                labels={"study": study},
            ),
            markdown=f"results/{study}/claims.md",
            paper=f"results/{study}/paper.html",
            fits=f"results/{study}/fits.csv",
            analyses=[
                report(
                    f"results/{study}/{name}.html",
                    caption="../report/analysis.rst",
                    category="Analyses",
                    labels={"study": study, "analysis": name},
                )
                for name in STUDIES[study].analyses
            ],
        log:
            f"logs/write_pages/{study}.log",
        benchmark:
            f"logs/write_pages/{study}.benchmark.tsv"
        group:
            f"report_{study}"
        conda:
            "../../environment.yml"
        resources:
            mem_mb=again(900),
            runtime=again(10),
        params:
            codebook=f"config/studies/{study}.yaml",
            ledger=LEDGER,
            rules=rules_of_pages(),
            said=STUDIES[study].model_dump(mode="json"),
        message:
            f"write the pages of {study}"
        script:
            "../scripts/write_pages.py"


rule write_index:
    """The first page of a run: every study, every verdict, the answer over all."""
    input:
        [f"results/{study}/{name}" for study in STUDIES for name in ("waves.parquet", "claims.csv")],
        [path for study in STUDIES for path in of_study(study, "checks.tsv")],
        headline=(
            ["results/headline/headline.csv", "results/headline/studies.csv"]
            if CONTRIBUTIONS
            else []
        ),
        code=code_of("write_index", ["securebase.report.templates"]),
    output:
        page=report(
            "results/index.html",
            caption="../report/index.rst",
            category="Claims",
            labels={"study": "all"},
        ),
    log:
        "logs/write_index.log",
    benchmark:
        "logs/write_index.benchmark.tsv"
    conda:
        "../../environment.yml"
    resources:
        mem_mb=again(900),
        runtime=again(10),
    params:
        codebooks=[f"config/studies/{study}.yaml" for study in STUDIES],
        synthesis=CONFIG.synthesis if CONTRIBUTIONS else "",
        decision=CONFIG.decision.model_dump(),
        said=[study.model_dump(mode="json") for study in STUDIES.values()],
    message:
        "write the first page"
    script:
        "../scripts/write_index.py"
