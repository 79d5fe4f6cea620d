"""What a reviewer asks of the moments of a bundle: other priors, other structures.

`own_priors` and `own_rivals` read the reviewer's files, `answers` fits and judges again, `telling`
says what came of it. An answer is no check: it never changes what an audit comes to.
"""
