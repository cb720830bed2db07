"""Drives hasse_detect: a training on drawn scenes, kills that must change nothing, the same numbers when it is judged again, pictures
with boxes, refusals.

usage: detect.py PROGRAM KILLS SEED
"""
import hashlib
import json
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile

from pictures import pattern

program, kills, seed = str(pathlib.Path(sys.argv[1]).resolve()), int(sys.argv[2]), int(sys.argv[3])
draw = random.Random(seed)
folder = pathlib.Path(tempfile.mkdtemp(prefix="hasse_detect_"))
train = ["train", "--data", "scenes:0.2", "--size", "64x64", "--train-images", "96", "--batch", "16", "--epochs", "4", "--threads", "1", "--run"]


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
    if process.returncode != 2 or sentence not in problems[-1]:
        sys.exit(f"{arguments} should be refused with '{sentence}', but ended with {process.returncode}: {problems}")


def changed(option, value, run):
    at = train.index(option) + 1
    return [*train[:at], value, *train[at + 1:], run]


def tables(text):
    """The rows of average precision, split by split."""
    return [line for line in text.splitlines() if line.startswith("  ") and line.split()[0] in ("all", "disc", "square", "triangle", "arrow") and "objects" not in line]


whole = done(*train, "whole")
for needed in ("anchor on at least half", "validation:", "test:", "ms a picture"):
    if needed not in whole:
        sys.exit(f"the training does not say '{needed}': {whole}")
for _ in range(kills):
    process = start(*train, "killed")
    try:
        problems = process.communicate(timeout=draw.uniform(0.3, 2))[1]
        if process.returncode != 0:
            sys.exit(f"a training refused to go on after a kill: {problems}")
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
killed = done(*train, "killed")
weights = [hashlib.sha256((folder / run / "networks/detector.safetensors").read_bytes()).hexdigest() for run in ("whole", "killed")]
if weights[0] != weights[1] or tables(whole) != tables(killed):
    sys.exit("a training that was killed has other weights or numbers")
if "trained before" not in done(*train, "whole"):
    sys.exit("a second start trains again")

# The file says all that is needed to judge it again, wherever the run was.
shutil.move(folder / "whole/networks/detector.safetensors", folder / "alone.safetensors")
again = done("evaluate", "--weights", "alone.safetensors", "--detections", "found.json")
if tables(again) != tables(whole) or len(tables(whole)) != 12:
    sys.exit(f"judged again, the detector has other numbers:\n{whole}\n{again}")
if "other pictures" in again or "other pictures" not in done("evaluate", "--weights", "alone.safetensors", "--data", "scenes:0.9"):
    sys.exit("it is not said whether the pictures are those of the run")
found = json.loads((folder / "found.json").read_text())
if not found or set(found[0]) != {"image_id", "category_id", "bbox", "score"}:
    sys.exit(f"results are not those of COCO: {found[:1]}")

(folder / "pictures").mkdir()
for i in range(2):
    (folder / f"pictures/{i}.png").write_bytes(pattern(60 + 30 * i, i + 1))
out = done("predict", "pictures", "--weights", "alone.safetensors", "--out", "shown", "--score", "0.001")
listed = json.loads((folder / "shown/detections.json").read_text())
if [each["picture"] for each in listed] != ["pictures/0.png", "pictures/1.png"] or "orange: disc" not in out:
    sys.exit(f"what was found is not listed: {listed} {out}")
for each in listed:
    for one in each["objects"]:
        x0, y0, x1, y1 = one["box"]
        if not (0 <= x0 < x1 <= each["width"] and 0 <= y0 < y1 <= each["height"] and one["class"] in ("disc", "square", "triangle", "arrow")):
            sys.exit(f"an object lies outside of its picture: {one}")
if not (folder / "shown/0.png.png").read_bytes().startswith(b"\x89PNG"):
    sys.exit("no picture was drawn")

refused("has no", "evaluate", "--weights", "alone.safetensors", "--data", "voc:nowhere")
refused("recipe", *changed("--epochs", 5, "whole"))
refused("write height x width", "train", "--size", "64", "--run", "none")
refused("there is no backbone", "train", "--net", "nothing", "--run", "none")
refused("give 8, 16 or 32", "train", "--finest", "12", "--run", "none")
refused("leave --width out", "train", "--width", "500", "--run", "none")
refused("fewer than one batch", *changed("--batch", 200, "none"))
refused("cannot be read", "predict", "missing.png", "--weights", "alone.safetensors")
refused("is no", "predict", "alone.safetensors", "--weights", "alone.safetensors")
refused("is a file; name a folder", "predict", "pictures", "--weights", "alone.safetensors", "--out", "found.json")
refused("a scale and a ratio", "train", "--anchors", "9:x", "--run", "none")
(folder / "more").mkdir()
(folder / "more/1.png").write_bytes(pattern(50, 5))
refused("drawn over each other", "predict", "pictures", "more", "--weights", "alone.safetensors", "--out", "both")
(folder / "more/0.jpg").write_bytes(b"no picture"), (folder / "more/notes.txt").write_text("none either")
refused("1 of 2 pictures could not be read, and the others are drawn", "predict", "more", "--weights", "alone.safetensors", "--out", "some")
if not (folder / "some/1.png.png").exists() or len(json.loads((folder / "some/detections.json").read_text())) != 1:
    sys.exit("a picture that cannot be read takes the others along")
(folder / "empty").mkdir()
refused("no pictures in the folders", "predict", "empty", "--weights", "alone.safetensors")
if (folder / "none").exists() and [*(folder / "none").glob("config.json")]:
    sys.exit("a refused start binds its folder")
shutil.rmtree(folder)
print(f"{kills} kills: the same detector, judged and shown again")
