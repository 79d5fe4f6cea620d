"""Responses of the units of a composition, laid back into the dims of a panel."""

from collections.abc import Iterable, Sequence

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from securebase.names import COMPOSITION, OUTCOME, ROLE, UNIT, WAVE
from securebase.panel import Composition, Panel

Array = NDArray[np.float64]
Response = tuple[str, str, str]
"""Wave, member and outcome."""


def with_drawn(
    panel: Panel, drawn: Iterable[tuple[Composition, Sequence[Response], Array]]
) -> Panel:
    """Give a panel other scores, missing where the panel's are.

    Parameters
    ----------
    drawn : iterable of (composition, responses, scores (unit, response))
        New scores of the units of each composition, in the order of the panel.
    """
    score = panel.data["score"].copy(deep=True)
    for composition, responses, values in drawn:
        rows = panel.data[COMPOSITION].values == composition.name
        units = score[UNIT].values[rows]
        for (wave, slot, outcome), new in zip(responses, values.T, strict=True):
            at = {UNIT: units, WAVE: wave, ROLE: slot, OUTCOME: outcome}
            score.loc[at] = np.where(np.isnan(score.sel(at).values), np.nan, new)
    return panel.with_scores(score)


def paths_of_roles(
    panel: Panel, expected: Iterable[tuple[Composition, Sequence[Response], Array]]
) -> xr.DataArray:
    """Arrange expected responses by the roles of the parameters.

    Parameters
    ----------
    expected : iterable of (composition, responses, scores (chain, draw, response))

    Returns
    -------
    xr.DataArray
        Dims chain, draw, role, outcome, wave, in points; NaN where not measured. Members who
        share a role, whose predictors differ on average, get the mean of theirs.
    """
    listed = list(expected)
    found: dict[tuple[str, str, str], list[Array]] = {}
    for composition, responses, values in listed:
        label_of = dict(zip(composition.slots, composition.labels, strict=True))
        for column, (wave, slot, outcome) in enumerate(responses):
            found.setdefault((label_of[slot], outcome, wave), []).append(values[..., column])
    coords = {
        ROLE: list(dict.fromkeys(label for one, *_ in listed for label in one.labels)),
        OUTCOME: list(panel.analysis.outcomes),
        WAVE: [str(wave) for wave in panel.data[WAVE].values],
    }
    samples = listed[0][2].shape[:2]
    paths = xr.DataArray(
        np.full((*samples, *map(len, coords.values())), np.nan),
        coords=coords,
        dims=("chain", "draw", *coords),
    )
    for (role, outcome, wave), members in found.items():
        paths.loc[{ROLE: role, OUTCOME: outcome, WAVE: wave}] = np.mean(members, axis=0)
    return paths
