"""The page a reader opens."""
