"""Sensitivity: whether another prior would change the answer."""
