"""Drives hasse_proxyless: a search to the end, kills at random instants that must change nothing, refusals.

usage: proxyless.py PROGRAM KILLS SEED
"""
import hashlib
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile

program, kills, seed = str(pathlib.Path(sys.argv[1]).resolve()), int(sys.argv[2]), int(sys.argv[3])
draw = random.Random(seed)
folder = pathlib.Path(tempfile.mkdtemp(prefix="hasse_proxyless_"))
settings = ["--data", "synthetic:0.1", "--train-images", "256", "--batch", "32", "--warmup-epochs", "1", "--search-epochs", "3", "--period", "2",
            "--epochs", "2", "--threads", "1", "--gate-rate", "0.1"]
landed = 0


def start(*arguments):
    return subprocess.Popen([program, *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=folder)


def done(*arguments):
    process = start(*arguments)
    out, problems = process.communicate()
    if process.returncode != 0:
        sys.exit(f"{arguments} failed: {problems}")
    return out


def refused(sentence, *arguments):
    process = start(*arguments)
    problems = process.communicate()[1].strip().splitlines()
    if process.returncode != 2 or not problems or sentence not in problems[-1]:
        sys.exit(f"{arguments} should be refused with '{sentence}', but ended with {process.returncode}: {problems}")


def found(run):
    """The choice, and the weights that were trained for it."""
    weights = folder / run / "networks/found.safetensors"
    return hashlib.sha256(weights.read_bytes()).hexdigest()


said = done(*settings, "--target", "2M", "--run", "whole")
for words in ("found: ", "ms measured whole", "6 searched blocks", "4^3 5^3 = 8000"):
    if words not in said:
        sys.exit(f"'{words}' is missing in {said}")
for name in ("found.onnx", "found.hpp", "found.safetensors"):
    if not (folder / "whole/networks" / name).exists():
        sys.exit(f"{name} is missing")

for _ in range(kills):
    process = start(*settings, "--target", "2M", "--run", "killed")
    try:
        problems = process.communicate(timeout=draw.uniform(0.1, 6))[1]
        if process.returncode != 0:
            sys.exit(f"refused to go on after a kill: {problems}")
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        landed += 1
done(*settings, "--target", "2M", "--run", "killed")
if found("killed") != found("whole"):
    sys.exit("a search that was killed found other weights")
done(*settings, "--target", "2M", "--run", "killed")
if found("killed") != found("whole"):
    sys.exit("a second start of a finished run changed it")

refused("this start has", *settings, "--target", "3M", "--run", "whole")
refused("cannot be read", *settings, "--target", "fast", "--run", "other")
refused("choose a target in between", *settings, "--target", "50M", "--run", "other")
refused("is not known", *settings, "--method", "luck", "--run", "other2")
refused("is not known", *settings, "--loss", "none", "--run", "other3")
refused("proxyless-cifar", *settings, "--space", "nowhere", "--run", "other4")
shutil.rmtree(folder)
print(f"{landed} of {kills} kills landed; weights equal")
