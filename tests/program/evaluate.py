"""Class names and weights that leave a run: which files say them, what reads their pixels, which sets hasse_evaluate takes, weights that
were changed elsewhere.

usage: evaluate.py HASSE_EVALUATE HASSE_SLIM 08_OWN_PROGRAM 19_CLASSIFY
"""
import ast
import json
import math
import os
import pathlib
import random
import shutil
import struct
import subprocess
import sys
import tempfile

from judged import evaluated, same_as_reported
from pictures import png

evaluate, slim, own, classify = (str(pathlib.Path(each).resolve()) for each in sys.argv[1:5])
folder = pathlib.Path(tempfile.mkdtemp(prefix="hasse_evaluate_"))
draw = random.Random(1)
NAMES = [b"1", b"10", b"2", b'a "b", c', b"na\xc3\xafve"]  # in the order of the outputs, which is not that of the numbers
SHOWN = [name.decode() for name in NAMES]


def write_image(path, kind):
    with open(path, "wb") as file:
        file.write(png(16, lambda x, y: min(255, 50 * kind + draw.randrange(40))))


def write_set(place, names):
    for kind, name in enumerate(names):
        there = os.path.join(os.fsencode(folder / place), name)
        os.makedirs(there)
        for i in range(30):
            write_image(os.path.join(there, b"%03d.png" % i), kind)


def ran(*arguments, program=slim):
    done = subprocess.run([program, *map(str, arguments)], capture_output=True, text=True, cwd=folder)
    if done.returncode != 0:
        sys.exit(f"{arguments} failed: {done.stderr}")


def refused(*sentences, weights, options=(), cwd=folder):
    code, _, printed = evaluated(evaluate, weights, *options, cwd=cwd)
    if code != 2 or any(sentence not in printed for sentence in sentences):
        sys.exit(f"{weights} {options} should be refused with {sentences}, but ended with {code}: {printed}")


def judged(weights, *options, cwd=folder):
    code, shares, printed = evaluated(evaluate, weights, *options, cwd=cwd)
    if code != 0 or "test" not in shares:
        sys.exit(f"{weights} {options} failed with {code}: {printed}")
    return shares, printed


write_set("pets", NAMES)
ran("train", "--data", "folder:pets", "--net", "[(16),(16),(32)]", "--input", "3x16x16", "--epochs", "2", "--batch", "8", "--threads", "1")
ran("sweep", "--at", "0.5", "--batches", "2")
ran("export", "--at", "0.5", "--batches", "2")
networks = folder / "run/networks"
stem = networks / "df-small:[(16),(16),(32)]@0.5"
weights = f"{stem}.safetensors"


def stored(path):
    content = pathlib.Path(path).read_bytes()
    length = struct.unpack("<Q", content[:8])[0]
    header = json.loads(content[8:8 + length])
    return header.pop("__metadata__", {}), header, content[8 + length:]


# The names, in the order of the outputs, wherever the network goes.
metadata, header, data = stored(weights)
text = json.dumps(SHOWN, ensure_ascii=False, separators=(",", ":"))
for ending in (".onnx", ".batch.onnx"):
    if text.encode() not in pathlib.Path(f"{stem}{ending}").read_bytes():
        sys.exit(f"{ending} does not say the classes")
if json.loads(metadata["classes"]) != SHOWN:
    sys.exit(f"the weights name other classes: {metadata}")
if (networks / "labels.txt").read_bytes() != b"".join(name + b"\n" for name in NAMES):
    sys.exit("labels.txt names other classes")
if json.loads(stored(networks / "slimmable.safetensors")[0]["classes"]) != SHOWN:
    sys.exit("the network of many widths names other classes")
report = json.loads((folder / "run/sweep.json").read_text())
if json.loads(report["facts"]["classes"]) != SHOWN or "na\N{LATIN SMALL LETTER I WITH DIAERESIS}ve" not in (folder / "run/sweep.html").read_text():
    sys.exit(f"the report names other classes: {report['facts']}")

# Nothing has to be repeated: the numbers of the report, on the images of the run, wherever they are now.
shown = report["networks"][0]
same_as_reported(evaluate, weights, shown["accuracy"], shown["test_accuracy"], cwd=folder)
same_as_reported(evaluate, f"{stem}.onnx", shown["accuracy"], shown["test_accuracy"], cwd=folder)

# Whatever pixels an ONNX file reads, it is judged alike, and a program of ten lines answers for the same files alike.
def named(path, *images):
    """What 19_classify says of each image first."""
    done = subprocess.run([classify, path, *images], capture_output=True, cwd=folder)
    if done.returncode != 0:
        sys.exit(f"{path} classifies nothing: {done.stderr}")
    said = [line.rsplit(b": ", 1) for line in done.stdout.splitlines()]
    return [answer.rsplit(b", ", 1)[0] for _, answer in said[::3]]


everything = sorted((os.path.basename(os.path.dirname(path)), path) for path in map(os.fsencode, (folder / "pets").rglob("*.png")))
answers = {}
for form in ("uint8-nhwc", "float", "unit"):
    ran("export", "--at", "0.5", "--batches", "2", "--pixels", form)
    if (b"pixels." in pathlib.Path(f"{stem}.onnx").read_bytes()) != (form != "float"):
        sys.exit(f"the file does not read {form}")
    same_as_reported(evaluate, f"{stem}.onnx", shown["accuracy"], shown["test_accuracy"], cwd=folder)
    answers[form] = named(f"{stem}.onnx", *(path for _, path in everything))
for split in ("train", "test"):
    shutil.copytree(folder / "pets", folder / "judge" / split)
judged_so, _ = judged(weights, "--data", "folder:judge")
right = sum(name == answer for (name, _), answer in zip(everything, answers["unit"]))
if len({tuple(each) for each in answers.values()}) != 1 or right / len(everything) != judged_so["test"]:
    sys.exit(f"{right} of {len(everything)} images are named rightly, not {judged_so}, or not alike whatever the pixels are")
for said, path in (("does not say its mean", pathlib.Path(__file__).resolve().parent.parent / "onnx/pytorch_trace.onnx"), ("cannot", "no.onnx")):
    done = subprocess.run([classify, path, everything[0][1]], capture_output=True, text=True, cwd=folder)
    if done.returncode != 2 or said not in done.stderr:
        sys.exit(f"{path} should be refused with '{said}': {done.stderr}")
elsewhere = folder / "elsewhere"
elsewhere.mkdir()
same_as_reported(evaluate, weights, shown["accuracy"], shown["test_accuracy"], cwd=elsewhere)
(folder / "pets").rename(folder / "moved")
refused("cannot be read from here", "--data", weights=weights, cwd=elsewhere)
moved, _ = judged(weights, "--data", "folder:../moved", cwd=elsewhere)
(folder / "moved").rename(folder / "pets")
if moved != {"validation": shown["accuracy"], "test": shown["test_accuracy"]}:
    sys.exit(f"the images of the run were not known again: {moved}")

# The answers as files that NumPy reads: what they say is what was printed.
def array(path):
    content = path.read_bytes()
    end = 10 + struct.unpack("<H", content[8:10])[0]
    header = ast.literal_eval(content[10:end].decode())
    if content[:8] != b"\x93NUMPY\x01\x00" or end % 64 != 0 or header["fortran_order"]:
        sys.exit(f"{path} is no NumPy file: {header}")
    code = {"<f4": "f", "<u2": "H"}[header["descr"]]
    return header["shape"], struct.unpack(f"<{math.prod(header['shape'])}{code}", content[end:])


judged(weights, "--dump", folder / "answers")
(count, width), logits = array(folder / "answers/logits.npy")
(labels_count,), labels = array(folder / "answers/labels.npy")
image_shape, _ = array(folder / "answers/images.npy")
right = sum(max(range(width), key=lambda k: logits[i * width + k]) == labels[i] for i in range(count))
if image_shape != (count, 3, 16, 16) or labels_count != count or width != len(NAMES) or right / count != shown["test_accuracy"]:
    sys.exit(f"the dumped answers are not those that were judged: {image_shape}, {count} x {width}, {right} right")

# Sets whose classes are not the network's.
write_set("renamed", [*NAMES[:3], b"b", NAMES[4]])
refused("but others", 'lacks "a "b", c"', 'does not know "b"', "output 3", weights=weights, options=("--data", "folder:renamed"))
write_set("fewer", NAMES[:4])
refused("has 4 classes where the network was trained on 5", weights=weights, options=("--data", "folder:fewer"))
refused("has 10 classes", weights=weights, options=("--data", "synthetic"))

# A network of somebody else: what its file does not say the command line does.
foreign = pathlib.Path(__file__).resolve().parent.parent / "onnx/pytorch_trace.onnx"
scale = ("--mean", "0.5,0.5,0.5", "--deviation", "0.25,0.25,0.25")
refused("how its images were normalised", "--mean", weights=foreign, options=("--data", "folder:pets"))
refused("which images", "--data", weights=foreign, options=scale)
refused("--deviation", "3 channels", weights=foreign, options=("--data", "folder:pets", "--mean", "0,0,0", "--deviation", "1,0,1"))
refused("has 4 classes", weights=foreign, options=("--data", "folder:fewer", *scale))
refused("--net", weights=weights, options=("--net", foreign))
refused("of ONNX files", weights=weights, options=scale)
_, printed = judged(foreign, "--data", "folder:pets", *scale)
if "other images" in printed:
    sys.exit(f"a network that names no images has none of its own: {printed}")

# The same classes, other images: judged where they are named, and said.
write_image(folder / "pets/1/new.png", 0)
refused("are not those any more", f"--data folder:{folder / 'pets'}", weights=weights)
shares, printed = judged(weights, "--data", "folder:pets")
if "other images than those of the run" not in printed or "validation" in shares:
    sys.exit(f"other images were judged without a word: {printed}")
(folder / "pets/1/new.png").unlink()


# Weights that went through other tools.
def saved(name, metadata, header, data):
    text = json.dumps({**({"__metadata__": metadata} if metadata else {}), **header}).encode()
    (folder / name).write_bytes(struct.pack("<Q", len(text)) + text + data)
    return folder / name


def other(header, data, dtype, code):
    """All tensors in another type, in their order."""
    made, parts, at = {}, [], 0
    for name, tensor in sorted(header.items(), key=lambda item: item[1]["data_offsets"]):
        begin, end = tensor["data_offsets"]
        values = struct.unpack(f"<{(end - begin) // 4}f", data[begin:end])
        parts.append(struct.pack(f"<{len(values)}{code}", *values))
        made[name] = {"dtype": dtype, "shape": tensor["shape"], "data_offsets": [at, at + len(parts[-1])]}
        at += len(parts[-1])
    return made, b"".join(parts)


tuned = struct.pack(f"<{len(data) // 4}f", *(value * 1.0009765625 for value in struct.unpack(f"<{len(data) // 4}f", data)))
unsummed = {key: value for key, value in metadata.items() if key != "checksum"}
if judged(saved("same", metadata, header, data))[0] != moved:
    sys.exit("weights that were only saved again are judged otherwise")
refused('"checksum"', "--changed-weights", "save it without that entry", weights=saved("tuned", metadata, header, tuned))
judged(folder / "tuned", "--changed-weights")
judged(saved("tuned without checksum", unsummed, header, tuned))
refused("does not say which layers it has", weights=saved("no metadata", {}, header, data))
refused("as F16, and weights are read as F32", weights=saved("half", unsummed, *other(header, data, "F16", "e")))
extra = {**header, "optimizer.step": {"dtype": "F32", "shape": [1], "data_offsets": [len(data), len(data) + 4]}}
refused('holds the tensor "optimizer.step"', weights=saved("extra", unsummed, extra, data + bytes(4)))
refused("hasse_slim export", weights=networks / "slimmable.safetensors")
refused("damaged", weights=saved("no list", {**unsummed, "mean": "0.5;0.5"}, header, data))
refused("names 0 classes", weights=saved("no classes", {k: v for k, v in unsummed.items() if k != "classes"}, header, data))
refused("does not know; export", weights=saved("other options", {**unsummed, "data_options": "seed=x"}, header, data))

# A space of one's own: the networks of a program that hasse_evaluate knows nothing of.
ran("--trainings", "2", "--epochs", "1", "--train-images", "200", "--threads", "1", "--run", "own", program=own)
frontier = json.loads((folder / "own/frontier.json").read_text())
for network in frontier["frontier"]:
    same_as_reported(evaluate, folder / "own" / network["files"]["safetensors"], network["accuracy"], network["test_accuracy"])
if not frontier["frontier"] or json.loads(frontier["facts"]["classes"]) != (folder / "own/networks/labels.txt").read_text().splitlines():
    sys.exit(f"the frontier names other classes than labels.txt: {frontier}")

shutil.rmtree(folder)
print("class names are in every file, and only sets and weights that belong to a network are judged")
