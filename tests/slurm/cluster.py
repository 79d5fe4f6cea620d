"""A real Slurm on one machine: started in a folder of its own, and stopped without a trace.

`python tests/slurm/cluster.py FOLDER` starts one by hand and keeps it until it is interrupted.
"""

import os
import platform
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch")
PACKAGES = ("munge", "slurmctld", "slurmd", "slurm-client")
WAIT = 60.0
# where Slurm's commands look: jobs of Snakemake's plugin lose SLURM_CONF on their way
CONFIGURATION = Path("/etc/slurm/slurm.conf")


def lacking() -> str:
    """Say why no cluster can be started here; empty where one can. Packages are fetched."""
    if os.geteuid() != 0:
        return "Slurm's daemons are started by root"
    if CONFIGURATION.exists():
        return f"this machine has a Slurm of its own: {CONFIGURATION}"
    if all(map(shutil.which, PROGRAMS)):
        return ""
    if shutil.which("apt-get") is None:
        return "Slurm is not installed, and there is no apt-get"
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    fetch = ["apt-get", "install", "-y", "-q", "--no-install-recommends", *PACKAGES]
    for command in (fetch, ["apt-get", "update", "-q"], fetch):
        subprocess.run(command, env=environment, capture_output=True, check=False)
        if all(map(shutil.which, PROGRAMS)):
            return ""
    return f"apt-get does not install {' '.join(PACKAGES)}"


@dataclass
class Cluster:
    """A cluster that runs.

    Parameters
    ----------
    folder : Path
        With its logs and state.
    daemons : dict of str to Popen
        ``munged``, ``slurmctld``, and a slurmd for each node, by the node's name: node1 and on.
    """

    folder: Path
    daemons: dict[str, subprocess.Popen[bytes]]

    def ask(self, *command: str) -> str:
        """Run one of Slurm's commands, and give what it prints."""
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()

    def jobs(self, state: str = "all", form: str = "%i") -> list[str]:
        """Jobs in a state, in a format of squeue."""
        return self.ask("squeue", "--noheader", f"--states={state}", f"--format={form}").split("\n")

    def start(self, daemon: str) -> None:
        """Start a daemon in the foreground, as a child of this process."""
        files = [
            f"--{what}-file={self.folder}/munge.{what}" for what in ("key", "pid", "log", "seed")
        ]
        munge = ["--foreground", "--force", f"--socket={self.folder}/munge.socket", *files]
        commands = {"munged": ["munged", *munge], "slurmctld": ["slurmctld", "-D"]}
        with open(self.folder / f"{daemon}.out", "ab") as log:
            self.daemons[daemon] = subprocess.Popen(
                commands.get(daemon, ["slurmd", "-D", "-N", daemon]),
                stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip

    def kill(self, daemon: str) -> None:
        """Kill a daemon as a crash would."""
        self.daemons[daemon].kill()
        self.daemons[daemon].wait()

    def lose(self, node: str) -> None:
        """Let a node go as in a power cut: its daemon, and every process of its jobs."""
        numbers = self.ask("squeue", "-h", "-t", "running", "-w", node, "-o", "%i").split()
        self.kill(node)
        for number in numbers:
            # what watches over a job goes first: it would still tell that the job has ended
            _kill_where("cmdline", f"slurmstepd: [{number}.")
            _kill_where("environ", f"\0SLURM_JOB_ID={number}\0")

    def idle(self) -> bool:
        """Whether no job waits or runs."""
        return self.jobs("pending,running,completing,suspended") == [""]


def wait_until(true: Callable[[], object], what: str, seconds: float = WAIT) -> None:
    """Wait for something.

    Raises
    ------
    TimeoutError
        It has not come.
    """
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            raise TimeoutError(f"{what}: not within {seconds:.0f} s")
        time.sleep(0.2)


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens at."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


@contextmanager
def running_cluster(cpus: int = 4, memory_mb: int = 12_000, nodes: int = 1) -> Iterator[Cluster]:
    """Start a cluster, and stop it: its jobs, its daemons, its folder.

    Parameters
    ----------
    cpus, memory_mb : int
        What each node offers, whatever the machine has.
    nodes : int
        How many; all are this machine.
    """
    # a short path: that of a socket has at most a hundred characters
    folder = Path(tempfile.mkdtemp(prefix="slurm-", dir="/tmp"))
    folder.chmod(0o755)
    cluster = Cluster(folder, {})
    names = [f"node{number}" for number in range(1, nodes + 1)]
    try:
        _configure(folder, cpus, memory_mb, names)
        cluster.start("munged")
        wait_until((folder / "munge.socket").exists, "munged answers")
        cluster.start("slurmctld")
        wait_until(lambda: "UP" in cluster.ask("scontrol", "ping"), "slurmctld answers")
        for name in names:
            cluster.start(name)
        wait_until(lambda: cluster.ask("sinfo", "-h", "-o", "%T") == "idle", "nodes are idle")
        yield cluster
    finally:
        _stop(cluster)
        CONFIGURATION.unlink()
        shutil.rmtree(folder, ignore_errors=True)


def _configure(folder: Path, cpus: int, memory_mb: int, names: Sequence[str]) -> None:
    host = platform.node().split(".")[0]
    ports = free_ports(1 + len(names))
    nodes = [
        f"NodeName={name} NodeHostname={host} NodeAddr=127.0.0.1 Port={port} "
        f"CPUs={cpus} RealMemory={memory_mb} State=UNKNOWN"
        for name, port in zip(names, ports[1:], strict=True)
    ]
    template = (Path(__file__).parent / "slurm.conf").read_text(encoding="utf-8")
    configured = template.format(
        folder=folder, host=host, controller_port=ports[0], nodes="\n".join(nodes)
    )
    (folder / "slurm.conf").write_text(configured, encoding="utf-8")
    CONFIGURATION.parent.mkdir(parents=True, exist_ok=True)
    # a link, so that what a killed test leaves points nowhere and is in nobody's way
    CONFIGURATION.unlink(missing_ok=True)
    CONFIGURATION.symlink_to(folder / "slurm.conf")
    for name in ("controller", *names):
        (folder / name).mkdir()
    (folder / "munge.key").write_bytes(os.urandom(128))
    (folder / "munge.key").chmod(0o400)


def _kill_where(file: str, text: str) -> None:
    """Kill processes that have a text in one of their files under /proc."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if text.encode() in (folder / file).read_bytes():
                os.kill(int(folder.name), signal.SIGKILL)
        except OSError:  # it has ended
            continue


def _stop(cluster: Cluster) -> None:
    """End jobs, whose processes would outlive the daemons, then these."""
    controller = cluster.daemons.get("slurmctld")
    if controller and controller.poll() is None:
        cluster.ask("scancel", "--user=root", "--full", "--signal=KILL")
        cluster.ask("scancel", "--user=root")
        wait_until(cluster.idle, "jobs have ended")
        # without cgroups a process whose parent was killed first gets away
        for number in cluster.jobs("all"):
            _kill_where("environ", f"\0SLURM_JOB_ID={number}\0")
    for daemon in reversed(cluster.daemons.values()):
        daemon.terminate()
        daemon.wait(WAIT)


if __name__ == "__main__":
    if why := lacking():
        sys.exit(why)
    with running_cluster() as started:
        print(f"running in {started.folder}", flush=True)
        try:
            started.daemons["slurmctld"].wait()
        except KeyboardInterrupt:
            print("stopping")
