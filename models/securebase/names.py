"""Every column, dim and level that two modules share."""

from typing import Final

# dims of a panel and of a posterior: nouns in the singular
UNIT: Final = "unit"
CLUSTER: Final = "cluster"
WAVE: Final = "wave"
ROLE: Final = "role"
OUTCOME: Final = "outcome"
PHASE: Final = "phase"
EFFECT: Final = "effect"
SERIES: Final = "series"
RESPONSE: Final = "response"
DESIGN: Final = "design"
OWNER: Final = "owner"
MEASURE: Final = "measure"
GROUP: Final = "group"
PATTERN: Final = "pattern"

# columns of waves.parquet beside the scales and covariates
PERSON: Final = "person"
TIME: Final = "time"
DATE: Final = "date"
COMPOSITION: Final = "composition"
WAVE_KEYS: Final = (UNIT, PERSON, ROLE, WAVE, TIME, DATE, CLUSTER, COMPOSITION)

# the label of both members where roles carry no meaning
MEMBER: Final = "member"

# labels of what was fitted again, in prior_grid.csv and dropout.csv
AS_DECLARED: Final = "declared"
EVERY_BLOCK: Final = "every block"
EVERYONE: Final = "everyone"
EVERY_OUTCOME: Final = "every outcome"

# where there is no verdict: a check failed
NOT_ASSESSABLE: Final = "not assessable"

# dims of draws
SAMPLES: Final = ("chain", "draw")

# endings of variables that priors are written on and nobody reads, and of those they stand for
STANDS_FOR: Final = {"_measured": "", "_signed": "_sd", "_vine": "_corr"}
