"""Damages the files that programs read - images, archives, tables, journals, configurations, checkpoints, weights - and starts them:
whoever cannot go on says why in a sentence and ends with 2, and with the file as it was the same command goes on.

usage: mutated.py STARTS SEED PROGRAM...
"""
import gzip
import io
import json
import os
import pathlib
import random
import re
import shutil
import struct
import subprocess
import sys
import tarfile
import tempfile
import zlib

from pictures import pattern, png

starts, seed = int(sys.argv[1]), int(sys.argv[2])
programs = {path.name: str(path) for path in (pathlib.Path(argument).absolute() for argument in sys.argv[3:])}
draw = random.Random(seed)
home = pathlib.Path(tempfile.mkdtemp(prefix="hasse_mutated_"))
TIME = 300  # seconds that no start may take


def write(path, content):
    path = home / "whole" / path
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


# What programs read that they did not write.
for number in range(40):
    write(f"pets/{('cat', 'dog')[number % 2]}/{number}.png", pattern(16, number))
for number in range(8):
    write(f"pictures/{number}.png", pattern(48, number))
for number in range(10):
    write(f"masked/images/{number}.png", pattern(24, number))
    write(f"masked/masks/{number}.png", png(24, lambda x, y: (x > y) + number % 2, 1))
write("masked/ids.txt", b"0 left\n1 right\n2 right\n255 void\n")
packed = io.BytesIO()
with tarfile.open(fileobj=packed, mode="w") as archive:
    archive.add(home / "whole/pets", "pets")
write("pets.tar", packed.getvalue())
write("pets.tar.gz", gzip.compress(packed.getvalue(), mtime=0))
shutil.make_archive(str(home / "whole/pets"), "zip", home / "whole/pets")
for split, count in (("train", 60), ("t10k", 20)):
    write(f"digits/{split}-images-idx3-ubyte", struct.pack(">IIII", 2051, count, 16, 16) + bytes(draw.randrange(256) for _ in range(256 * count)))
    write(f"digits/{split}-labels-idx1-ubyte", struct.pack(">II", 2049, count) + bytes(i % 3 for i in range(count)))
write("benchmark.json", json.dumps({f"{n // 9}{n // 3 % 3}{n % 3}00000": {"mean_acc": 60.0 + n, "flops": 1000 + 100 * (n * 7 % 27)} for n in range(27)}).encode())

NET = ["--net", "[(16),(16),(32)]", "--input", "3x16x16", "--threads", 1]
LITTLE = ["--data", "synthetic:0.1", "--train-images", 64, "--batch", 32, "--threads", 1]
SLIM = ["hasse_slim", "train", *NET, "--data", "synthetic:0.1", "--train-images", 64, "--batch", 32, "--epochs", 1, "--run", "slim"]
ENLARGE = ["hasse_super_resolution", "--data", "folder:pictures", "--patch", 24, "--patches", 4, "--batch", 4, "--epochs", 1, "--channels", 8, "--blocks", 1,
           "--size", "16x16", "--at", "1.0"]


def own(kind, data):
    return ["hasse_slim", "train", *NET, "--data", data, "--batch", 4, "--epochs", 1, "--run", "from-" + kind]


BOXES = ["hasse_detect", "train", "--data", "scenes:0.2", "--size", "64x64", "--train-images", 16, "--batch", 8, "--epochs", 1, "--threads", 1, "--run", "boxes"]
MASKS = ["hasse_segment", "train", "--data", "pairs:masked", "--size", "32x32", "--batch", 4, "--epochs", 1, "--threads", 1, "--run"]

# Each is started whole, in the order given, and then again and again with one of its files damaged.
COMMANDS = [
    (SLIM, ["slim/config.json", "slim/journal/*", "slim/networks/*.safetensors"]),
    (["hasse_slim", "sweep", "--at", "0.5", "--batches", 1, "--run", "slim"],
     ["slim/config.json", "slim/journal/*", "slim/latency.json", "slim/networks/slimmable.safetensors"]),
    (["hasse_slim", "export", "--at", "0.5", "--batches", 1, "--run", "slim"], ["slim/networks/slimmable.safetensors", "slim/journal/*"]),
    (["hasse_evaluate", "--weights", "slim/networks/df-small:[(16),(16),(32)]@0.5.safetensors"], ["slim/networks/*@0.5.safetensors"]),
    (["hasse_evaluate", "--net", "slim/networks/df-small:[(16),(16),(32)]@0.5.onnx"], ["slim/networks/*@0.5.onnx"]),
    (["hasse_boundary", *LITTLE, "--epochs", 1, "--trainings", 2, "--run", "search"],
     ["search/config.json", "search/journal/*", "search/latency.json", "search/checkpoints/*"]),
    (["08_own_program", *LITTLE, "--epochs", 1, "--trainings", 2, "--run", "own"], ["own/config.json", "own/journal/*", "own/latency.json", "own/checkpoints/*"]),
    (["08_own_program", *LITTLE, "--epochs", 1, "--trainings", 2, "--run", "shared", "--workers"],
     ["shared/config.json", "shared/journal/*.jsonl", "shared/latency.json", "shared/checkpoints/*", "shared/claims/*"]),
    (["hasse_status", "--run", "shared"], ["shared/journal/*.jsonl", "shared/claims/*"]),
    (["hasse_proxyless", *LITTLE, "--warmup-epochs", 1, "--search-epochs", 2, "--period", 1, "--epochs", 1, "--target-macs", 2, "--run", "gates"],
     ["gates/config.json", "gates/journal/*", "gates/networks/*.safetensors"]),
    ([*ENLARGE, "--run", "enlarged"], ["enlarged/config.json", "enlarged/checkpoints/*"]),
    ([*ENLARGE, "--run", "fresh"], ["pictures/*"]),
    (own("folder", "folder:pets"), ["pets/*/*"]),
    (own("tar", "folder:pets.tar"), ["pets.tar"]),
    (own("gz", "folder:pets.tar.gz"), ["pets.tar.gz"]),
    (own("zip", "folder:pets.zip"), ["pets.zip"]),
    (own("idx", "idx:digits"), ["digits/*"]),
    (BOXES, ["boxes/config.json", "boxes/journal/*", "boxes/networks/*.safetensors"]),
    (["hasse_detect", "evaluate", "--weights", "boxes/networks/detector.safetensors"], ["boxes/networks/*.safetensors"]),
    ([*MASKS, "masks"], ["masks/config.json", "masks/journal/*", "masks/networks/*.safetensors"]),
    ([*MASKS, "fresh-masks"], ["masked/*/*", "masked/ids.txt"]),
    (["hasse_segment", "evaluate", "--weights", "masks/networks/segmenter.safetensors"], ["masks/networks/*.safetensors", "masked/*/*"]),
    (["hasse_tabular", "--table", "benchmark.json"], ["benchmark.json"]),
    (["hasse_info", "df-small:[(16),(16),(32)]", "--table", "search/latency.json"], ["search/latency.json"]),
]
COMMANDS = [(command, files) for command, files in COMMANDS if command[0] in programs and (command[0] != "hasse_status" or "08_own_program" in programs) and ("search/latency.json" not in command or "hasse_boundary" in programs)]


def flip(content):
    made = bytearray(content)
    for _ in range(draw.choice((1, 1, 2, 8))):
        if made:
            made[draw.randrange(len(made))] ^= 1 << draw.randrange(8)
    return bytes(made)


def part(content):
    begin = draw.randrange(len(content) + 1)
    return begin, min(len(content), begin + draw.choice((1, 4, 64, 512, 4096)))


def doubled(content):
    begin, end = part(content)
    return content[:end] + content[begin:]


def number(content):
    """A number of a text, or four bytes, become one that nobody expects."""
    text = [*re.finditer(rb"-?\d+(\.\d+)?", content[:200_000])]
    if text and draw.random() < 0.7:
        at = draw.choice(text)
        return content[:at.start()] + draw.choice((b"-1", b"0", b"1e999", b"4294967296", b"18446744073709551615", b"null", b'"1"', b"[]")) + content[at.end():]
    begin = draw.randrange(max(1, len(content) - 3))
    return content[:begin] + draw.choice((b"\xff\xff\xff\xff", bytes(4), b"\x7f\xff\xff\xff", b"\xff\xff\xff\x7f")) + content[begin + 4:]


def signed(content):
    """A record of a journal with another number and a checksum that fits."""
    lines = content.splitlines(keepends=True)
    at = draw.randrange(len(lines)) if lines else 0
    found = re.fullmatch(rb'(.*),"checksum":"[0-9a-f]{8}"}\n', lines[at], re.DOTALL) if lines else None
    if not found:
        return number(content)
    body = number(found[1])
    return b"".join([*lines[:at], b'%s,"checksum":"%08x"}\n' % (body, zlib.crc32(body)), *lines[at + 1:]])


WAYS = [flip, doubled, number, signed, lambda content: content[:draw.randrange(len(content) + 1)], lambda content: content[:part(content)[0]] + content[part(content)[1]:],
        lambda content: content + draw.randbytes(64), lambda content: b"", lambda content: draw.randbytes(200)]


def run(command, folder):
    words = [programs[command[0]], *map(str, command[1:])]
    try:
        return subprocess.run(words, capture_output=True, cwd=folder, timeout=TIME)
    except subprocess.TimeoutExpired:
        sys.exit(f"{words} hangs in {folder}")


for command, _ in COMMANDS:
    done = run(command, home / "whole")
    if done.returncode != 0:
        sys.exit(f"{command} ended with {done.returncode}: {done.stderr.decode(errors='replace')}")
for begun in ("fresh", "fresh-masks"):
    shutil.rmtree(home / "whole" / begun, ignore_errors=True)
for run_of in home.glob("whole/from-*"):
    shutil.rmtree(run_of)

taken, refused = 0, {}
for start in range(starts):
    command, patterns = COMMANDS[start % len(COMMANDS)]
    folder = home / "damaged"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(home / "whole", folder)
    file = draw.choice(sorted({path for pattern in patterns for path in folder.glob(pattern) if path.is_file()}))
    content = file.read_bytes()
    way = draw.randrange(len(WAYS))
    file.write_bytes(WAYS[way](content))
    what = f"start {start} (seed {seed}), {command} with {file.relative_to(folder)} damaged by way {way} in {folder} ({len(content)} bytes before)"
    done = run(command, folder)
    said = re.search(r"^\w+: (.*)", done.stderr.decode(errors="replace"), re.MULTILINE)
    if done.returncode == 0:
        taken += 1
        continue
    if done.returncode != 2 or not said or len(done.stderr) > 20_000:
        sys.exit(f"{what}: ended with {done.returncode}: {done.stderr.decode(errors='replace')[-6000:]}")
    refused[said[1]] = refused.get(said[1], 0) + 1
    file.write_bytes(content)
    done = run(command, folder)
    if done.returncode != 0:
        sys.exit(f"{what}: with the file as it was it does not go on: {done.stderr.decode(errors='replace')[-3000:]}")
shutil.rmtree(home)
if os.environ.get("HASSE_SHOW_REFUSALS"):
    print("\n".join(sorted(refused)))
print(f"{starts} starts of {len({each[0][0] for each in COMMANDS})} programs with damaged files: {sum(refused.values())} refused in {len(refused)} sentences, "
      f"{taken} went to their end")
