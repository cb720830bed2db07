"""Asks every program for devices that it cannot have: one sentence and exit code 2, nothing left behind; and for the processor by
its name, which gives what no name gives.

usage: devices.py PROGRAM...
"""
import hashlib
import pathlib
import shutil
import subprocess
import sys
import tempfile

programs = {path.name: str(path) for path in (pathlib.Path(argument).resolve() for argument in sys.argv[1:])}
folder = pathlib.Path(tempfile.mkdtemp(prefix="hasse_devices_"))

# What each of them must be told besides, and the options that name a device.
TOLD = {
    "hasse_boundary": (["--run", "run"], ["--device", "--train-on"]),
    "hasse_proxyless": (["--run", "run"], ["--device", "--train-on"]),
    "hasse_slim train": (["--run", "run"], ["--device", "--train-on"]),
    "hasse_slim sweep": (["--run", "run"], ["--device"]),
    "hasse_slim slim": (["--run", "run", "--target", "1M"], ["--device"]),
    "hasse_super_resolution": (["--run", "run", "--data", "folder:."], ["--device", "--train-on"]),
    "hasse_evaluate": (["--weights", "none.safetensors"], ["--device"]),
    "08_own_program": (["--run", "run"], ["--device", "--train-on"]),
    "02_boundary": ([], ["--device"]),
    "03_network": ([], ["--device"]),
    "05_latency": ([], ["--device"]),
    "09_slimmable": ([], ["--device"]),
    "10_gates": ([], ["--device"]),
}
WRONG = {"gpu": 'there is no device "gpu"; write cpu, cuda', "cuda:x": 'there is no device "cuda:x"; write cpu, cuda'}
WITHOUT = ("no CUDA device answers", "this program was built without it")


def run(command, *arguments):
    return subprocess.run([*command, *map(str, arguments)], capture_output=True, text=True, cwd=folder)


has_gpu = run([programs["03_network"], "--device", "cuda"]).returncode == 0
asked = 0
for name, (told, options) in TOLD.items():
    program, *subcommand = name.split()
    command = [programs[program], *subcommand, *told]
    for option in options:
        for device, sentences in [("gpu", (WRONG["gpu"],)), ("cuda:x", (WRONG["cuda:x"],)), ("cuda", WITHOUT)]:
            if device == "cuda" and has_gpu:
                continue
            done = run(command, option, device)
            lines = done.stderr.strip().splitlines()
            asked += 1
            if done.returncode != 2 or len(lines) != 1 or not any(sentence in lines[0] for sentence in sentences):
                sys.exit(f"{name} {option} {device} should end with one sentence and exit code 2, not with {done.returncode}: {done.stderr}")
    if any(path.is_file() for path in folder.rglob("*")):
        sys.exit(f"{name} was refused and left {[*folder.rglob('*')]}")

# A command whose answers do not grow with the network, or that cannot be run, is refused before anything is trained.
for name in ("hasse_boundary", "hasse_proxyless", "hasse_slim train", "hasse_slim sweep", "hasse_slim slim"):
    program, *subcommand = name.split()
    for line, sentence in [("echo 1; : {onnx}", "does not grow with the network"), ("no_such_program {onnx}", "none of the first 3 networks could be timed|could not be timed")]:
        done = run([programs[program], *subcommand, *TOLD[name][0], *(["--target-macs", "1"] if program == "hasse_proxyless" else [])], "--device", f"command:{line}")
        lines = done.stderr.strip().splitlines()
        asked += 1
        if done.returncode != 2 or not lines or not any(words in lines[-1] for words in sentence.split("|")):  # behind how far the work was
            sys.exit(f"{name} with the command {line} should end with one sentence and exit code 2, not with {done.returncode}: {done.stdout[-300:]}{done.stderr}")
    left = [path for path in folder.rglob("*") if path.is_file() and path.name != "lock"]
    if left:
        sys.exit(f"{name} was refused and left {left}")

# The processor by its name is the processor.
settings = ["train", "--net", "[(16),(16),(32)]", "--input", "3x16x16", "--data", "synthetic:0.1", "--train-images", 128, "--epochs", 2,
            "--threads", 1, "--widths", "0.5..1.0"]
made = []
for number, device in enumerate(([], ["--device", "cpu"], ["--device", "cpu", "--train-on", "cpu"])):
    done = run([programs["hasse_slim"], *map(str, settings)], *device, "--run", f"run{number}")
    if done.returncode != 0:
        sys.exit(f"hasse_slim {device} failed: {done.stderr}")
    made.append([hashlib.sha256((folder / f"run{number}" / file).read_bytes()).hexdigest()
                 for file in ("config.json", "networks/slimmable.safetensors")])
if made != 3 * [made[0]]:
    sys.exit(f"the processor by its name gives other files: {made} in {folder}")
if run([programs["03_network"]]).stdout != run([programs["03_network"], "--device", "cpu"]).stdout:
    sys.exit("03_network says something else with --device cpu")

shutil.rmtree(folder)
print(f"{asked} devices refused, {'with' if has_gpu else 'without'} a GPU; the processor by its name gives the same files")
