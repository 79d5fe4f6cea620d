"""What may be released of moments without giving records away (docs/disclosure.md).

Rules say which moments are admissible, masking makes them so, attacks try to break them, and the
gate lets out what keeps every rule and withstands every attack.
"""

from securebase.disclosure.cells import Cell, CellRecords, cells_of
from securebase.disclosure.cluster_masking import MaskedClusters, mask_clusters
from securebase.disclosure.clustered import ClusteredRelease, ClusteredSample
from securebase.disclosure.findings import Finding
from securebase.disclosure.gate import Outgoing, gate, inspect
from securebase.disclosure.grids import Grid, grid_of_scale, grid_of_values
from securebase.disclosure.limits import LIMITS, Limits
from securebase.disclosure.masking import Masked, mask
from securebase.disclosure.refit import moments_of_cells
from securebase.disclosure.sample import Sample
from securebase.disclosure.standins import moments_of_clusters

__all__ = [
    "LIMITS",
    "Cell",
    "CellRecords",
    "ClusteredRelease",
    "ClusteredSample",
    "Finding",
    "Grid",
    "Limits",
    "Masked",
    "MaskedClusters",
    "Outgoing",
    "Sample",
    "cells_of",
    "gate",
    "grid_of_scale",
    "grid_of_values",
    "inspect",
    "mask",
    "mask_clusters",
    "moments_of_cells",
    "moments_of_clusters",
]
