"""A30 and A31: stored draws against the density that the bundle's model states.

The model is built from ``model.json`` by Securebase's own code; nothing of the bundle is run.
"""

from collections.abc import Iterator
from typing import Final

import numpy as np

from securebase.audit.asking import (
    NEEDS_MODEL,
    Asked,
    Models,
    holds_draws,
    source_of_draws,
    unfit,
)
from securebase.audit.identities import Array, aligned_difference, stein_test
from securebase.audit.opened import Opened
from securebase.audit.outcomes import Said, fails, passes, skips

DRAWS: Final = "unconstrained_draw"
_NEAR: Final = 1e-6


def stored_density(asked: Asked) -> Iterator[Said]:
    """A30: the density that the sampler saw is prior times likelihood of the moments."""
    for name, models, file, draws, stored in _with_density(asked):
        density, _ = _evaluated(asked.opened, models, name, draws)
        apart = np.abs(aligned_difference(stored, density))
        wrong = ~(apart <= _NEAR)
        if wrong.any():
            chains = ", ".join(str(one) for one in np.flatnonzero(wrong.any(axis=1)))
            yield fails(
                f"{name}: logp differs for {int(wrong.sum()):,} draws of chain {chains} of {file}: "
                "draws or priors were edited, or other data were used."
            )
        yield passes(
            f"{name}: stored logp equals prior + likelihood from the moments for "
            f"{stored.size:,} draws (max diff {apart.max():.0e})."
        )
    yield from _without_density(asked)


def score_identities(asked: Asked) -> Iterator[Said]:
    """A31: draws satisfy the identities that hold for draws of the stated posterior only."""
    for name, models, file, draws, _ in _with_density(asked):
        _, gradients = _evaluated(asked.opened, models, name, draws)
        labels = asked.opened.tree(file)["sample_stats"][DRAWS]
        names = [str(one) for one in labels[labels.dims[2]].values]
        found = stein_test(draws, gradients, names)
        if not found.passed:
            yield fails(
                f"{name}: {found.names[found.worst]} fails (abs z {found.largest:.1f}, limit "
                f"{found.limit:.1f}): stored draws are not from the stated posterior."
            )
        yield passes(
            f"{name}: draws satisfy the posterior's score identities: max abs z "
            f"{found.largest:.1f} of {found.z.size} (limit {found.limit:.1f})."
        )
    yield from _without_density(asked)


def _with_density(asked: Asked) -> Iterator[tuple[str, Models, str, Array, Array]]:
    """Analyses whose density can be computed: name, models, file, draws and stored density."""
    if asked.models is None or unfit(asked.opened):
        return
    for name in asked.opened.study.analyses:
        file = source_of_draws(asked.opened, name)
        stats = (
            asked.opened.tree(file)["sample_stats"].to_dataset()
            if holds_draws(asked.opened, file)
            else {}
        )
        if DRAWS in stats:
            stored = stats["logp" if "logp" in stats else "lp"].values
            yield name, asked.models, file, stats[DRAWS].values, stored


def _without_density(asked: Asked) -> Iterator[Said]:
    """Say of which analyses the density was not computed, and why."""
    if asked.models is None:
        yield skips(NEEDS_MODEL)
        return
    why = unfit(asked.opened)
    if why:
        yield skips(why)
        return
    for name in asked.opened.study.analyses:
        file = source_of_draws(asked.opened, name)
        if (
            not holds_draws(asked.opened, file)
            or DRAWS not in asked.opened.tree(file)["sample_stats"]
        ):
            yield skips(f"{file} has no draws as the sampler saw them.")


def _evaluated(opened: Opened, models: Models, name: str, draws: Array) -> tuple[Array, Array]:
    """Log density (chain, draw) and gradients (chain, draw, parameter), computed one time."""

    def evaluate() -> tuple[Array, Array]:
        flat = draws.reshape(-1, draws.shape[-1])
        density, gradients = models.log_density(opened, name)(flat)
        return density.reshape(draws.shape[:2]), gradients.reshape(draws.shape)

    return opened.once("density", name, evaluate)
