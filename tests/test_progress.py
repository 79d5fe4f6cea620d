"""What is told of a run, from logs as Snakemake and Slurm write them."""

import stat
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from securebase.faults import InputError
from securebase.progress.causes import cause, failure_lines, failures_told
from securebase.progress.command import progress_lines
from securebase.progress.costs import (
    Cost,
    cost_table,
    duration,
    expected_seconds,
    job_costs,
    write_costs,
)
from securebase.progress.queue import queued, refuse_leftovers
from securebase.progress.run_log import Job, Run, read_run

LOG = """Building DAG of jobs...
Job stats:
job                  count
-----------------  -------
clean_waves              1
sample_posterior         2
judge_small              1
write_pages_small        1
all                      1
total                    6

Select jobs to execute...

[Fri Nov 27 12:30:00 2026]
Job 2: clean the waves of small
[Fri Nov 27 12:30:10 2026]
Finished jobid: 2 (Rule: clean_waves)
1 of 6 steps (17%) done

[Fri Nov 27 12:30:11 2026]
Job 4: sample small, growth
Job 4 has been submitted with SLURM jobid 5 (log: RUN/logs/slurm/fit/s/5.log).
[Fri Nov 27 12:30:12 2026]
Job 7: sample small, panel
Job 7 has been submitted with SLURM jobid 6 (log: RUN/logs/slurm/fit/p/6.log).
"""
FAILED = """[Fri Nov 27 12:31:39 2026]
Error in rule sample_posterior:
    message: SLURM-job '5' failed, SLURM status is: 'FAILED'.
    jobid: 4
    input: results/small/waves.parquet
    log: logs/fit.log, RUN/logs/slurm/fit/s/5.log (check log file(s) for error details)
    external_jobid: 5
"""
AGAIN = """Trying to restart job 4.
[Fri Nov 27 12:31:40 2026]
Job 4: sample small, growth
Job 4 has been submitted with SLURM jobid 8 (log: RUN/logs/slurm/fit/s/8.log).
"""
GROUPS = """[Fri Nov 27 12:33:55 2026] Group job report_small (jobs in lexicogr. order):

    [Fri Nov 27 12:33:55 2026]
    Job 3: judge small
    [Fri Nov 27 12:33:55 2026]
    Job 9: write the pages of small
[Fri Nov 27 12:33:55 2026] Group job report_other (jobs in lexicogr. order):

    [Fri Nov 27 12:33:55 2026]
    Job 6: judge other
Job 2f5e has been submitted with SLURM jobid 11 (log: RUN/group_report_other_judge_other/11.log).
Job 814c has been submitted with SLURM jobid 12 (log: RUN/group_report_small_judge_small/12.log).
[Fri Nov 27 12:34:00 2026]
Job 8: pool what the studies say
"""
NOON = datetime(2026, 11, 27, 12, 32)


def benchmark(path: Path, seconds: float, cpu: object = 1.5, peak: object = 300.0) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"s\th:m:s\tmax_rss\tcpu_time\n{seconds}\t0:00:09\t{peak}\t{cpu}\n")


def test_a_run_that_goes_on() -> None:
    run = read_run(LOG)
    assert (run.done, run.total) == (1, 6)
    assert run.planned["sample_posterior"] == 2
    assert [job.sentence for job in run.of("finished")] == ["clean the waves of small"]
    growth, panel = run.of("at work")
    assert (growth.sentence, growth.cluster_id, growth.attempts) == ("sample small, growth", "5", 1)
    assert panel.logs == ["RUN/logs/slurm/fit/p/6.log"]
    assert run.begun == datetime(2026, 11, 27, 12, 30)


def test_a_job_that_failed_and_one_that_is_tried_again() -> None:
    (failed,) = read_run(LOG + FAILED).of("failed")
    assert (failed.number, failed.rule, failed.cluster_id) == ("4", "sample_posterior", "5")
    assert failed.logs == ["RUN/logs/slurm/fit/s/5.log", "logs/fit.log"]
    run = read_run(LOG + FAILED + AGAIN)
    assert run.of("failed") == []
    again = run.jobs["4"]
    assert (again.attempts, again.cluster_id, again.message) == (2, "8", "")
    assert again.logs == ["RUN/logs/slurm/fit/s/8.log"]


def test_a_rule_that_is_told_in_full_has_not_failed() -> None:
    told = "[Fri Nov 27 12:31:00 2026]\nrule another:\n    log: a.log\n    jobid: 7\n"
    assert read_run(LOG + FAILED + told).jobs["7"].state == "at work"


def test_jobs_of_a_group_share_a_number_and_others_do_not() -> None:
    numbers = {job.sentence: job.cluster_id for job in read_run(GROUPS).jobs.values()}
    assert numbers == {
        "judge small": "12",
        "write the pages of small": "12",
        "judge other": "11",
        "pool what the studies say": "",
    }


def test_another_cluster_has_numbers_and_no_logs_of_its_own() -> None:
    run = read_run(LOG + "Submitted job 7 with external jobid '77.server'.\n")
    assert (run.jobs["7"].cluster_id, run.jobs["7"].logs) == ("77.server", [])


def test_lines_that_nobody_knows_are_passed_over() -> None:
    assert read_run("") == Run()
    assert read_run("something else:\n   12 of them\n[Someday]\nrule of thumb\n") == Run()


@pytest.mark.parametrize(
    ("slurm", "own", "why"),
    [
        (
            "slurmstepd: error: StepId=7.0 exceeded memory limit (64 > 62), being killed\n"
            "slurmstepd: error: *** STEP 7.0 ON n CANCELLED AT 2026 ***",
            "12:00:00 compiled",
            "it needed more memory than mem_mb",
        ),
        (
            "slurmstepd: error: *** JOB 3 ON n CANCELLED AT 2026 DUE TO TIME LIMIT ***",
            "",
            "it took longer than runtime",
        ),
        ("slurmstepd: error: *** JOB 3 ON n CANCELLED AT 2026 ***", "", "it was cancelled"),
        ("", "OSError: [Errno 28] No space left on device", "the disk is full"),
        (
            "WorkflowError:\nAt least one job did not complete successfully.",
            "Traceback (most recent call last):\nValueError: no claim 'H9'",
            "it stopped with an error",
        ),
        ("", "study small: 2 faults\n  1. a.csv: no file", "it stopped with an error"),
        ("srun: nothing of note", "12:00:00 compiled", "its logs do not say why"),
    ],
)
def test_causes(slurm: str, own: str, why: str, tmp_path: Path) -> None:
    logs = [tmp_path / "5.log", tmp_path / "fit.log", tmp_path / "gone.log"]
    logs[0].write_text(slurm + "\n")
    logs[1].write_text(own + "\n")
    found, line = cause(Job("4", logs=[path.name for path in logs]), tmp_path)
    assert found == why
    said = " ".join((slurm + "\n" + own).split())
    assert line in said
    assert line or why == "its logs do not say why"


@pytest.mark.parametrize(
    ("state", "why"),
    [
        ("NODE_FAIL", "its node failed"),
        ("TIMEOUT", "it took longer than runtime"),
        ("OUT_OF_MEMORY", "it needed more memory than mem_mb"),
        ("PREEMPTED", "the cluster took its place away"),
        ("CANCELLED by 0", "it was cancelled"),
    ],
)
def test_the_state_tells_why_where_logs_are_silent(state: str, why: str, tmp_path: Path) -> None:
    (tmp_path / "5.log").write_text("12:00:00 compiled\n")
    said = f"SLURM-job '5' failed, SLURM status is: '{state}'."
    assert cause(Job("4", logs=["5.log"], message=said), tmp_path) == (why, said)


def test_a_job_that_was_not_taken() -> None:
    refused = "SLURM sbatch failed. The error message was 'sbatch: error: invalid partition'"
    assert cause(Job("4", message=refused), Path()) == ("the cluster did not take it", refused)


def test_a_failure_is_told_with_number_and_both_logs(tmp_path: Path) -> None:
    log = (LOG + FAILED).replace("RUN", str(tmp_path))
    for name in ("logs/fit.log", "logs/slurm/fit/s/5.log"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    told = failure_lines(read_run(log).of("failed"), tmp_path)
    assert told == [
        "sample small, growth failed (rule sample_posterior, cluster job 5): "
        "its logs do not say why",
        "    SLURM-job '5' failed, SLURM status is: 'FAILED'.",
        "    log: logs/slurm/fit/s/5.log",
        "    log: logs/fit.log",
    ]


def test_nothing_was_run(tmp_path: Path) -> None:
    assert failures_told(tmp_path) == []


def test_costs_are_summed_by_rule_the_dearest_first(tmp_path: Path) -> None:
    benchmark(tmp_path / "judge" / "small.benchmark.tsv", 4.0)
    benchmark(tmp_path / "sample_posterior" / "small" / "growth.benchmark.tsv", 9.0, 12.0, 700.0)
    benchmark(tmp_path / "sample_posterior" / "small" / "panel.benchmark.tsv", 3.0, 2.0)
    benchmark(tmp_path / "gate.benchmark.tsv", 1.0, "-", "NA")
    assert write_costs(tmp_path).startswith("What is in results took 4 jobs 17 s together, 700 MB")
    assert (tmp_path / "cost.tsv").read_text() == (
        "rule\tjobs\tseconds\tcpu_seconds\tlongest_s\tpeak_mb\n"
        "sample_posterior\t2\t12.0\t14.0\t9.0\t700\n"
        "judge\t1\t4.0\t1.5\t4.0\t300\n"
        "gate\t1\t1.0\t0.0\t1.0\t0\n"
    )
    assert cost_table({}).count("\n") == 1
    assert write_costs(tmp_path / "none") == f"{tmp_path / 'none'} holds no benchmark of a job"


def test_jobs_of_one_study_are_known_by_the_folder_of_their_benchmarks(tmp_path: Path) -> None:
    costs = {"judge": [Cost(4.0, 1, 1), Cost(8.0, 1, 1)], "gate": [Cost(1.0, 1, 1)]}
    assert expected_seconds(["judge_small", "gate", "write_index"], costs) == {
        "judge_small": 6.0,
        "gate": 1.0,
    }
    (tmp_path / "gate.benchmark.tsv").write_text("s\tmax_rss\tcpu_time\n")
    assert job_costs([tmp_path]) == {"gate": []}
    assert expected_seconds(["gate"], job_costs([tmp_path])) == {}


def test_progress_tells_what_is_left(tmp_path: Path) -> None:
    benchmark(tmp_path / "logs" / "sample_posterior" / "a.benchmark.tsv", 60.0)
    run = read_run(LOG.replace("RUN", str(tmp_path)) + FAILED)
    told = list(progress_lines(run, tmp_path, NOON))
    assert told[:4] == [
        "1 of 6 jobs done in 2 min",
        "at least 2 min to go, 1 side by side",
        "not counted, for none has ended yet: judge_small, write_pages_small",
        "at work: sample small, panel, 2 min (cluster job 6, not in the queue)",
    ]
    assert told[4].startswith("sample small, growth failed (rule sample_posterior, cluster job 5)")
    run.done = run.total
    assert next(progress_lines(run, tmp_path, NOON + timedelta(days=1))).endswith("done in 2 min")


def test_durations() -> None:
    assert [duration(s) for s in (4, 89, 120, 5399, 7200)] == [
        *("4 s", "89 s", "2 min", "90 min", "2.0 h"),
    ]


def pretend_squeue(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    path = folder / "bin" / "squeue"
    path.parent.mkdir()
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(path.parent))


def test_leftovers_of_this_folder_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [
        f"7|RUNNING|None|{tmp_path}|rule_sample_posterior_wildcards_small_growth",
        f"8|PENDING|Resources|{tmp_path}|rule_headline",
        f"9|RUNNING|None|{tmp_path}|(null)",
        f"10|RUNNING|None|{tmp_path}/elsewhere|rule_headline",
    ]
    said = "\n".join(f"echo '{row}'" for row in rows)
    pretend_squeue(tmp_path, monkeypatch, said)
    assert [one.number for one in queued(tmp_path)] == ["7", "8"]
    with pytest.raises(InputError) as refused:
        refuse_leftovers(tmp_path)
    assert "or end them with `scancel 7 8`" in str(refused.value)
    assert "Slurm job 7: sample_posterior_wildcards_small_growth (RUNNING)" in str(refused.value)


def test_a_cluster_that_does_not_answer_stops_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pretend_squeue(tmp_path, monkeypatch, "exit 1")
    refuse_leftovers(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert queued(tmp_path) == []
