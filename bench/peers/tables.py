#!/usr/bin/env python3
"""Writes the tables of docs/benchmarks.md from a file of bench/peers/run.py: tables.py RESULTS.json [PAGE]. A file of a GPU fills those
whose names begin with gpu_, a file of the processor the others.

Every table stands between <!-- begin NAME --> and <!-- end NAME --> and is replaced; the rest of the page stays. Ratios are medians
over rounds of one run, peer / hasse; what the file lacks is "not measured"."""
import json
import math
import pathlib
import re
import statistics
import sys

PEERS = {"onnxruntime": "ONNX Runtime", "onnxruntime-no-spinning": "ONNX Runtime, not spinning", "openvino": "OpenVINO",
         "torch-eager": "PyTorch eager", "torch-script": "PyTorch TorchScript", "torch-compile": "PyTorch compiled"}
TITLES = {"resnet18": "ResNet-18", "resnet50": "ResNet-50", "df1": "DF1", "df2": "DF2", "df2a": "DF2A", "mobilenet_v2": "MobileNetV2", "mnasnet_a1": "MnasNet-A1",
          "proxyless_cpu": "Proxyless-CPU", "proxyless_gpu": "Proxyless-GPU", "proxyless_mobile": "Proxyless-Mobile",
          "mobilenet_v3_large": "MobileNet v3-Large", "efficientnet_b0": "EfficientNet-B0", "resnet20": "ResNet-20, 32x32",
          "mobilenet_v2_cifar": "MobileNetV2, 32x32", "resnet18_cifar": "ResNet-18, 32x32", "df_small_a": "df-small `[(16),(64),(128)]`",
          "df_small_b": "df-small `[(16,16,32),(64),(128,128)]`", "df_small_c": "df-small `[(64,64),(128,128),(256,256)]`"}
GPU_PEERS = {"torch-cuda-eager": "PyTorch eager", "torch-cuda-graph": "PyTorch, CUDA graph", "torch-cuda-compile": "PyTorch compiled",
             "torch-cuda-reduce-overhead": "PyTorch compiled, reduce-overhead"}
GPU_NUMBERS = ["float", "tf32", "bf16", "fp16"]
GPU_TRAININGS = [("resnet18", 256), ("mobilenet_v2", 256), ("resnet18_cifar", 512), ("mobilenet_v2_cifar", 512)]
GPU_NETWORKS = ["df1", "df2", "df2a", "resnet18", "resnet50", "mobilenet_v2"]
LARGE = ["resnet18", "df1", "df2", "mobilenet_v2", "mnasnet_a1", "proxyless_cpu", "proxyless_gpu", "proxyless_mobile",
         "mobilenet_v3_large", "efficientnet_b0"]
SMALL = ["resnet20", "mobilenet_v2_cifar", "df_small_a", "df_small_b", "df_small_c"]
NOTHING = "not measured"


def number(value):
    """Three digits that matter."""
    return f"{value:.{max(0, 2 - math.floor(math.log10(value)))}f}" if value > 0 else "0"


def times(value):
    return f"{value:.2f}x"


class Results:
    def __init__(self, path):
        self.all = json.loads(path.read_text())

    def job(self, name):
        return self.all["jobs"].get(name)

    def jobs(self, kind):
        return {name.split()[1]: job for name, job in self.all["jobs"].items() if name.startswith(kind + " ")}

    def roofs(self, which):
        """By the number of threads, or by the number type on a GPU."""
        job = self.job(f"machine {which}")
        return {key: max(values) for key, values in job["facts"]["hasse"].items()} if job else None


def best(job, names):
    """The fastest of these contestants by its median over everything, or None."""
    present = [name for name in names if job and name in job["ms"]]
    return min(present, key=lambda name: job["ms"][name]["median"]) if present else None


def ratio(job, peer, ours):
    """Median of peer / ours over the rounds that have both, or None."""
    rounds = [each[peer] / each[ours] for each in job["rounds"] if peer in each and ours in each] if job and peer and ours else []
    return statistics.median(rounds) if rounds else None


def geometric(values):
    return math.exp(statistics.mean(map(math.log, values)))


def own(job):
    return [name for name in (job["ms"] if job else []) if name.startswith("hasse")]


def library(job):
    return [name for name in (job["ms"] if job else []) if name.startswith("oneDNN")]


def table(heads, rows):
    return "\n".join(["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads), *("| " + " | ".join(row) + " |" for row in rows)])


# The table of targets. Each row: what, target as text, [(label, ratio, target, peer)].

def networks_row(results, what, names, one, two):
    entries = []
    for name in names:
        for threads, target in ((1, one), (2, two)):
            job = results.job(f"networks {name} {threads}")
            peer = best(job, PEERS)
            entries.append((f"{TITLES[name]}, {threads}", ratio(job, peer, "hasse"), target, PEERS.get(peer)))
    return what + ", batch 1, 1 / 2 threads", f"{one}x / {two}x", entries


def training_row(results, what, names, batch, target):
    entries = []
    for name in names:
        job = results.job(f"training {name} {batch} 2")
        peer = best(job, PEERS)
        entries.append((TITLES[name], ratio(job, peer, "hasse"), target, PEERS.get(peer)))
    return f"training step, 2 threads, batch {batch}: {what}", f"{target}x", entries


def depthwise_row(results, which, target):
    entries = []
    for kernel in (3, 5):
        for stride in (1, 2):
            found = [ratio(job, best(job, library(job)), best(job, own(job))) for name, job in results.jobs("kernels").items()
                     if name.startswith(f"depthwise{kernel}x{kernel}_s{stride}_") and re.search(f"_{which}(_batch|$)", name)]
            found = [each for each in found if each]
            entries.append((f"{kernel}x{kernel} stride {stride}", geometric(found) if found else None, target, "oneDNN"))
    return f"depthwise, {which.replace('_', ' ')} (geometric means)", f"{target}x", entries


def winograd_row(results):
    found = {name: ratio(job, "oneDNN, Winograd", best(job, [each for each in own(job) if "winograd" in each or each == "hasse"]))
             for name, job in results.jobs("kernels").items() if name.startswith("dense3x3") and "relu6" not in name}
    return "Winograd 3x3, against oneDNN's", "1.0x", [(name, each, 1.0, "oneDNN") for name, each in found.items() if each] or [("", None, 1.0, None)]


def bottleneck_row(results):
    entries = []
    job = results.job("blocks inverted3x3_56x56x24_to_24 1")
    entries.append(("56x56x24 against oneDNN's three", ratio(job, "oneDNN", "hasse"), 1.3, "oneDNN"))
    blocks = {name: job for name, job in results.jobs("blocks").items() if name.startswith("inverted")}
    found = [ratio(job, best(job, ["oneDNN", "hasse, layer by layer"]), "hasse") for job in blocks.values()]
    found = [each for each in found if each]
    entries.append(("geometric mean against the best separate kernels", geometric(found) if found else None, 1.0, ""))
    entries.append(("slowest against the best separate kernels (3 % is noise)", min(found) if found else None, 0.97, ""))
    return "inverted bottleneck as chosen", "1.3x at 56x56x24; never slower", entries


def bf16_row(results):
    entries = [(f"{TITLES[name]}, {threads}", ratio(results.job(f"networks {name} {threads}"), "oneDNN", "hasse-bf16"), 1.8, "our fp32, direct")
               for name in LARGE + SMALL for threads in (1, 2) if results.job(f"networks {name} {threads}")]
    return "bf16 against our own fp32 direct", "1.8x", entries or [("", None, 1.8, None)]


def joining_row(results, what, names, percent):
    entries = []
    for name in names:
        for threads in (1, 2):
            job = results.job(f"steps {name} {threads}")
            if job:  # as a ratio that is met from above: sum / whole
                entries.append((f"{TITLES[name]}, {threads}", ratio(job, "sum of steps", "whole"), 1 / (1 + percent / 100), "own kernels alone"))
    return f"whole network over the sum of its own kernels, {what}", f"<= {percent} %", entries or [("", None, 1, None)]


def memory_row(results):
    entries = []
    for name, job in results.jobs("training").items():
        ours, theirs = (job["facts"].get(each, {}).get("megabytes") for each in ("hasse", "torch-eager"))
        if ours and theirs:
            entries.append((TITLES[name], theirs / ours, 1 / 0.7, "PyTorch eager"))
    return "peak training memory against PyTorch", "<= 0.7x (1.43x less)", entries or [("", None, 1, None)]


def targets(results):
    rows = [networks_row(results, "ResNet-18", ["resnet18"], 1.5, 1.65), networks_row(results, "DF1, DF2", ["df1", "df2"], 1.4, 1.4),
            networks_row(results, "mobile networks", ["mobilenet_v2", "mnasnet_a1", "proxyless_cpu", "proxyless_gpu", "proxyless_mobile"], 1.3, 1.6),
            networks_row(results, "with squeeze-excite and hard-swish", ["mobilenet_v3_large", "efficientnet_b0"], 1.3, 1.5),
            networks_row(results, "at 32x32", SMALL, 1.4, 1.7), bf16_row(results), depthwise_row(results, "forward", 1.8),
            depthwise_row(results, "backward_data", 1.8), depthwise_row(results, "backward_weights", 1.8), bottleneck_row(results),
            winograd_row(results), joining_row(results, "224", LARGE, 3), joining_row(results, "32x32", SMALL, 5),
            training_row(results, "ResNet-18, 32x32", ["resnet18_cifar"], 64, 1.8), training_row(results, "MobileNetV2, 32x32", ["mobilenet_v2_cifar"], 64, 1.7),
            training_row(results, "ResNet-20, df-small", ["resnet20", "df_small_a", "df_small_b", "df_small_c"], 64, 1.3),
            training_row(results, "224x224", ["resnet18", "mobilenet_v2"], 16, 1.5), memory_row(results)]
    return targets_table(rows)


def targets_table(rows):
    lines = []
    for what, target, entries in rows:
        measured = [entry for entry in entries if entry[1]]
        cells = [f"{label}{': ' if label else ''}{times(value)}{f' ({peer})' if peer else ''}{'' if value >= wanted else ' **missed**'}"
                 for label, value, wanted, peer in measured]
        met = sum(value >= wanted for _, value, wanted, _ in measured)
        lines.append([what, target, f"{met} of {len(entries)}" if measured else NOTHING, "; ".join(cells) or NOTHING])
    return table(["what", "target", "met", "measured (against)"], lines)


def inference(results):
    rows = []
    for threads in (1, 2):
        for name in LARGE + SMALL:
            job = results.job(f"networks {name} {threads}")
            if not job:
                rows.append([TITLES[name], str(threads)] + [NOTHING] * 5)
                continue
            peer = best(job, PEERS)
            others = ", ".join(f"{PEERS[each]} {number(job['ms'][each]['median'])}" for each in PEERS if each in job["ms"] and each != peer)
            others += "".join(f", {PEERS.get(each, each)}: {why}" for each, why in job["errors"].items())
            mine = job["ms"].get("hasse")
            rows.append([TITLES[name], str(threads), f"{number(mine['median'])} ({number(mine['p10'])} to {number(mine['p90'])})" if mine else NOTHING,
                         number(job["ms"]["oneDNN"]["median"]) if "oneDNN" in job["ms"] else NOTHING,
                         number(job["ms"]["hasse-bf16"]["median"]) if "hasse-bf16" in job["ms"] else NOTHING,
                         f"{PEERS[peer]} {number(job['ms'][peer]['median'])}, {times(ratio(job, peer, 'hasse'))}" if peer and mine else NOTHING, others])
    return table(["network", "threads", "hasse, ms (p10 to p90)", "hasse with oneDNN's kernels only", "hasse bf16", "best peer, ratio", "the other peers, ms"], rows)


def training(results):
    rows = []
    for job_name, job in results.all["jobs"].items():
        if not job_name.startswith("training "):
            continue
        _, name, batch, threads = job_name.split()
        peer = best(job, PEERS)
        megabytes = {each: job["facts"].get(each, {}).get("megabytes") for each in ("hasse", "hasse-bf16", "torch-eager")}
        rows.append([f"{TITLES[name]}, batch {batch}", *(number(job["ms"][each]["median"]) if each in job["ms"] else NOTHING
                                                         for each in ("hasse", "oneDNN", "hasse-bf16", "torch-eager", "torch-compile")),
                     times(ratio(job, peer, "hasse")) if peer and "hasse" in job["ms"] else NOTHING,
                     " / ".join(f"{value:.0f}" if value else "-" for value in megabytes.values())])
    return table(["network", "hasse, ms", "oneDNN's kernels", "bf16", "PyTorch eager", "compiled", "best peer / hasse", "peak MB: hasse / bf16 / PyTorch eager"],
                 rows or [[NOTHING] * 8])


def floor_ms(roofs, operations, total_bytes):
    """The time below which no code can get: arithmetic at the roof, or every byte once from where so many of them fit."""
    level = "gbs_l2" if total_bytes < 768 << 10 else "gbs_l3" if total_bytes < 24 << 20 else "gbs_memory"
    return max(operations / roofs["gflops"], total_bytes / roofs[level]) / 1e6


def kernels(results):
    roofs, rows = results.roofs(1), []
    for name, job in results.jobs("kernels").items():
        mine, theirs, facts = best(job, own(job)), best(job, library(job)), job["facts"]["hasse"]
        floor = floor_ms(roofs, facts["operations"], facts["bytes"]) if roofs else None
        time = job["ms"][mine]["median"] if mine else None
        rows.append([f"`{name}`", number(facts["operations"] / 1e6), number(facts["bytes"] / 1e6), number(floor) if floor else NOTHING,
                     f"{number(time)}, {facts['implementations'][mine]}" if mine else "no code of our own", f"{time / floor:.2f}" if time and floor else "-",
                     f"{number(job['ms'][theirs]['median'])}, {facts['implementations'][theirs]}" if theirs else "-",
                     times(ratio(job, theirs, mine)) if mine and theirs else "-"])
    return table(["kernel, one thread", "MFLOP", "MB", "floor, ms", "hasse, ms", "time / floor", "best of oneDNN, ms", "ratio"], rows or [[NOTHING] * 8])


def blocks(results):
    rows = []
    for name, job in results.jobs("blocks").items():
        implementations = job["facts"]["hasse"]["implementations"]["hasse"]
        rows.append([f"`{name}`", *(number(job["ms"][each]["median"]) if each in job["ms"] else NOTHING for each in ("hasse", "hasse, layer by layer", "oneDNN")),
                     times(ratio(job, "hasse, layer by layer", "hasse") or 0), times(ratio(job, "oneDNN", "hasse") or 0), ", ".join(implementations)])
    return table(["block, one thread", "hasse, ms", "layer by layer", "oneDNN's kernels", "layer by layer / hasse", "oneDNN / hasse", "what was chosen"], rows or [[NOTHING] * 7])


def joining(results):
    rows = []
    for name in LARGE + SMALL:
        for threads in (1, 2):
            job, roofs = results.job(f"steps {name} {threads}"), results.roofs(threads)
            if not job:
                continue
            steps, whole = job["facts"]["hasse"]["steps"], job["ms"]["whole"]["median"]
            floor = sum(floor_ms(roofs, step["operations"], step["bytes"]) for step in steps) if roofs else None
            over = ratio(job, "whole", "sum of steps")
            rows.append([TITLES[name], str(threads), str(len(steps)), number(whole), f"{100 * (over - 1):+.1f} %", number(floor) if floor else NOTHING,
                         f"{whole / floor:.2f}" if floor else "-"])
    return table(["network", "threads", "steps", "whole, ms", "over its kernels alone", "floor, ms", "time / floor"], rows or [[NOTHING] * 7])


# The tables of a GPU.

def first_peer(job):
    return best(job, GPU_PEERS)


def gpu_conditions(results):
    machine, versions = results.all["machine"], results.all["versions"]
    if not results.all["jobs"]:
        return NOTHING[0].upper() + NOTHING[1:] + "."
    lines = [f"{machine.get('name', 'unknown GPU')} ({machine.get('features', '')}), {machine.get('cores', '?')} multiprocessors; {machine.get('notes', '')}; "
             f"hasse by {versions.get('hasse', '?')} with {versions.get('library', '?')}.",
             "Peer: " + ", ".join(f"{name} {version}" for name, version in sorted(versions.items()) if name.startswith("torch")) + "."]
    for name in GPU_NUMBERS:
        if roofs := results.roofs(name):
            lines.append(f"Roofs in {name}: {roofs['gflops'] / 1e3:.1f} TFLOP/s (a product of 8192 x 8192), {roofs['gbs_memory']:.0f} GB/s (a copy of 1 GiB).")
    return "\n".join(lines)


def gpu_kernels(results, pattern, which):
    """The kernels of a number type whose names fit."""
    found = {tuple(name.split()[1:]): job for name, job in results.all["jobs"].items() if name.startswith("kernels ")}
    return {name: job for (name, numbers), job in found.items() if numbers == which and re.search(pattern, name)}


def gpu_targets(results):
    rows = []
    entries = []
    for name, batch in GPU_TRAININGS:
        job = results.job(f"training {name} {batch} bf16")
        entries.append((f"{TITLES[name]}, batch {batch}", ratio(job, first_peer(job), "hasse"), 1.2, GPU_PEERS.get(first_peer(job))))
    rows.append(("training, bf16, images per second", "1.2x", entries))
    for each in GPU_NUMBERS:
        entries = []
        for name in GPU_NETWORKS:
            job = results.job(f"networks {name} {each}")
            entries.append((TITLES[name], ratio(job, first_peer(job), "hasse"), 1 / 0.7, GPU_PEERS.get(first_peer(job))))
        rows.append((f"latency at batch 1, {each}", "<= 0.7x (1.43x faster)", entries))
    for which in ("forward", "backward_data", "backward_weights"):
        entries = [(name, ratio(job, "library", "hasse"), 2.0, "cuDNN") for name, job in gpu_kernels(results, f"^depthwise.*_{which}_", "bf16").items()]
        rows.append((f"depthwise, {which.replace('_', ' ')}, bf16", "2x", entries or [("", None, 2.0, None)]))
    for which in ("inference", "forward", "backward_data", "backward_weights"):
        entries = [(name, ratio(job, "library", "hasse"), 0.7, "the library's best plan alone")
                   for name, job in gpu_kernels(results, f"^dense.*_{which}_", "bf16").items()]
        rows.append((f"dense layers, {which.replace('_', ' ')}, bf16", "0.7x", entries or [("", None, 0.7, None)]))
    return targets_table(rows)


def gpu_training(results):
    rows = []
    for name, batch in GPU_TRAININGS:
        job = results.job(f"training {name} {batch} bf16")

        def rate(contestant):
            return number(1e3 * batch / job["ms"][contestant]["median"]) if job and contestant in job["ms"] else NOTHING

        rows.append([f"{TITLES[name]}, {'32x32' if 'cifar' in name else '224x224'}, batch {batch}".replace("32x32, 32x32", "32x32"), rate("hasse"),
                     *(rate(each) for each in GPU_PEERS if each != "torch-cuda-graph"),
                     times(ratio(job, first_peer(job), "hasse")) if ratio(job, first_peer(job), "hasse") else NOTHING, refused(job)])
    return table(["network, bf16, images per second", "hasse", *(title for each, title in GPU_PEERS.items() if each != "torch-cuda-graph"), "hasse / best peer", "out"], rows)


def refused(job):
    return "; ".join(f"{GPU_PEERS.get(each, each)}: {why}" for each, why in job["errors"].items()) or "-" if job else NOTHING


def gpu_latency(results):
    rows = []
    for name in GPU_NETWORKS:
        for each in GPU_NUMBERS:
            job = results.job(f"networks {name} {each}")

            def both(contestant):
                if not job or contestant not in job["ms"]:
                    return NOTHING
                waited = job["facts"].get(contestant, {}).get("waited_ns")
                return number(job["ms"][contestant]["median"]) + (f" ({number(statistics.median(waited) / 1e6)})" if waited else "")

            found = ratio(job, first_peer(job), "hasse")
            rows.append([TITLES[name], each, *map(both, ["hasse", *GPU_PEERS]), times(1 / found) if found else NOTHING, refused(job)])
    return table(["network", "number", "hasse, ms (waited for)", *GPU_PEERS.values(), "hasse / best peer", "out"], rows)


def gpu_pairs(results):
    rows = []
    for ours, theirs, published in (("df1", "resnet18", "43 %"), ("df2a", "resnet50", "39 %")):
        for each in GPU_NUMBERS:
            pair = [results.job(f"networks {name} {each}") for name in (ours, theirs)]
            found = [job["ms"]["hasse"]["median"] for job in pair if job and "hasse" in job["ms"]]
            rows.append([f"{TITLES[ours]} and {TITLES[theirs]}", each, *(map(number, found) if len(found) == 2 else [NOTHING] * 2),
                         f"{100 * (1 - found[0] / found[1]):.0f} %" if len(found) == 2 else NOTHING, published])
    return table(["networks", "number", "the first, ms", "the second, ms", "less", "published"], rows)


def gpu_roofline(results):
    rows = []
    for which in ("bf16", "float"):
        roofs, plain = results.roofs(which), results.roofs("float")
        for name, job in gpu_kernels(results, "", which).items():
            if "hasse" not in job["ms"]:
                rows.append([f"`{name}`", which] + [NOTHING] * 6 + ["; ".join(job["errors"].values())])
                continue
            facts = job["facts"]["hasse"]
            rates = roofs if name.startswith("dense") else plain  # kernels of ours compute on the plain cores
            floor = max(facts["operations"] / rates["gflops"], facts["bytes"] / roofs["gbs_memory"]) / 1e6 if roofs and rates else None
            time, library_time = job["ms"]["hasse"]["median"], job["ms"].get("library", {}).get("median")
            rows.append([f"`{name}`", which, number(facts["bytes"] / 1e6), number(facts["operations"] / 1e9), number(1e3 * floor) if floor else NOTHING,
                         number(1e3 * time), f"{time / floor:.2f}" if floor else NOTHING,
                         f"{number(1e3 * library_time)}, {times(ratio(job, 'library', 'hasse'))}" if library_time else "-",
                         facts["implementations"]["hasse"]])
    return table(["kernel", "number", "MB", "GFLOP", "floor, us", "hasse, us", "time / floor", "the library's best plan, us; over hasse", "what ran"],
                 rows or [[NOTHING] * 9])


def gpu_blocks(results):
    rows = []
    for name, job in results.jobs("blocks").items():
        if {"hasse", "hasse, joined"} <= job["ms"].keys():
            facts = job["facts"]["hasse"]["implementations"]
            rows.append([f"`{name}`", number(1e3 * job["ms"]["hasse"]["median"]), facts["hasse"], number(1e3 * job["ms"]["hasse, joined"]["median"]), facts["hasse, joined"],
                         times(ratio(job, "hasse, joined", "hasse"))])
    return table(["block, bf16, batch 1", "as chosen, us", "in", "joined, us", "in", "joined / as chosen"], rows or [[NOTHING] * 6])


def conditions(results):
    machine, versions = results.all["machine"], results.all["versions"]
    lines = [f"{machine.get('name', 'unknown processor')}, {machine.get('cores', '?')} cores ({machine.get('features', '')}); {machine.get('notes', '')}; "
             f"Python {machine['python']}; hasse by {versions.get('hasse', '?')} with {versions.get('library', '?')}."]
    lines.append("Peers: " + ", ".join(f"{name} {versions[name]}" for name in ("onnxruntime", "openvino", "torch") if name in versions) + ".")
    for threads in (1, 2):
        if roofs := results.roofs(threads):
            lines.append(f"Roofs with {threads} thread{'s' if threads > 1 else ''}: {roofs['gflops']:.0f} GFLOP/s; reads of {roofs['gbs_l1']:.0f} (L1), "
                         f"{roofs['gbs_l2']:.0f} (L2), {roofs['gbs_l3']:.0f} (L3), {roofs['gbs_memory']:.0f} GB/s (memory).")
    loads = [job["load"] for job in results.all["jobs"].values()]
    lines.append(f"{len(loads)} jobs; load of the machine after each: median {statistics.median(loads):.1f}, most {max(loads):.1f}.")
    return "\n".join(lines)


def main():
    results = Results(pathlib.Path(sys.argv[1]))
    page = pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else pathlib.Path(__file__).resolve().parents[2] / "docs/benchmarks.md"
    text = page.read_text()
    on_gpu = results.all.get("device", "cpu") != "cpu"
    for make in ((gpu_conditions, gpu_targets, gpu_training, gpu_latency, gpu_pairs, gpu_roofline, gpu_blocks) if on_gpu else
                 (conditions, targets, inference, training, joining, blocks, kernels)):
        begin, end = f"<!-- begin {make.__name__} -->", f"<!-- end {make.__name__} -->"
        if begin not in text or end not in text:
            sys.exit(f"{page} has no place for the table {make.__name__}: write {begin} and {end}")
        before, rest = text.split(begin, 1)
        text = before + begin + "\n" + make(results) + "\n" + end + rest.split(end, 1)[1]
    page.write_text(text)
    print(f"{page}: {len(results.all['jobs'])} jobs of {sys.argv[1]}")


if __name__ == "__main__":
    main()
