"""The exact Gaussian likelihood of units and clusters, from moments."""

from securebase.likelihood.layout import kernel_arrays, moment_data, swap
from securebase.likelihood.occasion_op import occasions_loglik
from securebase.likelihood.occasions import occasion_arrays
from securebase.likelihood.op import gaussian_loglik
from securebase.likelihood.pointwise import loglik, pointwise_loglik
from securebase.likelihood.product import product
from securebase.likelihood.unpacking import moments_of_arrays, with_designs

__all__ = [
    "gaussian_loglik",
    "kernel_arrays",
    "loglik",
    "moment_data",
    "moments_of_arrays",
    "occasion_arrays",
    "occasions_loglik",
    "pointwise_loglik",
    "product",
    "swap",
    "with_designs",
]
