"""Codebooks: what a study measured and what is asked of it."""
