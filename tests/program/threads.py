"""Starts every program under what batch systems, shells and containers leave in the environment: OMP_THREAD_LIMIT below --threads,
OMP_DYNAMIC, nonsense in OMP_NUM_THREADS, a pinned process. None may hang, the same --threads give the same weights, and whoever
cannot have its threads says so in a sentence whose remedy works.

usage: threads.py PROGRAM...
"""
import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

from pictures import pattern

programs = {path.name: str(path) for path in (pathlib.Path(argument).resolve() for argument in sys.argv[1:])}
folder = pathlib.Path(tempfile.mkdtemp(prefix="hasse_threads_"))
TIME = 100  # seconds that no start may take; a barrier that waits for threads that never come waits for ever


def run(command, *arguments, bound=None, **environment):
    words = [*command, *map(str, arguments)]
    try:
        return subprocess.run(words, capture_output=True, text=True, cwd=folder, timeout=TIME, env={**os.environ, **environment},
                              preexec_fn=(lambda: os.sched_setaffinity(0, bound)) if bound else None)
    except subprocess.TimeoutExpired:
        sys.exit(f"{words} hangs with {environment}")


def refused(sentences, command, *arguments, **environment):
    done = run(command, *arguments, **environment)
    line = (done.stderr.strip().splitlines() or [""])[-1]
    if done.returncode != 2 or any(sentence not in line for sentence in sentences):
        sys.exit(f"{command} {arguments} {environment} should be refused with {sentences}, but ended with {done.returncode}: {done.stderr}")


def ran(command, *arguments, **how):
    done = run(command, *arguments, **how)
    if done.returncode != 0:
        sys.exit(f"{command} {arguments} {how} ended with {done.returncode}: {done.stderr}")
    return done.stdout


(folder / "pictures").mkdir()
for number in range(8):
    (folder / "pictures" / f"{number}.png").write_bytes(pattern(48, number + 1))
images = ["--data", "synthetic:0.1", "--train-images", 96, "--batch", 32, "--epochs", 1]
# The least that each of them does, and the options that count threads.
LEAST = {
    "hasse_slim train": (["--net", "[(16),(16),(32)]", "--input", "3x16x16", *images], ["--threads"]),
    "hasse_boundary": ([*images, "--trainings", 1], ["--threads", "--device-threads"]),
    "hasse_proxyless": ([*images, "--warmup-epochs", 1, "--search-epochs", 2, "--period", 1, "--target-macs", 2], ["--threads", "--device-threads"]),
    "hasse_super_resolution": (["--data", "folder:pictures", "--patch", 24, "--patches", 4, "--batch", 4, "--epochs", 1, "--channels", 8, "--blocks", 1,
                                "--size", "16x16"], ["--threads"]),
    "hasse_evaluate": (["--weights", "none.safetensors"], ["--threads"]),
}
SETTINGS = {name: ([programs[name.split()[0]], *name.split()[1:]], *told) for name, told in LEAST.items()}

# More threads than can be had are refused before anything is written.
for name, (command, least, options) in SETTINGS.items():
    for option in options:
        folder_of = ["--run", "refused"] if "evaluate" not in name else []
        refused([f"{option}: 1000 threads were asked for on a machine of "], command, *least, *folder_of, option, 1000)
        refused([f"{option}: 0 threads"], command, *least, *folder_of, option, 0)
        refused([f"{option}: 2 threads were asked for and OpenMP gives 1 (OMP_THREAD_LIMIT is 1); ask for 1"], command, *least, *folder_of,
                option, 2, OMP_THREAD_LIMIT="1")
    if (folder / "refused").exists():
        sys.exit(f"{name} was refused and left {[*(folder / 'refused').rglob('*')]}")

# Where no number is given, it is one that can be had, and every program goes to its end with it.
for name, (command, least, options) in SETTINGS.items():
    if "evaluate" not in name:
        limited = name.split("_")[1].split()[0]
        said = ran(command, *least, "--run", limited, OMP_THREAD_LIMIT="1", OMP_DYNAMIC="true", OMP_NUM_THREADS="nonsense")
        if json.loads((folder / limited / "config.json").read_text())["threads"] != 1:
            sys.exit(f"{name} says that it has more threads than OpenMP gives")
        if os.cpu_count() > 1 and "threads: 1; OMP_THREAD_LIMIT is 1" not in said:
            sys.exit(f"{name} does not say why it has one thread: {said}")
for example in ("02_boundary", "03_network", "05_latency", "09_slimmable", "10_gates"):
    ran([programs[example]], OMP_THREAD_LIMIT="1", OMP_DYNAMIC="true")

# The same threads, whatever the environment says, give the same weights. The remedy of the refusal gives those of one thread.
command, least, _ = SETTINGS["hasse_slim train"]
def weights(name, threads, **how):
    ran(command, *least, "--run", name, "--threads", threads, **how)
    return hashlib.sha256((folder / name / "networks/slimmable.safetensors").read_bytes()).hexdigest()


plain = weights("plain", 2)
for name, environment in {"dynamic": {"OMP_DYNAMIC": "true"}, "one": {"OMP_NUM_THREADS": "1"}, "nonsense": {"OMP_NUM_THREADS": "abc"},
                          "zero": {"OMP_NUM_THREADS": "0"}, "list": {"OMP_NUM_THREADS": "2,1", "OMP_NESTED": "true"},
                          "huge": {"OMP_NUM_THREADS": "100000"}, "bound": {"OMP_PROC_BIND": "true", "OMP_PLACES": "cores"}}.items():
    if weights(name, 2, **environment) != plain:
        sys.exit(f"{environment} gives other weights in {folder}")
if weights("pinned", 2, bound=[min(os.sched_getaffinity(0))]) != plain:
    sys.exit(f"a process on one processor gives other weights in {folder}")
if weights("remedy", 1, OMP_THREAD_LIMIT="1") != weights("alone", 1):
    sys.exit(f"one thread gives other weights where OpenMP gives one, in {folder}")
refused(["2 threads were asked for and OpenMP gives 1 (OMP_MAX_ACTIVE_LEVELS is 0)"], command, *least, "--run", "flat", "--threads", 2,
        OMP_MAX_ACTIVE_LEVELS="0")

shutil.rmtree(folder)
print(f"{len(SETTINGS)} programs under the limits of OpenMP; two threads give the same weights under nine environments")
