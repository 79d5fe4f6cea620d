"""How well a model foretells a unit it has not seen, and whether rivals do better."""
