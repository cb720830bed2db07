"""Drives hasse_slim: every subcommand on drawn images, kills at random instants that must change nothing, refusals.

usage: slim.py PROGRAM KILLS SEED HASSE_EVALUATE HASSE_DETECT HASSE_SEGMENT
"""
import hashlib
import json
import pathlib
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time

from driven import Driven, changed
from judged import same_as_reported
from pictures import png

kills, seed = int(sys.argv[2]), int(sys.argv[3])
evaluate = str(pathlib.Path(sys.argv[4]).resolve())
draw = random.Random(seed)
folder = pathlib.Path(tempfile.mkdtemp(prefix="hasse_slim_"))
driven = Driven(sys.argv[1], folder)
done, refused = driven.done, driven.refused
net = "[(16),(16),(32)]"
settings = ["--net", net, "--input", "3x16x16", "--data", "synthetic:0.1", "--train-images", "256", "--epochs", "6", "--threads", "1"]
begin = time.time()


def networks(run, page):
    """What was judged, without what is measured."""
    return [(n["name"], n["weights"], n["width"], n["configuration"], n["accuracy"], n["test_accuracy"], n["macs"])
            for n in json.loads((folder / run / page).read_text())["networks"]]


def same(what, left, right):
    if left != right:
        sys.exit(f"the {what} differs after {kills} kills (files are kept in {folder}):\n{left}\n{right}")


# Trained, calibrated, compared, slimmed: undisturbed in one folder, with kills in another.
training = ["train", *settings, "--widths", "0.25..1.25", "--per-group"]
sweep = ["sweep", "--at", "0.25,0.5", "0.5 1=8", "1.25", "--alone", "0.5", "--batches", 2]
slim = ["slim", "--target", "600K,400K", "--images", 200, "--retrain", 2, "--beside-uniform"]
seconds = {}
for command in (training, sweep, slim):
    at = time.time()
    done(*command, "--run", "whole")
    seconds[command[0]] = time.time() - at
for command in (training, sweep, slim):
    driven.killed(kills, lambda: draw.uniform(0.02, 0.7 * seconds[command[0]]), *command, "--run", "killed")
same("slimmable network", *(hashlib.sha256((folder / run / "networks/slimmable.safetensors").read_bytes()).hexdigest()
                            for run in ("whole", "killed")))
same("sweep", networks("whole", "sweep.json"), networks("killed", "sweep.json"))
same("slimmed network", networks("whole", "slim.json"), networks("killed", "slim.json"))
whole, again = (json.loads((folder / run / "slim.json").read_text()) for run in ("whole", "killed"))
same("trace", whole["trace"], again["trace"])
if len(whole["goals"]) != 2 or [n["weights"] for n in whole["networks"]].count("slimmed") != 2:
    sys.exit(f"two budgets should give two networks: {whole['goals']}")
if driven.landed == 0:
    sys.exit("no kill came before the work was done, so that nothing was compared")
torn = [p for p in (folder / "killed").rglob("*.part*")] + [*(folder / "killed/checkpoints").iterdir()]
if torn:
    sys.exit(f"kills left files behind: {torn}")

# A finished command has nothing to do and says the same again.
for command in (sweep, slim):
    before = networks("whole", command[0] + ".json")
    done(*command, "--run", "whole")
    after = networks("whole", command[0] + ".json")  # the sweep now also shows what was slimmed
    same("second start", before, [each for each in after if each in before])
if "2 of them asked for" not in done("calibrate", "--at", "0.37", "0.61", "--batches", 2, "--run", "whole"):
    sys.exit("calibrate does not say what it did")

# What is handed over.
out = done("export", "--at", "0.37", "--dump", folder / "answers", "--run", "whole")
name = f"df-small:{net}@0.37"
for ending in (".onnx", ".batch.onnx", ".safetensors", ".hpp"):
    if not (folder / "whole/networks" / (name + ending)).exists():
        sys.exit(f"export left no {name}{ending}: {out}")
if not (folder / "answers" / name / "logits.npy").exists():
    sys.exit("export left no answers")
if len([p for p in (folder / "whole/networks").glob("*+2.hpp")]) != 2:
    sys.exit("slim left no headers of what it found")

reported = 0
for network in json.loads((folder / "whole/slim.json").read_text())["networks"]:
    weights = folder / "whole/networks" / (network["name"] + ".safetensors")
    if weights.exists():
        same_as_reported(evaluate, weights, network["accuracy"], network["test_accuracy"])
        reported += 1
if reported < 3:
    sys.exit(f"hasse_evaluate should read what was trained alone and what was slimmed, but only {reported} networks are there")

# The other kinds of budget, and what was slimmed without training it again or trained jointly.
done("slim", "--target", "20KB", "--images", 100, "--batches", 2, "--run", "whole")
done("slim", "--target", "600K,400K", "--images", 200, "--retrain", 1, "--jointly", "--run", "whole")
done("slim", "--target", "1000ms", "--images", 100, "--batches", 2, "--run", "whole")

# Latencies of another number of threads: refused, and what the refusal says to do gives what is asked for.
refused("was measured elsewhere", "sweep", "--at", "0.25", "--batches", 2, "--device-threads", "2", "--run", "killed")
(folder / "killed/latency.json").unlink()
done("sweep", "--at", "0.25", "--batches", 2, "--device-threads", "2", "--run", "killed")
measured = json.loads((folder / "killed/latency.json").read_text())
shown = json.loads((folder / "killed/sweep.json").read_text())["networks"]
if [n["width"] for n in shown] != [0.25] or shown[0]["milliseconds"] not in [n["whole_ns"] / 1e6 for n in measured["networks"]]:
    sys.exit(f"a table of two threads should have its own latencies, not {shown} of {measured['networks']}")

# A run and its images may be at another place, and it may be asked from anywhere; other images are refused.
for label in ("cat", "dog"):
    (folder / "here/pets" / label).mkdir(parents=True)
    for i in range(20):
        (folder / "here/pets" / label / f"{i}.png").write_bytes(png(16, lambda x, y: 37 * i + 11 * y + x))
pets = ["train", "--net", net, "--input", "3x16x16", "--epochs", 1, "--threads", 1, "--run", "pets"]
refused("give a smaller --batch", *pets, "--data", "folder:here/pets")
refused("--crop-padding 0 up to", *pets, "--batch", 2, "--crop-padding", 17, "--data", "folder:here/pets")
done(*pets, "--batch", 2, "--data", "folder:here/pets")  # the refusal bound nothing
process = subprocess.run([driven.program, "export", "--at", "0.5", "--run", folder / "pets"], capture_output=True, text=True, cwd="/")
if process.returncode != 0:
    sys.exit(f"a run should be found from another directory: {process.stderr}")
(folder / "here").rename(folder / "moved")
done("export", "--at", "0.5", "--data", "folder:moved/pets", "--run", "pets")
done("export", "--at", "0.5", "--run", "pets")  # it knows the new place now
done(*pets, "--batch", 2, "--data", "folder:moved/pets")
(folder / "moved/pets/cat/0.png").write_bytes((folder / "moved/pets/dog/1.png").read_bytes())
refused("was begun with other images", "export", "--at", "0.5", "--run", "pets")

# Predefined widths bring their statistics along.
done("train", *settings, "--widths", "0.5,1", "--run", "predefined")
done("sweep", "--run", "predefined")
if [n["width"] for n in json.loads((folder / "predefined/sweep.json").read_text())["networks"]] != [0.5, 1.0]:
    sys.exit("a sweep of predefined widths should show those")
refused("needs a network that was trained at every width", "slim", "--target", "1M", "--run", "predefined")

# Pictures with boxes and with masks: what a sweep says of a width, the program that knows such networks says, too.
for task, net, said, reader in (("detection", "det-micro", r"all classes +[\d.]+ +([\d.]+)", sys.argv[5]), ("segmentation", "df_lite_seg", r"mIoU ([\d.]+) %", sys.argv[6])):
    done("train", "--task", task, "--input", "3x64x64", "--train-images", 48, "--epochs", 2, "--batch", 16, "--passes", 2, "--threads", 1, "--run", task)
    calibration = ["--at", "0.5", "--batches", 1, "--batch", 16]
    done("sweep", *calibration, "--run", task)
    done("export", *calibration, "--run", task)
    shown = json.loads((folder / task / "sweep.json").read_text())["networks"][0]
    weights = folder / task / "networks" / (net + "@0.5.safetensors")
    judged = subprocess.run([pathlib.Path(reader).resolve(), "evaluate", "--weights", weights], capture_output=True, text=True)
    found = re.findall(said, judged.stdout)
    found = found[::max(1, len(found) // 2)]  # one a split: recall stands below precision
    wanted = [f"{100 * shown[key]:.1f}" for key in ("score", "test_score")]
    if judged.returncode != 0 or found != wanted:
        sys.exit(f"{task} at width 0.5 should be judged {wanted}, not {found}: {judged.stderr}")
done("slim", "--target", "12M", "--images", 16, "--bins", 2, "--batches", 1, "--batch", 16, "--run", "segmentation")
if not any(each["weights"] == "slimmed" for each in json.loads((folder / "segmentation/slim.json").read_text())["networks"]):
    sys.exit("a slimmed segmentation network should be shown")
refused("is none that this program slims networks for", "train", "--task", "chess", "--run", "new")
refused("--class-weights is of --task segmentation", "train", "--task", "detection", "--class-weights", "log", "--run", "new")
refused("--label-smoothing is of --task classification", "train", "--task", "detection", "--label-smoothing", "0.1", "--run", "new")
refused("give a size of multiples of 32", "train", "--task", "segmentation", "--input", "3x60x64", "--run", "new")
refused("leave --pixels out", "export", *calibration, "--pixels", "float", "--run", "detection")
refused("leave it out", "export", *calibration, "--dump", "here", "--run", "segmentation")

# One sentence and exit code 2.
refused("this network has widths above 0 and up to 1.25", "calibrate", "--at", "1.3", "--run", "whole")
refused("there is no channel group 99", "calibrate", "--at", "0.5 99=8", "--run", "whole")
refused("give one count per group", "calibrate", "--at", "8,8", "--run", "whole")
refused("is no width", "sweep", "--at", "half", "--run", "whole")
refused("but the smallest configuration", "slim", "--target", "1K", "--run", "whole")
refused("cannot be read", "slim", "--target", "1", "--run", "whole")
refused("is no run of hasse_slim", "sweep", "--run", "nowhere")
refused("was measured elsewhere", "sweep", "--device-threads", "2", "--run", "whole")
refused("A subcommand is required")
refused("was begun with net", *changed(training, "--net", "resnet20"), "--run", "whole")
refused("was begun with other images", *changed(training, "--data", "synthetic:0.9"), "--run", "whole")
refused("the widths \"1.0..0.5\" go down", "train", *settings, "--widths", "1.0..0.5", "--run", "new")
refused("give a range such as", "train", *settings, "--widths", "0.5,1", "--per-group", "--run", "new")
refused("there is no network", *changed(training, "--net", "resnet1"), "--run", "new")
shutil.copytree(folder / "whole", folder / "foreign")
shutil.copy(folder / "predefined/networks/slimmable.safetensors", folder / "foreign/networks/slimmable.safetensors")
refused("holds \"df-small:", "sweep", "--run", "foreign")
file = folder / "foreign/networks/slimmable.safetensors"
content = bytearray((folder / "whole/networks/slimmable.safetensors").read_bytes())
content[-1] ^= 1
file.write_bytes(content)
refused("remove it and train the network again", "sweep", "--run", "foreign")
file.unlink()
refused("holds no trained network yet", "sweep", "--run", "foreign")

shutil.rmtree(folder)
print(f"{driven.landed} kills: {len(whole['trace']) - 1} removals, {len(whole['networks'])} networks, all equal; {time.time() - begin:.0f} s")
