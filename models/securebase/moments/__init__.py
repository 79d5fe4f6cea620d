"""The moment matrices through which the likelihood sees the data.

Unit i has responses y_i (some of them missing) and a design vector w_i with
E[y_i] = M w_i. For a Gaussian model all that matters of the units of one
missing-data pattern is how many they are and the cross-products of [y, w]; of a
cluster, the counts and sums of y and w per pattern. Moments of disjoint sets of
units add up.

Cross-products of raw scores lose digits when means are large beside standard
deviations (a mean of 1000 with an sd of 1 costs six of sixteen). So y enters as
the deviation e = y - B w from a fixed ``reference`` B, the pooled least-squares
fit; the mean M of a model becomes M - B, exactly.
"""

from securebase.moments.gathering import moments_of
from securebase.moments.statistics import Cells, Floats, Integers, Moments, add

__all__ = ["Cells", "Floats", "Integers", "Moments", "add", "moments_of"]
