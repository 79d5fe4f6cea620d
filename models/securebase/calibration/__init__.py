"""Simulation-based calibration: whether posteriors are where their own model says."""
