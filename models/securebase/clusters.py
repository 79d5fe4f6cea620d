"""What units have from their cluster: the value of its leader, the mean of its members."""

from __future__ import annotations

from typing import Any

import pandas as pd
import xarray as xr

from securebase.codebook.loading import Study
from securebase.names import CLUSTER, GROUP, ROLE, UNIT

LEADER = "leader"


def of_clusters(values: xr.DataArray, of: str, waves: pd.DataFrame, study: Study) -> xr.DataArray:
    """Value of each cluster: its leader's, or the mean over its members as far as known.

    Parameters
    ----------
    values : xr.DataArray
        Dims unit, role.
    of : str
        "leader" or "group".

    Returns
    -------
    xr.DataArray
        Dims cluster, role: one role, the leader's or "group". One number per cluster, so that
        a mean over them is one over leaders, however many each leads. Clusters of which no
        value is known are not there.
    """
    owner = study.roles.leader if of == LEADER else GROUP
    asked = [study.roles.leader] if of == LEADER else list(study.roles.members)
    known = _in_clusters(values.sel({ROLE: asked}), waves)
    found = known.first() if of == LEADER else known.mean()
    shared = xr.DataArray(found.to_xarray())
    return shared.expand_dims({ROLE: [owner]}, axis=1)


def disagreements(values: xr.DataArray, waves: pd.DataFrame, study: Study) -> list[str]:
    """Name the clusters that several leaders of different values (unit, role) lead."""
    known = _in_clusters(values.sel({ROLE: [study.roles.leader]}), waves)
    differ = known.nunique() > 1
    return [str(cluster) for cluster in differ.index[differ]]


def _in_clusters(values: xr.DataArray, waves: pd.DataFrame) -> Any:
    """Known values, by the cluster of their unit."""
    long = values.to_series().dropna()
    cluster = cluster_of_units(waves).reindex(long.index.get_level_values(UNIT)).to_numpy()
    known = pd.Series(long.to_numpy(), index=pd.Index(cluster, name=CLUSTER))
    return known[known.index != ""].groupby(level=CLUSTER)


def cluster_of_units(waves: pd.DataFrame) -> pd.Series[str]:
    """Cluster of each unit, "" where it is not known."""
    return waves.groupby(UNIT)[CLUSTER].first().fillna("").astype(str)


def by_unit(values: xr.DataArray, waves: pd.DataFrame) -> xr.DataArray:
    """Give each unit (unit, role) what its cluster has (cluster, role), NaN where that is none."""
    cluster = cluster_of_units(waves)
    found = values.reindex({CLUSTER: cluster.to_numpy()}).rename({CLUSTER: UNIT})
    return found.assign_coords({UNIT: cluster.index.to_numpy()})
