"""Arrows among levels and changes, within units and between clusters: mediation of change."""
