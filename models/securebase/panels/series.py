"""Series of a panel: what each member has of each outcome, and who reports it."""

from collections.abc import Iterator
from dataclasses import dataclass

from securebase.codebook.analysis import Analysis
from securebase.codebook.terms import Path
from securebase.growth.design import GrowthDesign

Reporter = tuple[str, str]
"""(slot, scale): a scale, and the member who answers it."""


@dataclass(frozen=True)
class Series:
    """An outcome of a member.

    Parameters
    ----------
    slot, outcome : str
        Whose, and which: a scale, or what informants report.
    waves : tuple of str
        At which it is measured.
    reporters : tuple of (slot, scale)
        By whom: the first sets the scale of what is latent; one, itself, if nothing is.
    """

    slot: str
    outcome: str
    waves: tuple[str, ...]
    reporters: tuple[Reporter, ...]

    @property
    def moving(self) -> bool:
        """Whether it has a stable part and deviations: two waves give a level and a change only."""
        return len(self.waves) > 2


def series_of(measured: GrowthDesign) -> list[Series]:
    """List the series of a composition in the order of members and outcomes.

    Parameters
    ----------
    measured : GrowthDesign
        Says which scales which member answers, and when.
    """
    analysis = measured.panel.analysis
    answered = set(measured.series)
    found = []
    for slot in measured.composition.slots:
        for outcome in analysis.latents:
            scales = analysis.informants.get(outcome, (outcome,))
            if (slot, scales[0]) in answered:
                reporters = tuple(_reporters(measured, slot, scales))
                waves = tuple(
                    wave
                    for wave in dict.fromkeys(measured.wave_of_response)
                    if any((wave, *one) in measured.responses for one in reporters)
                )
                found.append(Series(slot, outcome, waves, reporters))
    return found


def _reporters(measured: GrowthDesign, slot: str, scales: tuple[str, ...]) -> Iterator[Reporter]:
    """Who answers each scale about a member: the member where that is so, else the other."""
    for scale in scales:
        for who in sorted(measured.composition.slots, key=lambda one: one != slot):
            if (who, scale) in measured.series:
                yield who, scale
                break


def lagged_paths(analysis: Analysis, pairs: bool) -> list[Path]:
    """Paths from each wave to the next: own, and the declared ones or, without any, the partner's.

    Parameters
    ----------
    pairs : bool
        Whether units have two members.
    """
    own = [_own(outcome, "actor") for outcome in analysis.latents]
    declared = [one for one in analysis.paths if one.lag == 1]
    if not declared and pairs:
        declared = [_own(outcome, "partner") for outcome in analysis.latents]
    return list({one.name: one for one in (*own, *declared)}.values())


def _own(outcome: str, of: str) -> Path:
    return Path.model_validate({"from": outcome, "to": outcome, "of": of, "lag": 1})


def ends(series: list[Series], path: Path) -> Iterator[tuple[Series, Series]]:
    """Source and target of a path in each member who has both."""
    for target in series:
        for source in series:
            whose = (source.slot == target.slot) == (path.of == "actor")
            if whose and (source.outcome, target.outcome) == (path.source, path.target):
                yield source, target
