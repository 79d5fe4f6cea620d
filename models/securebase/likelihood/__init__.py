"""The exact Gaussian likelihood of units and clusters, from moments."""

from securebase.likelihood.layout import kernel_arrays, moment_data, swap
from securebase.likelihood.occasion_op import occasions_loglik
from securebase.likelihood.occasions import occasion_arrays
from securebase.likelihood.op import gaussian_loglik
from securebase.likelihood.pointwise import loglik, pointwise_loglik
from securebase.likelihood.product import product

__all__ = [
    "gaussian_loglik",
    "kernel_arrays",
    "loglik",
    "moment_data",
    "occasion_arrays",
    "occasions_loglik",
    "pointwise_loglik",
    "product",
    "swap",
]
