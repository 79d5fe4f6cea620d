"""What a run may be told: which studies, how to sample, where the thresholds lie."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError

from securebase.codebook.closed import Closed, Label
from securebase.codebook.document import error_details, valid_keys
from securebase.faults import Fault, InputError

Positive = Annotated[float, Field(gt=0)]


class Sampling(Closed):
    """How posteriors are drawn."""

    seed: int = Field(
        20261123,
        ge=0,
        description="Root of every seed; each fit derives its own from it, its study and analysis.",
    )
    sampler: Literal["nutpie"] = Field(
        "nutpie", description="Named, because libraries change their default silently."
    )
    chains: int = Field(4, ge=2, description="Independent chains; R-hat needs at least 2.")
    draws: int = Field(1000, ge=100, description="Kept draws per chain.")
    tune: int = Field(1000, ge=100, description="Warm-up draws per chain, not kept.")
    target_accept: float = Field(
        0.8, gt=0.5, lt=1.0, description="Acceptance the step size is tuned to."
    )
    adaptation: Literal["family", "diag", "low_rank"] = Field(
        "family",
        description="What warm-up learns of a posterior's shape: the spread of each quantity "
        "(diag), also the few directions in which quantities go together (low_rank), or what "
        "the family of the analysis needs (family; diag where there is none).",
    )
    prior_draws: int = Field(1000, ge=100, description="Draws from the prior.")
    predictive_draws: int = Field(
        400, ge=50, description="Posterior draws for which a study is replicated."
    )

    def longer(self, factor: int) -> "Sampling":
        """Multiply kept and warm-up draws."""
        return self.model_copy(update={"draws": factor * self.draws, "tune": factor * self.tune})


class Thresholds(Closed):
    """Where a check fails. Focal quantities are the estimands of claims."""

    r_hat: float = Field(
        1.01, gt=1.0, description="Largest rank-normalised split R-hat (doi:10.1214/20-BA1221)."
    )
    r_hat_focal: float = Field(1.01, gt=1.0, description="The same, for claims.")
    ess: float = Field(400, gt=0, description="Smallest bulk and tail effective sample size.")
    ess_focal: float = Field(1000, gt=0, description="The same, for claims.")
    divergences_warn: int = Field(0, ge=0, description="More divergent draws are a warning.")
    divergences_fail: int = Field(10, ge=0, description="More divergent draws are a failure.")
    e_bfmi: float = Field(0.3, gt=0, description="Smallest energy Bayesian fraction (E-BFMI).")
    tree_depth_share: float = Field(
        0.01, ge=0, le=1, description="Largest share of draws that hit the tree depth limit."
    )
    mcse_share_focal: float = Field(
        0.05, gt=0, description="Largest Monte Carlo error of a claim's mean, in posterior sds."
    )
    mcse_probability: float = Field(
        0.01, gt=0, description="Largest Monte Carlo error of a printed probability."
    )
    moment_ppp: float = Field(
        0.05,
        ge=0,
        lt=1,
        description="Smaller share of replicated studies whose moments lie as far from the implied "
        "ones as the observed: a warning (doi:10.1080/10705511.2011.607723).",
    )


class Decision(Closed):
    """When a claim gets a verdict."""

    probability: float = Field(
        0.95, gt=0.5, lt=1.0, description="Posterior probability a verdict needs."
    )
    mcse_margin: float = Field(
        2.0, ge=0, description="Monte Carlo errors by which the probability must clear it."
    )
    robust_share: float = Field(
        0.9, gt=0, le=1, description="Share of other choices, from which on a verdict is robust."
    )
    fragile_share: float = Field(
        0.5, ge=0, lt=1, description="Share below which it is fragile, as is one ever turned round."
    )


class Refits(Closed):
    """How each of many fits of one model is drawn, and when it is drawn again, longer."""

    chains: int = Field(2, ge=2, description="Independent chains of each fit.")
    draws: int = Field(200, ge=100, description="Kept draws per chain of each fit.")
    tune: int = Field(100, ge=100, description="Warm-up draws per chain of each fit.")
    r_hat: float = Field(1.05, gt=1.0, description="Larger: the fit is drawn again, longer.")
    ess: float = Field(
        100, gt=0, description="Smaller effective sample size, bulk or tail: likewise."
    )

    def sampling(self, run: Sampling) -> Sampling:
        """How each fit is drawn first: as the run says otherwise."""
        own = {"chains": self.chains, "draws": self.draws, "tune": self.tune}
        return run.model_copy(update=own)

    def mixed(self, r_hat: float, ess: float) -> bool:
        """Say whether chains were long enough; what never varies has no R-hat."""
        return not r_hat > self.r_hat and not ess < self.ess


class Recovery(Refits):
    """How known truths are recovered: `snakemake recovery`."""

    replicates: int = Field(
        400, ge=2, description="Simulated studies of each world; each is fitted."
    )
    fits_per_batch: int = Field(
        50, ge=1, description="Of them in one job: a run that is killed loses no more."
    )
    worlds: tuple[Literal["source", "null", "reversed"], ...] = Field(
        ("source", "null", "reversed"),
        min_length=1,
        description="Claimed effects as the simulator's settings say, absent, of opposite sign.",
    )
    size: Literal["small", "full"] = Field(
        "full", description="full: as many units as the published study; small: as the example."
    )


class Sensitivity(Refits):
    """Whether another prior would change the answer."""

    refits: bool = Field(
        False,
        description="Whether each analysis is fitted again under other priors: a grid of them.",
    )
    draws: int = Field(500, ge=100, description="Kept draws per chain of each fit.")
    tune: int = Field(200, ge=100, description="Warm-up draws per chain of each fit.")
    r_hat: float = Field(1.02, gt=1.0, description="Larger: the fit is drawn again, longer.")
    ess: float = Field(
        400, gt=0, description="Smaller effective sample size, bulk or tail: likewise."
    )
    sd_factors: tuple[Positive, ...] = Field(
        (1 / 16, 1 / 8, 1 / 4, 1 / 2, 2.0, 4.0),
        min_length=1,
        description="Factors of the declared spread of each block, one block at a time.",
    )
    sd_factors_of_all: tuple[Positive, ...] = Field(
        (1 / 2, 2.0, 4.0),
        min_length=1,
        description="The same of all blocks at once, correlations apart.",
    )
    eta_factors: tuple[Positive, ...] = Field(
        (1 / 2, 2.0),
        min_length=1,
        description="Factors of the declared shape of each LKJ distribution.",
    )
    threshold: float = Field(
        0.05,
        gt=0,
        description="Power-scaling sensitivity worth a word (doi:10.1007/s11222-023-10366-5).",
    )

    def factors(self, of_correlations: bool) -> tuple[float, ...]:
        """Factors by which a block is turned alone."""
        return self.eta_factors if of_correlations else self.sd_factors


class Dropout(Refits):
    """Whether the answer holds if those who left differ from what their answers foretell."""

    refits: bool = Field(
        False, description="Whether each analysis is fitted again to shifted scores of leavers."
    )
    shifts: tuple[float, ...] = Field(
        (-1.0, -0.5, -0.25, 0.25, 0.5, 1.0),
        min_length=1,
        description="Shifts of their scores, in standard deviations of the outcome at first.",
    )
    imputations: int = Field(10, ge=2, description="Completed data sets for each shift.")


class Prediction(Closed):
    """How well an analysis foretells a unit, or a cluster, that it has not seen."""

    compare: bool = Field(
        False, description="Whether each analysis is held against its rivals, which are fitted."
    )
    draws: int = Field(4000, ge=200, description="Posterior draws that foretell.")
    most_refits: int = Field(
        10,
        ge=0,
        description="Fits without one whose importance weights cannot be trusted, at most.",
    )


class Multiverse(Refits):
    """Whether every declared specification is fitted, and how the grid is cut into jobs."""

    run: bool = Field(
        False, description="Whether the multiverses that codebooks declare are fitted."
    )
    draws: int = Field(1000, ge=100, description="Kept draws per chain of each fit.")
    tune: int = Field(300, ge=100, description="Warm-up draws per chain of each fit.")
    r_hat: float = Field(1.02, gt=1.0, description="Larger: the fit is drawn again, longer.")
    ess: float = Field(
        1000, gt=0, description="Smaller effective sample size, bulk or tail: likewise."
    )
    minutes_per_batch: Positive = Field(
        3.0, description="Time of one core that a batch, one job, may take."
    )
    seconds_to_compile: float = Field(
        30.0, ge=0, description="Of it to start and to compile; measured on the real couples."
    )
    seconds_per_fit: Positive = Field(
        2.5, description="Of it for each specification; measured on the real couples."
    )

    @property
    def fits_per_batch(self) -> int:
        """How many specifications a job fits: at least one."""
        left = 60.0 * self.minutes_per_batch - self.seconds_to_compile
        return max(1, int(left / self.seconds_per_fit))


class Config(Closed):
    """The whole of config/config.yaml."""

    studies: tuple[Label, ...] = Field(
        min_length=1, description="Studies to run: file names in config/studies."
    )
    raw_root: str = Field(
        "data/example", description="Folder that the raw files' paths in codebooks start from."
    )
    pinned: bool = Field(
        True,
        description="Whether raw files have to match the digests in codebooks; false for simulated "
        "studies of another size or world.",
    )
    sampling: Sampling = Field(Sampling(), description="How posteriors are drawn.")
    thresholds: Thresholds = Field(Thresholds(), description="Where a check fails.")
    decision: Decision = Field(Decision(), description="When a claim gets a verdict.")
    recovery: Recovery = Field(Recovery(), description="How known truths are recovered.")
    sensitivity: Sensitivity = Field(
        Sensitivity(), description="Whether another prior would change the answer."
    )
    dropout: Dropout = Field(
        Dropout(), description="Whether the answer holds if those who left differ."
    )
    prediction: Prediction = Field(
        Prediction(), description="How well analyses foretell whom they have not seen."
    )
    multiverse: Multiverse = Field(
        Multiverse(), description="Whether every declared specification is fitted."
    )
    synthesis: str | None = Field(
        None,
        description="File that says what the studies of the run contribute to the headline; "
        "null: no headline.",
    )


def parse_config(values: Mapping[str, Any], file: str = "config/config.yaml") -> Config:
    """Check a configuration.

    Parameters
    ----------
    values : mapping
        The configuration as read from YAML and the command line.
    file : str
        Its name, for messages.

    Raises
    ------
    InputError
        With every fault: the key, what was given, the valid keys or values.
    """
    try:
        return Config.model_validate(values)
    except ValidationError as error:
        raise InputError(
            f"configuration {file}",
            [_fault_of(detail, file) for detail in error_details(error)],
        ) from None


def _fault_of(detail: Any, file: str) -> Fault:
    path = tuple(detail["loc"])
    key = ".".join(map(str, path))
    if detail["type"] == "extra_forbidden":
        known = ", ".join(valid_keys(Config, path[:-1]))
        return Fault(file, f"unknown key '{path[-1]}'", f"one of: {known}", column=key)
    message = detail["msg"].removeprefix("Value error, ")
    return Fault(file, f"given {detail['input']!r}", message, column=key)
