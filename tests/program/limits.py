"""What programs do where something ends or goes away under them: addresses (ulimit -v), the folder of their run and parts of it, weights
that a resumed run looks for, signals to the programs that endings.py does not stop. Each ends well or with one sentence.

usage: limits.py PROGRAM... (hasse_boundary, hasse_proxyless, hasse_slim and hasse_super_resolution among them)
"""
import hashlib
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile

from pictures import pattern

programs = {path.name: str(path) for path in (pathlib.Path(argument).resolve() for argument in sys.argv[1:])}
folder = pathlib.Path(tempfile.mkdtemp(prefix="hasse_limits_"))
TIME = 100  # seconds that no start may take


def run(command, within=""):
    """`within`: what the shell limits before."""
    words = [*map(str, command)]
    if within:
        words = ["sh", "-c", f'{within}; exec "$0" "$@"', *words]
    return subprocess.run(words, capture_output=True, text=True, cwd=folder, timeout=TIME)


def ran(command):
    done = run(command)
    if done.returncode != 0:
        sys.exit(f"{command} ended with {done.returncode}: {done.stderr}")
    return done


def last_line(text):
    return (text.strip().splitlines() or [""])[-1]


def refused(command, *sentences, longest=1500, within=""):
    done = run(command, within)
    line = last_line(done.stderr)
    if done.returncode != 2 or not all(each in line for each in sentences) or len(line) > longest or re.search("[\x00-\x1f\x7f]", line):
        sys.exit(f"{command} {within} should be refused with {sentences} in at most {longest} letters, and ended with {done.returncode}: {done.stderr[-5000:]}")
    return line


(folder / "pictures").mkdir()
for number in range(8):
    (folder / "pictures" / f"{number}.png").write_bytes(pattern(48, number + 1))
images = ["--data", "synthetic:0.1", "--train-images", 96, "--batch", 32, "--threads", 1]
SLIM = [programs["hasse_slim"], "train", "--net", "[(16),(16),(32)]", "--input", "3x16x16", *images]
PROXYLESS = [programs["hasse_proxyless"], *images, "--warmup-epochs", 1, "--period", 1, "--target-macs", 2]
ENLARGE = [programs["hasse_super_resolution"], "--data", "folder:pictures", "--patch", 24, "--patches", 8, "--batch", 4, "--channels", 8, "--blocks", 1,
           "--size", "16x16", "--at", "0.5,1.0"]
BOUNDARY = [programs["hasse_boundary"], *images, "--trainings", 1]

# Addresses: whatever their limit, a program ends well or says that it had too few. Below the first of these limits its libraries
# cannot be loaded, which takes many more of them where those of a GPU are linked.
ended = {0: 0, 2: 0}
for command, beyond in ((SLIM, range(0, 160, 16)), (PROXYLESS, range(10, 250, 60)), (ENLARGE, range(10, 250, 60)), (BOUNDARY, (10,))):
    loads = next(limit for limit in range(40, 20000, 20) if run([command[0], "--help"], f"ulimit -v {limit << 10}").returncode == 0)
    for limit in (loads + more for more in beyond):
        shutil.rmtree(folder / "addresses", ignore_errors=True)
        done = run([*command, "--epochs", 1, "--run", "addresses"], f"ulimit -v {limit << 10}")
        said = last_line(done.stderr)
        if done.returncode not in ended or (done.returncode == 2 and not re.search(r"ulimit -v|MiB of memory", said)):
            sys.exit(f"{command} with {limit} MB of addresses ended with {done.returncode}: {done.stderr}")
        ended[done.returncode] += 1
if not ended[0] or not ended[2]:
    sys.exit(f"the limits of addresses should let some end and stop others: {ended}")

# Text of an option is shown to its first letters, without what would steer a terminal.
LONG = "A" * 5000 + "\x1b[31m\n"
PATHS = {"--run", "--table", "--weights", "--beside", "--dump"}
INFO = [programs["hasse_info"], "mobilenet_v2"]
echoed = 0
for command in (SLIM, PROXYLESS, ENLARGE, BOUNDARY, INFO, [programs["hasse_tabular"], "--table", "none.json"]):
    subcommand = [command[1]] if command is SLIM else []
    described = run([command[0], *subcommand, "--help"]).stdout
    for option in re.findall(r"(--[a-z-]+) TEXT", described):
        if option not in PATHS:
            begun = [*command, *(["--run", "long"] if "--run TEXT" in described else [])]
            if option in begun or option == "--target":  # given once only, and one target
                at = begun.index(option if option in begun else "--target-macs")
                begun = begun[:at] + begun[at + 2:]
            of_a_task = command is SLIM and option in ("--anchors", "--class-weights", "--scales")
            refused([*begun, option, LONG], f"{option} is of --task" if of_a_task else "AAAAAAAA", longest=1000)
            echoed += 1
refused([INFO[0], LONG], longest=1500)
refused([*SLIM, "--" + LONG], longest=600)
if echoed < 25:
    sys.exit(f"--help names only {echoed} texts")


def weights(name, place="networks"):
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in (folder / name / place).glob("*.safetensors")}


def started(command, text):
    """A process that has said the text of its progress."""
    process = subprocess.Popen([*map(str, command)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, cwd=folder)
    while text not in (line := process.stderr.readline()):
        if not line:
            sys.exit(f"{command} ended with {process.wait()} and without '{text}'")
    return process


# A signal stops these, too, between two steps, and the same command goes on to the same weights.
SEARCH = [*PROXYLESS, "--search-epochs", 6, "--epochs", 6]
PATCHES = [*ENLARGE, "--epochs", 12]
diverging = {"search": ["--warmup-rate", "1e9", "--search-rate", "1e9"], "patches": ["--learning-rate", "1e12"]}
for command, name, texts in ((SEARCH, "search", ("warm-up,", "search,", "training found")), (PATCHES, "patches", ("wdsr: epoch",) * 3)):
    for number, text in zip((signal.SIGINT, signal.SIGTERM, signal.SIGHUP), texts):
        process = started([*command, "--run", name + "_stopped"], text)
        process.send_signal(number)
        problems = process.communicate(timeout=TIME)[1]
        if process.returncode != 128 + number or not problems.endswith(": stopped; the same command goes on\n"):
            sys.exit(f"signal {number} ended {name} with {process.returncode}: {problems}")
        kept = folder / (name + "_stopped") / "checkpoints"
        if number == signal.SIGINT and len([*kept.glob("*.training.safetensors"), *kept.glob("*.search.safetensors")]) != 1:
            sys.exit(f"signal {number} left no checkpoint of {name}")  # later ones may come between two trainings
    # A start that trained nothing of use binds nothing: what its sentence says is done in the same folder.
    refused([*command, *diverging[name], "--run", name], "diverged", "lower the learning rate")
    for run_name in (name + "_stopped", name):
        ran([*command, "--run", run_name])
    if not weights(name) or weights(name) != weights(name + "_stopped"):
        sys.exit(f"{name} that was stopped three times has other weights")

# Weights that are gone when a run is started again are made again, to the same bits.
ran([*SLIM, "--epochs", 2, "--run", "slim"])
SWEEP = [programs["hasse_slim"], "sweep", "--at", "0.5", "--batches", 1, "--alone", "0.25", "--run", "slim"]
ran(SWEEP)
for command, name, place in ((SEARCH, "search", "networks"), (SEARCH, "search", "checkpoints"), (PATCHES, "patches", "networks"),
                             (PATCHES, "patches", "checkpoints"), (SWEEP, "slim", "checkpoints"), ([*SLIM, "--epochs", 2, "--run", "slim"], "slim", "networks")):
    before = weights(name)
    shutil.rmtree(folder / name / place)
    ran([*command, *(["--run", name] if name != "slim" else [])])
    if name == "slim" and place == "networks":
        ran(SWEEP)
    if not before or weights(name) != before:
        sys.exit(f"{name} without its {place} should come to the same weights again")
(folder / "slim/networks/slimmable.safetensors").unlink()
refused(SWEEP, "holds no trained network yet; let the training end first: hasse_slim train --run FOLDER")
ran([*SLIM, "--epochs", 2, "--run", "slim"])
ran(SWEEP)

# The folder of a run, or its checkpoints, may go away while it trains: one sentence that names them, long before the training ends.
# Nothing is made in their place, and the same command begins again.
for command, name, text in (([*SLIM, "--epochs", 20_000], "gone_slim", "epoch"), ([*PROXYLESS, "--search-epochs", 20_000], "gone_search", "search,"),
                            ([*ENLARGE, "--epochs", 20_000], "gone_patches", "epoch"), ([*BOUNDARY, "--epochs", 20_000], "gone_boundary", "epoch")):
    for place in ("checkpoints", "."):
        process = started([*command, "--run", name], text)
        (folder / name / place).resolve().rename(folder / "away")
        problems = process.communicate(timeout=TIME)[1]
        said = last_line(problems)
        if process.returncode != 2 or not re.search(f"{name}/[^ ]*: is gone, .*; put it back and start again", said) or (folder / name / place).exists():
            sys.exit(f"{command} whose {place} went away ended with {process.returncode}: {problems[-1000:]}")
        shutil.rmtree(folder / "away")
        shutil.rmtree(folder / name, ignore_errors=True)

shutil.rmtree(folder)
print(f"addresses: {ended[0]} ended and {ended[2]} said so; {echoed} texts cut; stopped, robbed and abandoned runs go on or say why")
