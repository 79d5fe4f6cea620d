"""The ledger of a project: every fit that was ever begun in it, in a chain that shows edits."""
