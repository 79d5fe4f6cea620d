"""The exact Gaussian likelihood of units and clusters, from moments."""

from securebase.likelihood.layout import kernel_arrays, moment_data, swap
from securebase.likelihood.op import gaussian_loglik

__all__ = ["gaussian_loglik", "kernel_arrays", "moment_data", "swap"]
