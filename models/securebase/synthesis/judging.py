"""The claim of the headline, judged."""

from securebase.claims import verdict
from securebase.config import Decision
from securebase.synthesis.mixture import NormalMixture
from securebase.synthesis.settings import HeadlineClaim


def regions(claim: HeadlineClaim, mean: NormalMixture) -> tuple[float, float, float]:
    """Probabilities of being below the ROPE, inside it, above it."""
    below, up_to = mean.below(claim.rope.low), mean.below(claim.rope.high)
    return below, up_to - below, 1.0 - up_to


def judged(claim: HeadlineClaim, mean: NormalMixture, decision: Decision) -> str:
    """Give the verdict, in the words and by the rule of all claims."""
    below, inside, above = regions(claim, mean)
    sides = (below, above) if claim.direction == "negative" else (above, below)
    shares = {"beyond": sides[0], "rope": inside, "opposite": sides[1]}
    # quadrature has no Monte Carlo error
    return verdict(claim.direction, shares, dict.fromkeys(shares, 0.0), decision)


def claimed(claim: HeadlineClaim, mean: NormalMixture) -> float:
    """Probability of the region that the claim names."""
    names = ("negative", "zero", "positive")
    return dict(zip(names, regions(claim, mean), strict=True))[claim.direction]
