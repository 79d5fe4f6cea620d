"""The sections of pages: each a function from what was found to a `Section`."""
