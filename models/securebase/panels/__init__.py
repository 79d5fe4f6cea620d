"""Panels of waves that drive each other: what a family of panel models is built from."""
