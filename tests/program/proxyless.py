"""Drives hasse_proxyless: a search to the end, kills at random instants that must change nothing, other devices' tables, refusals.

usage: proxyless.py PROGRAM KILLS SEED HASSE_EVALUATE
"""
import hashlib
import json
import pathlib
import random
import shutil
import sys
import tempfile
import zlib

from driven import Driven, changed
from judged import same_as_reported

kills, seed = int(sys.argv[2]), int(sys.argv[3])
draw = random.Random(seed)
folder = pathlib.Path(tempfile.mkdtemp(prefix="hasse_proxyless_"))
driven = Driven(sys.argv[1], folder)
done, refused = driven.done, driven.refused
settings = ["--data", "synthetic:0.1", "--train-images", "256", "--batch", "32", "--warmup-epochs", "1", "--search-epochs", "3", "--period", "2",
            "--epochs", "2", "--threads", "1", "--gate-rate", "0.1"]


def found(run):
    """The choice, and the weights that were trained for it."""
    weights = folder / run / "networks/found.safetensors"
    return hashlib.sha256(weights.read_bytes()).hexdigest()


# What is refused binds nothing: the command that does what it was told to goes on in the same folder.
refused("give a smaller period or batch", *changed(settings, "--period", 100), "--target-macs", 2, "--run", "whole")
refused("give a smaller --batch", *changed(settings, "--batch", 512), "--target-macs", 2, "--run", "whole")
refused("choose a target in between", *settings, "--target-macs", 3000, "--run", "whole")
refused("choose a target in between", *settings, "--target-memory", 1, "--run", "whole")
refused("--warmup-rate", *settings, "--target-macs", 2, "--warmup-rate=-1", "--run", "whole")
refused("--tolerance", *settings, "--target-macs", 2, "--tolerance", "nan", "--run", "whole")
refused("nowhere.yaml", *settings, "--table", "nowhere.yaml", "--run", "whole")
(folder / "damaged.json").write_text('{"kind": 3}')
refused("damaged.json", *settings, "--table", "damaged.json", "--run", "whole")
if (folder / "whole/latency.json").exists():
    sys.exit("something was measured before all options were checked")
refused("choose a target in between", *settings, "--target-latency", 100_000, "--run", "whole")
if (folder / "whole/config.json").exists() or [*(folder / "whole/journal").glob("*.jsonl")]:
    sys.exit("a start that was refused bound its folder")
said = done(*settings, "--target-macs", 2, "--random", 2, "--run", "whole")
for words in ("found: ", "random 2: ", "ms measured whole", "6 searched blocks", "4^3 5^3 = 8000", "of the target of 2 M MACs"):
    if words not in said:
        sys.exit(f"'{words}' is missing in {said}")
for name in ("networks/found.onnx", "networks/found.hpp", "networks/found.safetensors", "report.html", "frontier.json"):
    if not (folder / "whole" / name).exists():
        sys.exit(f"{name} is missing")
shown = json.loads((folder / "whole/report.json").read_text())
for network in shown["networks"]:
    if not 1.9e6 <= network["macs"] <= 2.1e6:
        sys.exit(f"a network of {network['macs']} multiply-accumulates is far from the 2 million that were wanted")
same_as_reported(sys.argv[4], folder / "whole/networks/found.safetensors", shown["networks"][0]["accuracy"], shown["networks"][0]["test_accuracy"])
if len(shown["epochs"]) != 4 or any(len(epoch["probabilities"]) != 27 for epoch in shown["epochs"]):
    sys.exit("the report lacks probabilities")

driven.killed(kills, lambda: draw.uniform(0.1, 6), *settings, "--target-macs", 2, "--run", "killed")
if found("killed") != found("whole"):
    sys.exit("a search that was killed found other weights")
done(*settings, "--target", "2M", "--run", "killed")  # the same target, by its unit
if found("killed") != found("whole"):
    sys.exit("a second start of a finished run changed it")

refused("this start has", *settings, "--target-macs", 3, "--run", "whole")
refused("--target-latency", *settings, "--target-latency", "fast", "--run", "other")
refused("target", *settings, "--target-latency", 1, "--target-macs", 2, "--run", "other")
refused("target", *settings, "--target", "1ms", "--target-macs", 2, "--run", "other")
refused("names several budgets", *settings, "--target", "2M,1M", "--run", "other")
refused("cannot be read", *settings, "--target", "2", "--run", "other")
refused("is no latency", *settings, "--target", "2M", "--table", "phone.yaml", "--run", "other")
refused("choose a target in between", *settings, "--target-macs", 50, "--run", "other")
refused("is not known", *settings, "--method", "luck", "--run", "other2")
refused("is not known", *settings, "--loss", "none", "--run", "other3")
refused("proxyless-cifar", *settings, "--space", "nowhere", "--run", "other4")


def rewritten(operation, change):
    """A copy of the whole run with another record of that operation, its checksum made anew."""
    shutil.rmtree(folder / "rewritten", ignore_errors=True)
    shutil.copytree(folder / "whole", folder / "rewritten")
    journal = folder / "rewritten/journal/main.jsonl"
    lines = []
    for line in journal.read_text().splitlines():
        record = json.loads(line)
        record.pop("checksum")
        if record["operation"] == operation:
            change(record["payload"])
        body = json.dumps(record, separators=(",", ":"))[:-1]
        lines.append(f'{body},"checksum":"{zlib.crc32(body.encode()):08x}"}}\n')
    journal.write_text("".join(lines))
    return [*settings, "--target-macs", 2, "--run", "rewritten"]


done(*rewritten("searched", lambda payload: None))  # the same journal, to show that a rewritten one is read
refused("without the probabilities of this space", *rewritten("searched", lambda payload: payload["curve"].clear()))
refused("without the probabilities of this space", *rewritten("searched", lambda payload: payload["curve"][0]["probabilities"].pop()))
refused('"entropy" in record', *rewritten("searched", lambda payload: payload["curve"][1].update(entropy="low")))
refused('"validation" in record', *rewritten("judged", lambda payload: payload.update(validation="good")))
refused("other prices", *rewritten("prices", lambda payload: payload["candidates"].pop()))
refused("other images", *rewritten("conditions", lambda payload: payload.update(images="0")))
rewritten("prices", lambda payload: payload["candidates"].pop())
refused("not one price for each candidate", *settings, "--target-macs", 2, "--beside", "rewritten", "--run", "other5")


def phone(without=""):
    """A table as ProxylessNAS writes it, for the tiny space on 64 x 64 pixels: a phone that is slow at large kernels."""
    rows = {"Conv-input:64x64x3-output:32x32x8": 1.0, "Logits-input:8x8x160-output:1000": 0.5,
            "expanded_conv-input:32x32x8-output:32x32x8-expand:1-kernel:3-stride:1-idskip:1": 0.7, "Conv_1-input:8x8x40-output:8x8x160": 0.4}
    side, channels = 32, 8
    for out, stride in ((16, 1), (24, 2), (40, 2)):
        for first in (True, False):
            after = side // stride if first else side
            for kernel in (3, 5):
                for expand in (3, 6):
                    key = (f"expanded_conv-input:{side}x{side}x{channels}-output:{after}x{after}x{out}-expand:{expand}-kernel:{kernel}"
                           f"-stride:{stride if first else 1}-idskip:{0 if first else 1}")
                    rows[key] = 0.1 * expand * (10 if kernel == 5 else 1)
            side, channels = after, out
    rows.pop(without, None)
    return "".join(f"{key}:\n  count: 10\n  mean: {mean}\n  std: 0.01\n" for key, mean in rows.items())


(folder / "phone.yaml").write_text(phone())
said = done(*settings, "--table", "phone.yaml", "--target-latency", 5, "--beside", "whole", "--run", "phone")
for words in ("on phone.yaml at 64 x 64", "of the target of 5 ms"):
    if words not in said:
        sys.exit(f"'{words}' is missing in {said}")
(folder / "phone.yaml").write_text(phone().replace("mean: 0.7", "mean: 0.8"))
refused("other prices", *settings, "--table", "phone.yaml", "--target-latency", 5, "--run", "phone")
refused("leave --latency-side out", *settings, "--table", "phone.yaml", "--target-latency", 5, "--latency-side", 32, "--run", "side")
latencies = [network["milliseconds"] for network in json.loads((folder / "phone/frontier.json").read_text())["frontier"]]
if not latencies or any(abs(latency - 5) > 1.5 for latency in latencies):
    sys.exit(f"the frontier of a phone has latencies of {latencies} ms, as this machine has them")
devices = [cost["device"] for cost in json.loads((folder / "phone/report.json").read_text())["networks"][1]["costs"]]
if devices != ["phone.yaml"]:  # the other run counted multiply-accumulates, so that it knows no device
    sys.exit(f"the other run's network has latencies on {devices}")
missing = "expanded_conv-input:32x32x16-output:32x32x16-expand:6-kernel:3-stride:1-idskip:1"
(folder / "gap.yaml").write_text(phone(without=missing))
refused(missing, *settings, "--table", "gap.yaml", "--target-latency", 5, "--run", "gap")
refused("no latency", *settings, "--table", "phone.yaml", "--target-macs", 2, "--run", "gap2")
refused("cannot be", *settings, "--table", "nowhere.yaml", "--run", "gap3")
refused("no run of hasse_proxyless", *settings, "--target-macs", 2, "--space", "proxyless-cifar-small", "--beside", "whole", "--run", "small")

# A table that this library measured serves other machines, and so does memory as the limit.
done(*settings, "--random", 1, "--run", "here")
shown = json.loads((folder / "here/report.json").read_text())
for network in shown["networks"][1:]:  # drawn at random: without a target they cost what the found network costs
    if abs(network["milliseconds"] / shown["networks"][0]["milliseconds"] - 1) > 0.0501:
        sys.exit(f"a random network takes {network['milliseconds']} ms, the found one {shown['networks'][0]['milliseconds']} ms")
done(*settings, "--table", "here/latency.json", "--run", "there")

# A search keeps to its device and to its table; what the refusals say to do works.
table, config = (folder / "here/latency.json"), (folder / "here/config.json")
begun = json.loads(config.read_text())
config.write_text(json.dumps({**begun, "cores": begun["cores"] + 1}))
refused("was begun with cores = ", *settings, "--random", 1, "--run", "here")
config.write_text(json.dumps(begun))
table.rename(folder / "kept.json")
refused("give the table back that it was begun with", *settings, "--random", 1, "--run", "here")
(folder / "kept.json").rename(table)
done(*settings, "--random", 1, "--run", "here")
said = done(*settings, "--target-memory", 150, "--run", "memory")
if "KB, " not in said or "of the target of 150 KB" not in said:
    sys.exit(f"the memory is missing in {said}")
shutil.rmtree(folder)
print(f"{driven.landed} of {kills} kills landed; weights equal")
