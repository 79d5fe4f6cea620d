"""Pieces that families are built from: named cells, arrows between effects, covariances."""
