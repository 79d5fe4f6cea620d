"""A registered plan against what was done: deviations, and freezing a plan to register it."""
