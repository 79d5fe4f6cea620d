"""The headline: one answer over all studies, with their posteriors as input."""
