"""How far a run is, what failed and why, and what it has cost; read from what a run leaves."""
