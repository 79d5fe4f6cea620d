"""Whole studies from declared truths: raw wave files with people, items, losses and faults."""

from securebase.simulation.settings import Simulation, Size, World, load_simulation
from securebase.simulation.whole import SimulatedStudy, simulate_study, study_files, write_study

__all__ = [
    "SimulatedStudy",
    "Simulation",
    "Size",
    "World",
    "load_simulation",
    "simulate_study",
    "study_files",
    "write_study",
]
