"""Random effects and residuals of a growth design: what varies, and how widely a priori."""

import numpy as np
from numpy.typing import NDArray

from securebase.growth.design import GrowthDesign
from securebase.growth.time import LEVEL
from securebase.priors import Priors
from securebase.structure.covariance import MemberCovariance

Array = NDArray[np.float64]


def growth_covariances(
    design: GrowthDesign,
) -> tuple[MemberCovariance, MemberCovariance, MemberCovariance]:
    """Covariances of unit effects, of the residuals of a wave, and of cluster effects."""
    several = len(design.panel.compositions) > 1
    suffix = f"_{design.composition.name}" if several else ""
    slots, labels = design.composition.slots, design.composition.labels
    residuals = [("", slot, outcome) for slot, outcome in design.series]
    shared = list(
        dict.fromkeys((g, design.label_of_slot[slot], out) for g, slot, out in design.effects)
    )
    distinct = tuple(dict.fromkeys(labels))
    return (
        MemberCovariance(f"unit{suffix}", f"effect{suffix}", design.effects, slots, labels),
        MemberCovariance(f"residual{suffix}", f"series{suffix}", residuals, slots, labels),
        MemberCovariance("cluster", "cluster_effect", shared, distinct, distinct),
    )


def shared_by_members(design: GrowthDesign, cluster: MemberCovariance) -> Array:
    """From cluster effects (growth, label, outcome) to the effects of each member."""
    keys = list(cluster.quantities)
    place = np.zeros((len(design.effects), len(keys)))
    for row, (growth, slot, outcome) in enumerate(design.effects):
        place[row, keys.index((growth, design.label_of_slot[slot], outcome))] = 1.0
    return place


def effect_sds(covariance: MemberCovariance, priors: Priors, prefix: str = "") -> Array:
    """Spread of the half-normal of each effect; prefix "cluster_" for clusters."""
    found = []
    for growth, _, outcome in covariance.quantities:
        prior = priors[f"{prefix}{'level' if growth == LEVEL else 'change'}_sd"]
        found.append(prior.sds([prior.place(growth, outcome)])[0])
    return np.array(found)


def residual_sds(covariance: MemberCovariance, priors: Priors) -> Array:
    """Spread of the half-normal of each residual."""
    return priors["residual_sd"].sds([outcome for _, _, outcome in covariance.quantities])
