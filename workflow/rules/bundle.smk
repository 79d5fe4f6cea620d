"""
From results to bundles: what reviewers need to check a study and to fit it again.

REQUIRED INPUTS:
    everything under results/<study>/ that the stages before have written
OUTPUTS:
    bundle          results/<study>/bundle.zip, public; no target of its own accord
Beside it nonces.json is made once and stays with the author; it is no output, which a run would
delete first.
"""


rule bundle:
    """Bundles of all studies in the configuration: a fit more for each analysis."""
    input:
        [f"results/{study}/bundle.zip" for study in STUDIES],


for study in STUDIES:

    rule:
        """Mask, let through the gate of disclosure, fit to that, write pages of it, and zip."""
        name:
            f"bundle_{study}"
        input:
            of_study(study, *pages_read()),
            [f"results/{study}/{name}" for name in CLEANED],
            multiverse_of(study),
            claims=f"results/{study}/claims.csv",
            calibration=calibration_of(study),
            code=code_of_study("write_bundle", study, ["securebase.report.templates"]),
        output:
            bundle=f"results/{study}/bundle.zip",
        log:
            f"logs/bundle/{study}.log",
        benchmark:
            f"logs/bundle/{study}.benchmark.tsv"
        conda:
            "../../environment.yml"
        threads: 2
        resources:
            mem_mb=again(1300),
            runtime=again(60),
        params:
            codebook=f"config/studies/{study}.yaml",
            ledger=LEDGER,
            config=CONFIG.model_dump(mode="json"),
            said=STUDIES[study].model_dump(mode="json"),
        message:
            f"bundle {study}"
        script:
            "../scripts/write_bundle.py"
