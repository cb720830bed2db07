"""Drives hasse_detect: a training on drawn scenes, kills that must change nothing, the same numbers when it is judged again and as COCO counts, pictures
with boxes, searches by each method, refusals.

usage: detect.py PROGRAM KILLS SEED
"""
import hashlib
import json
import pathlib
import random
import shutil
import sys
import tempfile

import coco_numbers
from driven import Driven, changed
from pictures import pattern

kills, seed = int(sys.argv[2]), int(sys.argv[3])
draw = random.Random(seed)
folder = pathlib.Path(tempfile.mkdtemp(prefix="hasse_detect_"))
driven = Driven(sys.argv[1], folder)
done, refused = driven.done, driven.refused
train = ["train", "--data", "scenes:0.2", "--size", "64x64", "--train-images", "96", "--batch", "16", "--epochs", "4", "--threads", "1", "--run"]


def tables(text):
    """The rows of average precision, split by split."""
    return [line for line in text.splitlines() if line.startswith("  ") and line.split()[0] in ("all", "disc", "square", "triangle", "arrow") and "objects" not in line]


whole = done(*train, "whole")
for needed in ("anchor on at least half", "validation:", "test:", "ms a picture"):
    if needed not in whole:
        sys.exit(f"the training does not say '{needed}': {whole}")
killed = driven.killed(kills, lambda: draw.uniform(0.3, 2), *train, "killed")
weights = [hashlib.sha256((folder / run / "networks/detector.safetensors").read_bytes()).hexdigest() for run in ("whole", "killed")]
if weights[0] != weights[1] or tables(whole) != tables(killed):
    sys.exit("a training that was killed has other weights or numbers")
if "trained before" not in done(*train, "whole"):
    sys.exit("a second start trains again")

for ending in ("onnx", "decoded.onnx", "anchors.json"):
    if not (folder / f"whole/networks/detector.{ending}").exists():
        sys.exit(f"networks/detector.{ending} is missing")

# The file says all that is needed to judge it again, wherever the run was.
shutil.move(folder / "whole/networks/detector.safetensors", folder / "alone.safetensors")
again = done("evaluate", "--weights", "alone.safetensors", "--detections", "found.json", "--voc-detections", "voc", "--report", "page.html")
if tables(again) != tables(whole) or len(tables(whole)) != 12:
    sys.exit(f"judged again, the detector has other numbers:\n{whole}\n{again}")
if "other pictures" in again or "other pictures" not in done("evaluate", "--weights", "alone.safetensors", "--data", "scenes:0.9"):
    sys.exit("it is not said whether the pictures are those of the run")
found = json.loads((folder / "found.json").read_text())
if not found or set(found[0]) != {"image_id", "category_id", "bbox", "score"}:
    sys.exit(f"results are not those of COCO: {found[:1]}")
lines = [line for name in ("disc", "square", "triangle", "arrow") for line in (folder / f"voc/comp4_det_test_{name}.txt").read_text().splitlines()]
if len(lines) != len(found) or any(len(line.split()) != 6 for line in lines):
    sys.exit("the results of Pascal VOC are not those of COCO")
# COCO's tools count what hasse prints. Objects are put near what the detector finds, so that the numbers are of all kinds: of ids with holes,
# some crowds, one picture without any.
coco_numbers.check_fixtures()
kinds = {"disc": 3, "square": 7, "triangle": 8, "arrow": 90}


def write_coco(splits):
    (folder / "coco/annotations").mkdir(parents=True, exist_ok=True)
    for split, annotations in splits.items():
        images = [{"id": 10 * i + 5, "file_name": f"{i}.png", "width": 80, "height": 80} for i in range(12)]
        (folder / f"coco/{split}2017").mkdir(exist_ok=True)
        for i in range(12):
            (folder / f"coco/{split}2017/{i}.png").write_bytes(pattern(80, i + 1 + 20 * len(split)))
        text = {"images": images, "annotations": annotations, "categories": [{"id": number, "name": name} for name, number in kinds.items()]}
        (folder / f"coco/annotations/instances_{split}2017.json").write_text(json.dumps(text))


def annotation(number, picture, place, kind, crowd=0):
    return {"id": number, "image_id": picture, "category_id": kind, "bbox": place, "area": place[2] * place[3], "iscrowd": crowd}


some = [annotation(1, 5, [10, 10, 30, 30], 3), annotation(2, 15, [20, 5, 20, 40], 7)]
write_coco({"train": some, "val": some, "test": some})
judge = ["evaluate", "--weights", "alone.safetensors", "--data", "coco:coco", "--detections", "coco.json"]
done(*judge)
found = json.loads((folder / "coco.json").read_text())
near, placed = [], random.Random(7)
for each in found:
    others = [other["bbox"] for other in near if other["image_id"] == each["image_id"]]
    if each["image_id"] == 105 or each["score"] < 0.02 * placed.random() or any(coco_numbers.agreement(each["bbox"], other, False) > 0.3 for other in others):
        continue
    x, y, width, height = (value + placed.uniform(-0.08, 0.08) * min(each["bbox"][2:]) for value in each["bbox"])
    x, y = max(x, 0), max(y, 0)
    near.append(annotation(len(near) + 1, each["image_id"], [x, y, min(width, 80 - x), min(height, 80 - y)], each["category_id"], int(placed.random() < 0.1)))
write_coco({"train": some, "val": some, "test": near})
told = done(*judge).split("test pictures with")[1]
if json.loads((folder / "coco.json").read_text()) != found:
    sys.exit("other objects are found where other objects are annotated")
rows = [line.split()[2:] for line in told.splitlines() if line.startswith("  all classes")]
told = [-1 if each == "-" else float(each) / 100 for row in rows for each in row]
annotations = json.loads((folder / "coco/annotations/instances_test2017.json").read_text())
for wanted in (coco_numbers.numbers(annotations, found), coco_numbers.of_pycocotools(folder / "coco/annotations/instances_test2017.json", folder / "coco.json")):
    if wanted and (len(told) != 12 or any(abs(one - other) > 0.000501 for one, other in zip(told, wanted.values())) or not 0.02 < wanted["AP"] < 0.9):
        sys.exit(f"COCO's tools count {wanted} where hasse says {told}")

for page in ("whole/report.html", "page.html"):
    if "with most mistakes" not in (folder / page).read_text() or "data:image/png;base64" not in (folder / page).read_text():
        sys.exit(f"{page} shows no picture")

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
refused("recipe", *changed(train, "--epochs", 5), "whole")
refused("write height x width", "train", "--size", "64", "--run", "none")
refused("there is no backbone", "train", "--net", "nothing", "--run", "none")
refused("give 8, 16 or 32", "train", "--finest", "12", "--run", "none")
refused("leave --width out", "train", "--width", "500", "--run", "none")
refused("fewer than one batch", *changed(train, "--batch", 200), "none")
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

# A search by each method: kills change nothing, the report shows what was found, others are compared with.
search = ["search", "--data", "scenes:0.2", "--size", "64x64", "--train-images", "96", "--space", "det-micro-dsp", "--width", "500",
          "--epochs", "1", "--threads", "1", "--upside-down", "--average", "0.5", "--target", "1M", "--method"]
masks = [*search, "tunas", "--search-epochs", "6", "--random", "2", "--run"]


def networks(text):
    """What each network is, and how good; not how fast it was measured."""
    return [line.split(", ")[0] if "measured whole" in line else line for line in text.splitlines() if line.startswith("  ") or line.startswith(("found: ", "random", "network ", "Kendall")) and "to decode" not in line]


whole, killed = done(*masks, "masks"), driven.killed(kills, lambda: draw.uniform(0.3, 1.5), *masks, "masks killed")
if "is not known: the search was stopped before it had tried" in killed:  # between its last step and the looks at shared weights
    killed += "".join(line + "\n" for line in whole.splitlines() if line.startswith("Kendall"))
same = [hashlib.sha256((folder / run / "networks/found.safetensors").read_bytes()).hexdigest() for run in ("masks", "masks killed")]
if same[0] != same[1] or sorted(networks(whole)) != sorted(networks(killed)) or len(tables(whole)) != 12:
    sys.exit(f"a search that was killed found another network, or other numbers:\n{whole}\n{killed}")
for needed in ("of the target of 1 M MACs", "random 2:", "M MACs to", "Kendall's tau of", "to decode and suppress", "times the"):
    if needed not in whole:
        sys.exit(f"the search does not say '{needed}': {whole}")
cost = next(each["summed"] for each in json.loads((folder / "masks/report.json").read_text())["networks"] if each["role"] == "found")
if abs(cost - 1) > 0.05 or tables(done("evaluate", "--weights", "masks/networks/found.safetensors")) != tables(whole):
    sys.exit(f"the found network costs {cost} M MACs, or is judged otherwise from its file")
if "ssdlite_chain" not in (folder / "masks/networks/found.hpp").read_text():
    sys.exit("the header of the found network is missing")
if "k5" in whole + (folder / "masks/networks/found.hpp").read_text():
    sys.exit("a DSP got a window of 5 x 5")
done(*search, "tunas", "--search-epochs", "2", "--codes", "1", "--quality", "anchors", "--price-model", "regression", "--run", "anchors")
page = (folder / "anchors/report.json").read_text()
if "by metric" not in page or "others R2 0.99" not in page and "others R2 1.00" not in page:
    sys.exit(f"a search by anchors and regressed prices does not say what it goes by: {page}")
gates = [*search, "proxyless", "--search-epochs", "8", "--gate-rate", "0.1", "--random", "1", "--run"]
whole, killed = done(*gates, "gates"), driven.killed(kills, lambda: draw.uniform(0.3, 1.5), *gates, "gates killed")
same = [hashlib.sha256((folder / run / "networks/found.safetensors").read_bytes()).hexdigest() for run in ("gates", "gates killed")]
if same[0] != same[1] or networks(whole) != networks(killed) or len(tables(whole)) != 12:
    sys.exit(f"a search through gates that was killed found another network, or other numbers:\n{whole}\n{killed}")
for needed in ("networks at one width per block", "of the target of 1 M MACs", "random 1:", "to decode and suppress"):
    if needed not in whole:
        sys.exit(f"the search through gates does not say '{needed}': {whole}")
report = json.loads((folder / "gates/report.json").read_text())
cost = next(each["summed"] for each in report["networks"] if each["role"] == "found")
if abs(cost - 1) > 0.05 or len(report["epochs"]) != 8 or not any(each["name"] == "block 2 layer 2" for each in report["blocks"]):
    sys.exit(f"the report does not show what gates decided: {report}")
several = [*search, "random", "--trainings", "3", "--run"]
if networks(done(*several, "random")) != networks(driven.killed(kills, lambda: draw.uniform(0.3, 1.5), *several, "random killed")):
    sys.exit("a random search that was killed found other networks, or tells them in another order")
out = done(*search, "pop", "--trainings", "2", "--run", "pop", "--beside", "masks", "random", "gates")
report = json.loads((folder / "pop/report.json").read_text())
if {each["role"] for each in report["networks"]} != {"found", "tried", "found elsewhere"} or report["metric"] != "mAP":
    sys.exit(f"the report does not show all methods: {report['networks']}")
if "network 3:" not in done(*search, "pop", "--trainings", "3", "--run", "pop"):
    sys.exit("a larger budget does not go on")
# The sixth network is the first that the model proposes.
whole = networks(done(*search, "model", "--trainings", "7", "--run", "model"))
done(*search, "model", "--trainings", "6", "--run", "model in parts")
if sorted(whole) != sorted(networks(done(*search, "model", "--trainings", "7", "--run", "model in parts"))):
    sys.exit("a search by a model goes on with other networks")
if "nine tenths sure" not in json.loads((folder / "model/report.json").read_text())["facts"].get("model", ""):
    sys.exit("the report does not say what the model expects")

refused("there is no space of detectors", *[each if each != "det-micro-dsp" else "resnet" for each in masks], "none")
refused("choose a target in between", *[each if each != "1M" else "100M" for each in masks], "none")
refused("cannot be read", *[each if each != "1M" else "1 quart" for each in masks], "none")
refused("leave --random out", *search, "pop", "--random", "2", "--run", "none")
refused("leave --table out", *masks, "none", "--table", "masks/latency.json")
refused("give --price-model regression", *masks, "none", "--price-networks", "100")
refused("learns every", *[each if each != "6" else "1" for each in masks], "none", "--codes", "100")
refused("was begun with", *search, "random", "--run", "masks")
refused("fewer than one batch", *masks, "none", "--batch", "200")
refused("is no run of hasse_detect search", *[each if each != "500" else "700" for each in masks], "none", "--beside", "pop")
refused("choose a wider window", *search[:-2], "0.7M", "--method", "random", "--run", "none", "--tolerance", "0.001")
if (folder / "none").exists() and [*(folder / "none").glob("config.json")]:
    sys.exit("a refused start binds its folder")
shutil.rmtree(folder)
print(f"{kills} kills: the same detector, judged and shown again")
