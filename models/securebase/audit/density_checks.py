"""A30 and A31: stored draws against the density that the bundle's model states.

The model is built from ``model.json`` by Securebase's own code; nothing of the bundle is run.
"""

from collections.abc import Iterator
from typing import Final

import numpy as np
import xarray as xr

from securebase.audit.asking import Asked, hindrance, source_of_draws
from securebase.audit.identities import aligned_difference, stein_test
from securebase.audit.outcomes import Said, fails, passes, skips

_NEAR: Final = 1e-6
# as nutpie and as PyMC call it
_STORED: Final = ("logp", "lp")


def stored_density(asked: Asked) -> Iterator[Said]:
    """A30: the density that the sampler saw is prior times likelihood of the moments."""
    why = hindrance(asked)
    if why or asked.models is None:
        yield skips(why)
        return
    for name in asked.opened.study.analyses:
        file = source_of_draws(asked.opened, name)
        stats = _group(asked, file, "sample_stats")
        stored = next((stats[one] for one in _STORED if stats is not None and one in stats), None)
        posterior = _group(asked, file, "posterior")
        if posterior is None:
            yield skips(f"{file} is not in the bundle.")
            continue
        if stored is None:
            yield fails(f"{file} has draws without the log density that the sampler keeps of each.")
            continue
        density = asked.models.log_density(asked.opened, name, posterior)
        apart = np.abs(aligned_difference(stored.values, density))
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


def score_identities(asked: Asked) -> Iterator[Said]:
    """A31: draws satisfy the identities that hold for draws of the stated posterior only."""
    why = hindrance(asked)
    if why or asked.models is None:
        yield skips(why)
        return
    for name in asked.opened.study.analyses:
        file = source_of_draws(asked.opened, name)
        posterior = _group(asked, file, "posterior")
        if posterior is None:
            yield skips(f"{file} is not in the bundle.")
            continue
        scores = asked.models.scores(asked.opened, name, posterior)
        if scores is None:
            yield skips(f"{name}: gradients of the density cannot be had.")
            continue
        found = stein_test(scores.draws, scores.gradients, scores.names)
        told = f"max abs z {found.largest:.1f} of {found.z.size} (limit {found.limit:.1f})"
        if not found.passed:
            yield fails(
                f"{name}: {found.names[found.worst]} fails, {told}: stored draws are not from the "
                "stated posterior."
            )
        yield passes(f"{name}: draws satisfy the posterior's score identities: {told}.")


def _group(asked: Asked, file: str, group: str) -> xr.Dataset | None:
    if not asked.opened.has(file) or group not in asked.opened.tree(file).children:
        return None
    return asked.opened.tree(file)[group].to_dataset()
