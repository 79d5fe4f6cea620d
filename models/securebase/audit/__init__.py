"""The audit of a bundle: every check that a reader without the raw data can make."""
