"""A reviewer's bundle: results of a study that can be checked and fitted again without its records.

`writing.write_bundle` makes one of ``results/<study>``, `opening.open_bundle` reads it, and
`models.bundled_model` writes the exact model of an analysis on the bundle's moments
(docs/bundle.md).
"""
