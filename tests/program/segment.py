"""Drives hasse_segment: a training on drawn scenes, kills that must change nothing, the same numbers when it is judged again, masks of
pictures, pairs of folders, refusals.

usage: segment.py PROGRAM KILLS SEED
"""
import hashlib
import json
import pathlib
import random
import shutil
import struct
import sys
import tempfile
import zlib

from driven import Driven, changed
from pictures import pattern, png

kills, seed = int(sys.argv[2]), int(sys.argv[3])
draw = random.Random(seed)
folder = pathlib.Path(tempfile.mkdtemp(prefix="hasse_segment_"))
driven = Driven(sys.argv[1], folder)
done, refused = driven.done, driven.refused
train = ["train", "--data", "scenes:0.2", "--size", "64x64", "--train-images", "96", "--batch", "8", "--epochs", "4", "--threads", "1", "--run"]


def tables(text):
    """The rows of classes, split by split."""
    return [line for line in text.splitlines() if line.startswith("  ") and line.split()[0] in ("ground", "disc", "square", "triangle", "arrow", "mIoU")]


def indices(path):
    """Height, width, colour type and the bytes of a PNG of one byte a pixel without filters that look up or left."""
    data, at, pixels = path.read_bytes(), 8, b""
    while at < len(data):
        size, kind = struct.unpack(">I4s", data[at:at + 8])
        if kind == b"IHDR":
            width, height, bits, colours = struct.unpack(">IIBB", data[at + 8:at + 18])
        if kind == b"IDAT":
            pixels += data[at + 8:at + 8 + size]
        at += 12 + size
    return height, width, bits, colours, zlib.decompress(pixels)


whole = done(*train, "whole")
for needed in ("of the training pixels: ground", "validation, 400 pictures:", "test, 400 pictures:", "upsampling inside"):
    if needed not in whole:
        sys.exit(f"the training does not say '{needed}': {whole}")
killed = driven.killed(kills, lambda: draw.uniform(0.3, 2), *train, "killed")
weights = [hashlib.sha256((folder / run / "networks/segmenter.safetensors").read_bytes()).hexdigest() for run in ("whole", "killed")]
if weights[0] != weights[1] or tables(whole) != tables(killed):
    sys.exit("a training that was killed has other weights or numbers")
done(*train, "as-drawn", "--crop", "none")
if hashlib.sha256((folder / "as-drawn/networks/segmenter.safetensors").read_bytes()).hexdigest() != weights[0]:
    sys.exit("scenes, which are drawn in the size in which they are judged, are cut into windows where nothing else is said")
if "trained before" not in done(*train, "whole"):
    sys.exit("a second start trains again")
report = (folder / "whole/report.html").read_text()
if report.count("data:image/png;base64,") != 6 or "triangle" not in report or "http" in report.replace("http://www.w3.org", ""):
    sys.exit("the report does not show classes and six pictures by itself")
for name, operation in (("segmenter.onnx", b"ConvTranspose"), ("segmenter.labels.onnx", b"ArgMax"), ("segmenter.stride8.onnx", b"align_corners")):
    if operation not in (folder / "whole/networks" / name).read_bytes():
        sys.exit(f"{name} has no {operation}")

# The file says all that is needed to judge it again, wherever the run was.
shutil.move(folder / "whole/networks/segmenter.safetensors", folder / "alone.safetensors")
again = done("evaluate", "--weights", "alone.safetensors")
if tables(again) != tables(whole) or len(tables(whole)) != 12:
    sys.exit(f"judged again, the network has other numbers:\n{whole}\n{again}")
if "other pictures" in again or "other pictures" not in done("evaluate", "--weights", "alone.safetensors", "--data", "scenes:0.9"):
    sys.exit("it is not said whether the pictures are those of the run")

(folder / "pictures").mkdir()
for i in range(2):
    (folder / f"pictures/{i}.png").write_bytes(pattern(60 + 30 * i, i + 1))
out = done("predict", "pictures", "--weights", "alone.safetensors", "--out", "shown")
if "2 pictures" not in out or "rgb(128, 0, 0)" not in out:
    sys.exit(f"it is not said what was shown: {out}")
for i in range(2):
    height, width, bits, colours, _ = indices(folder / f"shown/{i}.png.mask.png")
    if (height, width, bits, colours) != (60 + 30 * i, 60 + 30 * i, 8, 3):
        sys.exit("a mask is no indexed PNG of its picture's size")
    if not (folder / f"shown/{i}.png.png").read_bytes().startswith(b"\x89PNG"):
        sys.exit("no picture was coloured")

# Pairs of folders: ten pictures whose left half is of one class, and whose masks the network reads as they are.
for i in range(10):
    for split in ("images", "masks"):
        (folder / f"pairs/{split}").mkdir(parents=True, exist_ok=True)
    (folder / f"pairs/images/{i}.png").write_bytes(png(40, lambda x, y: 250 if x // 3 < 20 else 30 + i))
    (folder / f"pairs/masks/{i}.png").write_bytes(png(40, lambda x, y: 0 if x < 20 else 1 if y < 39 else 255, 1))
(folder / "pairs/classes.txt").write_text("light\ndark\n")
pairs = ["train", "--data", "pairs:pairs", "--size", "32x64", "--batch", "4", "--epochs", "30", "--crop", "none", "--threads", "1", "--coarse", "--hard-pixels", "--run"]
out = done(*pairs, "pairs-run")
score = float(next(line for line in out.splitlines() if "mIoU" in line).split()[1])
if "every fifth training picture" not in out or score < 80 or "scores at stride 8" not in out:
    sys.exit(f"halves of pictures are not learned: {out}")
(folder / "pairs/masks/3.png").write_bytes(png(40, lambda x, y: 9, 1))
refused("pairs/masks/3.png: has the number 9 in column 0 of row 0, which is no class", *pairs, "none")
refused("was begun with other images", *pairs, "pairs-run", "--skip-damaged")

# A search, which is killed and goes on. What stands for latency is the size of a network's file: the same wherever it is asked for.
search = ["search", "--data", "scenes:0.2", "--train-images", "64", "--batch", "16", "--epochs", "1", "--threads", "1", "--trainings", "3",
          "--device", "command:stat -c %s {onnx}", "--latency", "300000..900000ms", "--run"]
out = done(*search, "search")
(folder / "search-killed").mkdir()
shutil.copy(folder / "search/latency.json", folder / "search-killed/latency.json")
driven.killed(kills, lambda: draw.uniform(1, 6), *search, "search-killed")


def learned(run):
    frontier = json.loads((folder / run / "frontier.json").read_text())
    return frontier["frontier"], frontier["certificates"]


if learned("search") != learned("search-killed"):
    sys.exit(f"a search that was killed has another frontier: {learned('search')} and {learned('search-killed')}")
for needed in ("test, 400 pictures:", "mIoU", "trainings: 3, budget of trainings spent"):
    if needed not in out:
        sys.exit(f"the search does not say '{needed}': {out}")
best = learned("search")[0][-1]["architecture"]
found = next(path for path in (folder / "search/networks").glob("*.safetensors"))
if "+(" not in best or [*(folder / "search/networks").glob("*.stride8.onnx")] == []:
    sys.exit(f"the decoder was not searched, or not handed over: {best}")
page = found.with_suffix(".html").read_text()
if page.count("data:image/png;base64,") != 6 or "triangle" not in page:
    sys.exit("a network of the frontier has no page with classes and pictures")
blocks = [tables(out)[at:at + 6] for at in range(0, len(tables(out)), 6)]
if tables(done("evaluate", "--weights", found))[-6:] not in blocks:
    sys.exit("judged again, a network of the frontier has other numbers")
# The space of other pictures is the same on these, so that the table of the one is that of the other, and the same networks are trained.
by_table = [*search[:search.index("--device")], "--latency", "300000..900000ms", "--space", "camvid", "--run"]
said = done(*by_table, "elsewhere", "--size", "96x96", "--table", "search/latency.json")
trained = [[(line["payload"]["candidate"], line["payload"]["merit"]) for line in map(json.loads, (folder / run / "journal/main.jsonl").read_text().splitlines()) if line["operation"] == "trained"]
           for run in ("search", "elsewhere")]
if trained[0] != trained[1] or len(trained[0]) != 3 or "nothing is measured here" not in said:
    sys.exit(f"a search by the table of a device elsewhere trains other networks: {trained} {said}")
if not any("at_classes<hasse::at_input<hasse::network<hasse::dfseg_small_half" in path.read_text() for path in (folder / "elsewhere/networks").glob("*.hpp")):
    sys.exit("headers do not name the network on other pictures")
refused("belongs to another search space, or to this one on other images", *by_table, "none", "--table", "search/latency.json")
refused("cannot read images of 40 x 64 pixels", *by_table, "none", "--size", "40x64")
refused("there is no space", *search, "none", "--space", "nowhere")

refused("is no folder", "evaluate", "--weights", "alone.safetensors", "--data", "pairs:nowhere")
refused("recipe", *changed(train, "--epochs", 5), "whole")
refused("write height x width", "train", "--size", "64", "--run", "none")
refused("multiples of 32", "train", "--size", "60x64", "--run", "none")
refused("there is no segmentation network", "train", "--net", "nothing", "--run", "none")
refused("which do not fall", "train", "--decoder", "16,8,4", "--run", "none")
refused("cannot be drawn from", "train", "--scales", "2..1", "--run", "none")
refused("class weights are given for 5 classes", *changed(train, "--batch", 8), "none", "--class-weights", "1,2")
refused("fewer than one batch", *changed(train, "--batch", 200), "none")
refused("cannot be read", "predict", "missing.png", "--weights", "alone.safetensors")
refused("is a file; name a folder", "predict", "pictures", "--weights", "alone.safetensors", "--out", "alone.safetensors")
(folder / "more").mkdir()
(folder / "more/1.png").write_bytes(pattern(50, 5)), (folder / "more/0.jpg").write_bytes(b"no picture")
refused("1 of 2 pictures could not be read, and the others are done", "predict", "more", "--weights", "alone.safetensors", "--out", "some")
if not (folder / "some/1.png.mask.png").exists():
    sys.exit("a picture that cannot be read takes the others along")
if (folder / "none").exists() and [*(folder / "none").glob("config.json")]:
    sys.exit("a refused start binds its folder")
shutil.rmtree(folder)
print(f"{kills} kills: the same network, judged and shown again")
