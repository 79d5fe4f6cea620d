"""Attacks on a release: each recovers records where the rules of disclosure are broken.

They are the test of a release, and no proof: an attack that fails shows only that this one does.
"""

from securebase.disclosure.attacks.claims import Claims, count_right
from securebase.disclosure.attacks.differencing import differencing_attack
from securebase.disclosure.attacks.lattice import lattice_attack
from securebase.disclosure.attacks.pointwise import PointwiseLoglik, pointwise_attack
from securebase.disclosure.attacks.singleton import singleton_attack

__all__ = [
    "Claims",
    "PointwiseLoglik",
    "count_right",
    "differencing_attack",
    "lattice_attack",
    "pointwise_attack",
    "singleton_attack",
]
