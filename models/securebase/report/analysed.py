"""One analysis with all that its page tells from: codebook, results, claims, rules of the run."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from securebase.codebook.analysis import Analysis
from securebase.codebook.loading import Study
from securebase.report.calibration import Calibrated
from securebase.report.claims import ClaimResult, claim_results
from securebase.report.inputs import AnalysisResults, StudyResults
from securebase.report.rules import Rules
from securebase.report.tables import labels_of


@dataclass(frozen=True)
class Analysed:
    """An analysis that has been fitted, checked and judged.

    Parameters
    ----------
    study : Study
        The codebook.
    results : AnalysisResults
        What the analysis left.
    claims : sequence of ClaimResult
        Those asked of it.
    rules : Rules
        What the run was asked for.
    calibrated : Calibrated
        What simulation has shown of the family and the design.
    """

    study: Study
    results: AnalysisResults
    claims: Sequence[ClaimResult]
    rules: Rules
    calibrated: Calibrated = field(default_factory=Calibrated)

    @property
    def name(self) -> str:
        """Name of the analysis."""
        return self.results.name

    @property
    def analysis(self) -> Analysis:
        """What the codebook declares of it."""
        return self.study.analyses[self.name]

    @property
    def family_words(self) -> str:
        """Name of its family in words."""
        return self.analysis.family.replace("_", " ")

    @property
    def labels(self) -> dict[str, str]:
        """Labels of roles and scales."""
        return labels_of(self.study)

    @property
    def withheld(self) -> bool:
        """Whether a failed check forbids its numbers."""
        return not self.results.failures.empty

    @property
    def shown(self) -> list[ClaimResult]:
        """Claims whose numbers may be shown."""
        return [one for one in self.claims if not one.withheld]


def analysed(
    study: Study, results: StudyResults, rules: Rules, calibrated: Calibrated | None = None
) -> list[Analysed]:
    """Match every analysis with its claims, in declared order."""
    known = calibrated or Calibrated()
    failures = {name: one.failures for name, one in results.analyses.items()}
    claims = claim_results(study, results.claims, failures)
    return [
        Analysed(
            study,
            one,
            [_beside_moments(two, one) for two in claims if two.claim.analysis == name],
            rules,
            known,
        )
        for name, one in results.analyses.items()
    ]


def _beside_moments(result: ClaimResult, results: AnalysisResults) -> ClaimResult:
    """Add the verdict that the moments of a public bundle lead to."""
    table = results.fidelity
    if table is None:
        return result
    mine = table[(table["kind"] == "claim") & (table["name"] == result.claim.id)]
    return replace(result, elsewhere=str(mine["public_verdict"].iloc[0])) if len(mine) else result


def in_declared_order(study: Study, analyses: Sequence[Analysed]) -> list[ClaimResult]:
    """List the claims of all analyses in the order the codebook declares them."""
    found = {result.claim.id: result for one in analyses for result in one.claims}
    return [found[claim.id] for claim in study.claims if claim.id in found]
