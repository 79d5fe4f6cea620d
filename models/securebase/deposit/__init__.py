"""Files of a reviewer's bundle that the standards of the field ask for, as text from what is known.

Pure functions: a codebook, results and the bundle's list of files go in, text comes out. No clock,
no path of a machine, so that equal bundles have equal files.
"""
