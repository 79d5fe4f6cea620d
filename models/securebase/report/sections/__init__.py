"""The sections of an analysis's page: each a function from what was found to a `Section`."""
