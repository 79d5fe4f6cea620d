"""The workflow as a user runs it: in a folder of its own, with two small studies."""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import pytest
import xarray as xr
from simulation_examples import CAMP, camp_settings
from workflow_example import checkout, write_yaml

from securebase.bundle.opening import open_bundle
from securebase.ledger.chain import append
from securebase.ledger.tried import tried
from securebase.ledger.verifying import read_ledger

Run = Callable[..., subprocess.CompletedProcess[str]]
PROMISED = (
    *("waves.parquet", "exclusions.tsv", "scoring.tsv", "flow.csv", "codebook.csv"),
    *("growth/posterior.nc", "growth/priors.csv", "growth/left_out.csv", "growth/summary.csv"),
    *("growth/parameters.csv", "growth/trajectories.csv", "growth/patterns.csv"),
    *("growth/levels.csv", "growth/checks.tsv"),
    *("growth/power_scaling.csv", "growth.html"),
    *("claims.csv", "claims.html", "claims.md", "paper.html", "fits.csv"),
)


@pytest.fixture(scope="module")
def folder(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout of its own, so that the tests may edit it."""
    folder = tmp_path_factory.mktemp("checkout")
    checkout(root, folder)
    return folder


@pytest.fixture(scope="module")
def snakemake(folder: Path) -> Run:
    """Call snakemake in the checkout, with the code of that checkout."""

    def run(*arguments: str, code: Path | None = folder) -> subprocess.CompletedProcess[str]:
        environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
        if code is not None:
            environment["PYTHONPATH"] = str(code / "models")
        command = [sys.executable, "-m", "snakemake", *arguments]
        return subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, check=False
        )

    return run


@pytest.fixture(scope="module")
def finished(snakemake: Run) -> subprocess.CompletedProcess[str]:
    """The whole run, once."""
    run = snakemake("--cores", "2")
    assert run.returncode == 0, run.stderr
    return run


@pytest.fixture
def edited(folder: Path) -> Iterator[Callable[[str, str, str], None]]:
    """Edit a file of the checkout for one test."""
    kept: dict[Path, tuple[bytes, os.stat_result]] = {}

    def edit(name: str, old: str, new: str) -> None:
        path = folder / name
        kept.setdefault(path, (path.read_bytes(), path.stat()))
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))

    yield edit
    for path, (content, stat) in kept.items():
        path.write_bytes(content)
        os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))


def planned(run: subprocess.CompletedProcess[str]) -> dict[str, int]:
    """Jobs of a dry run: {rule: how many}."""
    lines = (run.stdout + run.stderr).splitlines()
    start = next((n for n, line in enumerate(lines) if line.startswith("job  ")), None)
    if start is None:
        assert "Nothing to be done" in run.stdout + run.stderr
        return {}
    jobs = {}
    for line in lines[start + 2 :]:
        words = line.split()
        if len(words) != 2:
            break
        jobs[words[0]] = int(words[1])
    jobs.pop("total", None)
    return jobs


def test_a_run_leaves_everything_it_promises(
    finished: subprocess.CompletedProcess[str], folder: Path
) -> None:
    for study in ("small", "other"):
        results = folder / "results" / study
        for name in PROMISED:
            assert (results / name).is_file(), name
    claims = pd.read_csv(folder / "results" / "small" / "claims.csv")
    assert claims["verdict"].tolist() == ["supported"]  # 0.3 points a month were put in
    assert (folder / "results" / "gate.tsv").is_file()


def test_a_posterior_says_where_it_comes_from(
    finished: subprocess.CompletedProcess[str], folder: Path
) -> None:
    tree = xr.open_datatree(folder / "results" / "small" / "growth" / "posterior.nc")
    assert {
        "posterior",
        "sample_stats",
        "prior",
        "prior_predictive",
        "posterior_predictive",
    } <= set(tree.children)
    assert tree.attrs["study"] == "small"
    assert tree.attrs["simulated"] == "true"
    assert "nutpie" in tree.attrs["versions"]
    assert str(folder) not in str(tree.attrs)
    for group in tree.children.values():
        assert not {"unit", "person", "cluster"} & set(map(str, group.dims))


def test_the_report_of_snakemake_holds_the_pages_and_no_path(
    finished: subprocess.CompletedProcess[str], snakemake: Run, folder: Path
) -> None:
    run = snakemake("--report", "report.html")
    assert run.returncode == 0, run.stderr
    html = (folder / "report.html").read_text()
    for said in ("results/small/claims.html", "results/small/growth.html", "every declared claim"):
        assert said in html
    assert str(folder) not in html
    assert str(Path.home()) not in html


def test_the_headline_pools_the_studies_of_the_run(
    finished: subprocess.CompletedProcess[str], folder: Path
) -> None:
    tables = folder / "results" / "headline"
    summary = pd.read_csv(tables / "headline.csv")
    assert summary["studies"].tolist() == [1, 1, 1]
    studies = pd.read_csv(tables / "studies.csv")
    assert studies.groupby("study")["used"].any().to_dict() == {"small": True, "away": False}
    page = (folder / "results" / "headline.html").read_text()
    assert "<strong>away</strong>: its study is not part of this run." in page


def test_without_a_study_that_contributes_there_is_no_headline(
    finished: subprocess.CompletedProcess[str],
    snakemake: Run,
    edited: Callable[[str, str, str], None],
) -> None:
    edited("config/synthesis.yaml", "study: small", "study: elsewhere")
    assert planned(snakemake("-n", "--forceall"))["write_pages_small"] == 1
    assert "headline" not in planned(snakemake("-n", "--forceall"))


def test_faults_of_the_synthesis_are_told_before_anything_runs(
    snakemake: Run, edited: Callable[[str, str, str], None]
) -> None:
    edited("config/synthesis.yaml", "analysis: growth", "analysis: grouth")
    run = snakemake("-n")
    assert run.returncode != 0
    assert "no analysis 'grouth' in small; expected growth" in run.stdout


def test_recovery_is_cut_into_jobs_of_fifty_fits(
    finished: subprocess.CompletedProcess[str], snakemake: Run, folder: Path
) -> None:
    settings = folder / "config" / "simulations"
    settings.mkdir(exist_ok=True)
    for name in ("small", "other"):
        (settings / f"{name}.yaml").write_text(f"study: {name}\n")
    jobs = planned(snakemake("-n", "--", "recovery"))
    # two analyses, three worlds of 400
    assert jobs == {"recover_batch": 2 * 3 * 8, "recover": 2, "recovery": 1}


def test_a_bundle_is_written_where_it_is_asked_for(
    finished: subprocess.CompletedProcess[str], snakemake: Run, folder: Path
) -> None:
    jobs = planned(snakemake("-n", "--", "bundle"))
    assert jobs == {"bundle_small": 1, "bundle_other": 1, "bundle": 1}
    made = "results/small/bundle.zip"
    run = snakemake("--cores", "2", made)
    assert run.returncode == 0, run.stderr
    with open_bundle(folder / made) as bundle:
        assert bundle.analyses == ["growth"]
        assert (bundle.folder / "fits.csv").is_file()
        assert (bundle.folder / "ledger.head").is_file()
    assert (folder / "results" / "small" / "nonces.json").is_file()
    assert planned(snakemake("-n", made)) == {}


def test_a_simulated_study_of_another_world_is_one_job_and_can_be_run_on(
    snakemake: Run, folder: Path
) -> None:
    for part, content in (("studies", CAMP), ("simulations", camp_settings())):
        (folder / "config" / part).mkdir(exist_ok=True)
        write_yaml(folder / "config" / part / "camp.yaml", content)
    made = "simulated/small/reversed/camp"
    run = snakemake("--cores", "1", made)
    assert run.returncode == 0, run.stderr
    names = [Path(file["path"]).name for file in CAMP["raw"]["files"]]
    assert {path.name for path in (folder / made).iterdir()} >= set(names)
    assert planned(snakemake("-n", made)) == {}
    waves = "results/camp/waves.parquet"
    there = ("studies=[camp]", "raw_root=simulated/small/reversed", "pinned=false")
    assert planned(snakemake("-n", waves, "--config", *there)) == {"clean_waves": 1}


def test_a_second_run_has_nothing_to_do(
    finished: subprocess.CompletedProcess[str], snakemake: Run
) -> None:
    assert planned(snakemake("-n")) == {}


def test_every_fit_is_in_the_ledger_and_nothing_runs_because_it_grew(
    finished: subprocess.CompletedProcess[str], snakemake: Run, folder: Path
) -> None:
    found = read_ledger(folder / "ledger.jsonl", sorted(folder.glob("results/*/fits.csv")))
    assert found.broken is None
    fits = {(one.started["study"], one.outcome) for one in tried(found.entries)}
    assert fits == {("small", "finished"), ("other", "finished")}
    page = (folder / "results" / "small" / "claims.html").read_text()
    assert " fit of this study was run: it is listed; none failed." in page
    append(folder / "ledger.jsonl", {"event": "registered", "study": "small"})
    assert planned(snakemake("-n")) == {}


def test_a_new_threshold_judges_again_and_samples_nothing(
    finished: subprocess.CompletedProcess[str],
    snakemake: Run,
    edited: Callable[[str, str, str], None],
) -> None:
    edited("config/config.yaml", "ess: 10", "ess: 11")
    jobs = planned(snakemake("-n"))
    assert jobs["judge_small"] == 1
    assert not {"clean_waves", "sample_posterior"} & set(jobs)


def test_other_priors_are_asked_for_by_a_setting(
    finished: subprocess.CompletedProcess[str], snakemake: Run, folder: Path
) -> None:
    asked = ("--config", "sensitivity={refits: true, draws: 100, ess: 20, r_hat: 1.2}")
    jobs = planned(snakemake("-n", *asked))
    assert (jobs["refit_priors"], jobs["write_pages_small"]) == (2, 1)
    assert "sample_posterior" not in jobs
    grid = "results/small/growth/prior_grid.csv"
    run = snakemake("--cores", "2", *asked, "--", grid)
    assert run.returncode == 0, run.stderr
    table = pd.read_csv(folder / grid)
    assert table["claim"].unique().tolist() == ["H1"]
    *_, batch = tried(read_ledger(folder / "ledger.jsonl").entries, "small")
    assert (batch.started["purpose"], batch.fits) == ("other priors", len(table))
    declared = table.set_index("block").loc["declared"]
    claims = pd.read_csv(folder / "results" / "small" / "claims.csv").set_index("id")
    assert declared["mean"] == pytest.approx(claims.loc["H1", "mean"], abs=0.03)


def test_other_fates_of_those_who_left_are_asked_for_by_a_setting(
    finished: subprocess.CompletedProcess[str], snakemake: Run, folder: Path
) -> None:
    asked = ("--config", "dropout={refits: true, imputations: 2}")
    jobs = planned(snakemake("-n", *asked))
    assert (jobs["refit_departures"], jobs["write_pages_small"]) == (2, 1)
    assert "refit_priors" not in jobs
    run = snakemake("--cores", "2", *asked, "--", "results/small/growth/dropout.csv")
    assert run.returncode == 0, run.stderr
    table = pd.read_csv(folder / "results/small/growth/dropout.csv")
    assert "verdict" in table
    assert table.empty  # everybody answered to the end


def test_an_edited_family_fits_its_analyses_again_and_cleans_nothing(
    finished: subprocess.CompletedProcess[str],
    snakemake: Run,
    edited: Callable[[str, str, str], None],
) -> None:
    path = "models/securebase/families/dyadic_growth.py"
    edited(path, '"""Joint growth', '"""The joint growth')
    jobs = planned(snakemake("-n"))
    assert jobs["sample_posterior"] == 2
    assert "clean_waves" not in jobs


def test_a_family_nobody_uses_fits_nothing_again(
    finished: subprocess.CompletedProcess[str], snakemake: Run, folder: Path
) -> None:
    path = folder / "models" / "securebase" / "families" / "another.py"
    path.write_text('"""A family that no codebook names."""\n')
    assert planned(snakemake("-n")) == {}
    path.unlink()


def test_a_changed_raw_file_runs_its_study_only(
    finished: subprocess.CompletedProcess[str],
    snakemake: Run,
    edited: Callable[[str, str, str], None],
) -> None:
    edited("raw/small/later.csv", "c39,q", " c39,q")
    jobs = planned(snakemake("-n"))
    assert jobs["clean_waves"] == 1
    assert jobs["sample_posterior"] == 1


def test_a_reworded_claim_samples_nothing(
    finished: subprocess.CompletedProcess[str],
    snakemake: Run,
    edited: Callable[[str, str, str], None],
) -> None:
    edited("config/studies/small.yaml", "in both members", "in both partners")
    jobs = planned(snakemake("-n"))
    assert jobs["judge_small"] == 1
    assert not {"clean_waves", "sample_posterior"} & set(jobs)


def test_a_failed_check_fails_the_run_after_everything_is_written(
    finished: subprocess.CompletedProcess[str],
    snakemake: Run,
    edited: Callable[[str, str, str], None],
    folder: Path,
) -> None:
    edited("config/config.yaml", "ess: 10", "ess: 1000000")
    run = snakemake("--cores", "2")
    assert run.returncode != 0
    assert "failed checks" in run.stderr
    assert "results/small/growth/checks.tsv: ess_bulk is" in run.stderr
    assert "results/other/growth/checks.tsv: ess_bulk is" in run.stderr
    assert "Traceback" not in run.stderr
    claims = pd.read_csv(folder / "results" / "small" / "claims.csv")
    assert claims["verdict"].tolist() == ["not assessable"]
    assert "not assessable" in (folder / "results" / "small" / "claims.html").read_text()


def spoil(path: Path) -> None:
    """Put one of two chains at another mode, keep 30 draws of each, plant divergences."""
    tree = xr.open_datatree(path).load()
    groups = {
        name: group.to_dataset().isel(draw=slice(0, 30))
        if name in {"posterior", "sample_stats", "log_prior", "log_likelihood"}
        else group.to_dataset()
        for name, group in tree.children.items()
    }
    groups["posterior"]["change"][1] += 2.0
    groups["sample_stats"]["diverging"][:, :12] = True
    spoiled = xr.DataTree.from_dict(groups)
    spoiled.attrs = tree.attrs
    # beside it, then in its place: tests before may still have it open
    spoiled.to_netcdf(path.with_suffix(".spoiled"), engine="netcdf4")
    path.with_suffix(".spoiled").replace(path)


def test_a_posterior_made_bad_on_purpose_withholds_its_numbers(
    finished: subprocess.CompletedProcess[str],
    snakemake: Run,
    edited: Callable[[str, str, str], None],
    folder: Path,
) -> None:
    edited("config/config.yaml", "divergences_warn: 50", "divergences_warn: 0")
    edited("config/config.yaml", "divergences_fail: 100", "divergences_fail: 10")
    results = folder / "results" / "small"
    path = results / "growth" / "posterior.nc"
    content, stat = path.read_bytes(), path.stat()
    spoil(path)
    run = snakemake("--cores", "2")
    path.write_bytes(content)
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert run.returncode != 0
    assert "Traceback" not in run.stderr
    for check in ("r_hat is", "ess_bulk is", "divergences is 24"):
        assert f"results/small/growth/checks.tsv: {check}" in run.stderr
    told = run.stderr.partition("failed checks")[2].partition("Error in rule")[0]
    assert "results/other/" not in told
    for page in ("claims.html", "growth.html"):
        html = (results / page).read_text()
        assert html.index("Not to be relied on") < html.index("not assessable")
        # how many claims there are is told, none of their numbers
        told = re.findall(r'data-src="claims\.csv#[^"]*\.(\w+)"', html)
        assert set(told) <= {"count"}
        shown = re.findall(r'data-src="growth/summary.csv#[^"]*\.(\w+)"', html)
        # how badly it mixed is told, and nothing else
        assert set(shown) <= {"r_hat", "ess_bulk", "ess_tail", "count"}
    assert "withheld" in (results / "claims.md").read_text()
    assert (
        "H1: Anxiety falls in both members. Not assessable: "
        in (results / "paper.html").read_text()
    )
    assert "small/claims.html" in (folder / "results" / "index.html").read_text()


def test_all_that_is_wrong_is_said_before_anything_runs(
    snakemake: Run, edited: Callable[[str, str, str], None], folder: Path
) -> None:
    edited("config/studies/small.yaml", "time: 1.0", "tyme: 1.0")
    edited("config/studies/small.yaml", "direction: negative", "direction: downwards")
    edited("config/studies/other.yaml", "other/later.csv", "other/latest.csv")
    run = snakemake("--cores", "2")
    assert run.returncode != 0
    for said in ("tyme", "downwards", "raw/other/latest.csv: no such file"):
        assert said in run.stderr
    assert "Traceback" not in run.stderr


def test_an_unknown_setting_is_refused_with_the_known_ones(
    snakemake: Run, edited: Callable[[str, str, str], None]
) -> None:
    edited("config/config.yaml", "chains: 2", "chain: 2")
    run = snakemake("-n")
    assert run.returncode != 0
    # a dry run says it on the other stream
    assert "unknown key 'chain'" in run.stdout
    assert "one of: seed, sampler, chains" in run.stdout


def test_a_claim_on_an_unknown_coordinate_stops_before_sampling(
    finished: subprocess.CompletedProcess[str],
    snakemake: Run,
    edited: Callable[[str, str, str], None],
    folder: Path,
) -> None:
    edited("config/studies/small.yaml", "outcome: anxiety", "outcome: avoidance")
    run = snakemake("--cores", "2", "--forcerun", "sample_posterior")
    assert run.returncode != 0
    assert "claims.H1.estimand[0]: no outcome 'avoidance'; expected anxiety" in run.stderr
    log = (folder / "logs" / "sample_posterior" / "small" / "growth.log").read_text()
    assert "compiled" not in log


def test_another_checkout_is_not_imported_silently(snakemake: Run, root: Path) -> None:
    run = snakemake("-n", code=root)
    assert run.returncode != 0
    assert "this checkout would run the code of another one" in run.stdout


def test_lint_finds_nothing(snakemake: Run) -> None:
    run = snakemake("--lint")
    assert run.returncode == 0, run.stderr


def test_the_same_seed_gives_the_same_bytes_on_other_cores_in_another_process(
    finished: subprocess.CompletedProcess[str], snakemake: Run, folder: Path
) -> None:
    path = "results/other/growth/posterior.nc"
    bytes_of = []
    for cores in ("2", "1"):
        run = snakemake("--cores", cores, "--forcerun", "sample_posterior", "--", path)
        assert run.returncode == 0, run.stderr
        bytes_of.append((folder / path).read_bytes())
    assert bytes_of[0] == bytes_of[1]
