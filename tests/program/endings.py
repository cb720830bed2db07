"""How programs end: numbers that are none, output that cannot be written, signals, trainings that all diverge.

usage: endings.py PROGRAM... (hasse_boundary and hasse_slim among them)
"""
import hashlib
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

programs = {path.name: str(path) for path in (pathlib.Path(argument).resolve() for argument in sys.argv[1:])}
folder = pathlib.Path(tempfile.mkdtemp(prefix="hasse_endings_"))


def run(command, **how):
    return subprocess.run([*map(str, command)], stderr=subprocess.PIPE, text=True, cwd=folder, **{"stdout": subprocess.PIPE, **how})


def refused(command, sentence, **how):
    done = run(command, **how)
    if done.returncode != 2 or sentence not in done.stderr.strip().splitlines()[-1]:
        sys.exit(f"{command} should end with '{sentence}' and exit code 2, not with {done.returncode}: {done.stderr}")


# Every option that is a number, by what --help says, takes nothing else. And one word is for one thing: an option that several programs have takes
# the same sort of value in all of them, and what has a word has no other.
OTHER_WORDS = {"--budget": "--target", "--distillation": "--distil", "--no-distillation": "--no-distil", "--latency-table": "--table", "--classes-names": "--class-names"}
tried, sorts = 0, {"--seed": None, "--width": None}  # of evaluate: as the file says; of detectors in thousandths
for name, program in programs.items():
    subcommands = {"hasse_slim": ("train", "calibrate", "sweep", "slim", "export"), "hasse_detect": ("train", "search", "evaluate", "predict"), "hasse_segment": ("train", "search", "evaluate", "predict")}.get(name)
    subcommands = [[each] for each in subcommands] if subcommands else [[]]
    for subcommand in subcommands:
        described = run([program, *subcommand, "--help"]).stdout
        for names, sort in re.findall(r"^ +(?:-h,)?(--[a-z,-]+)(?: U?(INT|FLOAT|TEXT))?", described, re.M):
            for option in names.split(","):
                if option in OTHER_WORDS:
                    sys.exit(f"{name} {' '.join(subcommand)} has {option}, which is called {OTHER_WORDS[option]} elsewhere")
                where = f"{name} {' '.join(subcommand)}".strip()
                if sorts.setdefault(option, (sort, where)) and sorts[option][0] != sort:
                    sys.exit(f"{option} of {where} is {sort or 'a flag'}, and of {sorts[option][1]} {sorts[option][0] or 'a flag'}: one word for one thing")
        for option in ("--target", "--target-latency", "--budget"):  # what a network may cost is said with its unit
            if f"{option} TEXT" in described and "0.25ms" not in described and "0.4ms" not in described:
                sys.exit(f"{name} does not say the units of {option}")
        options = re.findall(r"(--[a-z-]+) (?:INT|UINT|FLOAT)\b", described)
        for option in options:
            for value in ("nan", ("-inf", "0x10", "-2")[tried // 2 % 3]):  # one validator reads them all
                refused([program, *subcommand, f"{option}={value}"], option)
                tried += 1
    with open("/dev/full", "w") as full:
        refused([program, "--help"], "cannot be written (No space left on device); free space", stdout=full)
    done = subprocess.run(["sh", "-c", '"$0" --help >&-', program], stderr=subprocess.PIPE, text=True, cwd=folder)
    if done.returncode != 2 or "standard output is closed" not in done.stderr:
        sys.exit(f"{name} with a closed output ended with {done.returncode}: {done.stderr}")
if tried < 50:
    sys.exit(f"--help names only {tried // 2} numbers")

boundary, slim = programs["hasse_boundary"], programs["hasse_slim"]
refused([boundary, "--run", ""], "--run: it is empty; name a folder")
search = [boundary, "--data", "synthetic:0.1", "--train-images", 64, "--batch", 32, "--epochs", 1, "--trainings", 2]
with open("/dev/full", "w") as full:
    refused([*search, "--run", "full"], "what this program prints cannot be written", stdout=full)

# A signal stops a training between two steps, and the same command goes on to the same weights.
train = [slim, "train", "--net", "[(16),(16),(32)]", "--input", "3x16x16", "--data", "synthetic:0.1", "--train-images", 640, "--epochs", 8,
         "--threads", 1, "--run"]
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    process = subprocess.Popen([*map(str, train), "stopped"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, cwd=folder)
    while "training " not in process.stderr.readline():
        pass
    process.send_signal(number)
    problems = process.communicate()[1]
    if process.returncode != 128 + number or not problems.endswith("hasse_slim: stopped; the same command goes on\n"):
        sys.exit(f"signal {number} ended with {process.returncode}: {problems}")
    if len([*(folder / "stopped/checkpoints").glob("*.training.safetensors")]) != 1:
        sys.exit(f"signal {number} left no checkpoint")
for name in ("stopped", "whole"):
    if run([*train, name]).returncode != 0:
        sys.exit(f"the run {name} does not end")
one, other = (hashlib.sha256((folder / name / "networks/slimmable.safetensors").read_bytes()).hexdigest() for name in ("stopped", "whole"))
if one != other:
    sys.exit("a training that was stopped three times has other weights")
process = subprocess.Popen([*map(str, search), "--run", "twice"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, cwd=folder)
time.sleep(1)
process.send_signal(signal.SIGTERM), time.sleep(0.01), process.send_signal(signal.SIGTERM)
process.communicate()
if process.returncode not in (-signal.SIGTERM, 128 + signal.SIGTERM):
    sys.exit(f"a second signal ended with {process.returncode}")

# Nothing to hand over is no success, and the remedy works.
refused([*search, "--run", "other", "--learning-rate", "1e9"], "all 2 trainings diverged, so that there is no network to hand over; lower --learning-rate (1e+09)")
other = [*search, "--run", "other", "--learning-rate", "0.05"]
if run(other).returncode != 0:
    sys.exit("a lower learning rate in the same folder should end")
refused([*train[:-1], "--learning-rate", "1e9", "--run", "slim_diverged"], "diverged: the loss became ")
if run([*train, "slim_diverged"]).returncode != 0:
    sys.exit("a lower learning rate in the same folder should end")

# Weights that are gone are trained again, to the same bits; so are they where the whole folder of them was removed.
def weights():
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in (folder / "other/networks").glob("*.safetensors")}


before = weights()
shutil.rmtree(folder / "other/checkpoints")
done = run(other)
if done.returncode != 0 or "again, whose weights are gone" not in done.stderr or not before or weights() != before:
    sys.exit(f"weights that are gone should be trained again to the same bits: {done.stderr}")

# Trainings that latencies asked for keep to these; both ways on that the refusals name work.
table, kept = folder / "other/latency.json", folder / "latency.json"
table.rename(kept)
refused(other, "is missing, and its latencies decided what this run has trained; give that table back, or start in another folder (--run)")
if run([*other[:-3], "anew", *other[-2:]]).returncode != 0:
    sys.exit("another folder should end with latencies of its own")
shutil.copy(folder / "anew/latency.json", table)
refused(other, "start with the settings and the costs that it was begun with, or choose another folder")
kept.rename(table)
if run(other).returncode != 0 or weights() != before:
    sys.exit("a search should go on when its table is back")

# No descriptors left: a sentence of ours.
for limit in (5, 6):
    done = run(["sh", "-c", f'ulimit -n {limit}; exec "$0" "$@"', *other])
    if done.returncode != 2 or "Too many open files" not in done.stderr or "filesystem error" in done.stderr:
        sys.exit(f"{limit} descriptors ended with {done.returncode}: {done.stderr}")

shutil.rmtree(folder)
print(f"{tried} numbers refused; three signals, one weights file; outputs and divergence are told")
