#!/usr/bin/env python3
"""A detector's latency in parts - backbone, heads, decoding with suppression - for the four published MobileDets at 320x320, one picture,
beside ONNX Runtime on the exported raw graph.

  bench/peers/setup.sh                                                  once: an interpreter with ONNX Runtime, build/peers
  cmake --build --preset release --target bench_detectors
  build/peers/bin/python bench/detectors/parts.py --bench build/release/bench/bench_detectors --out bench/results/detectors-MACHINE.json

All contestants are visited in turn, round after round, and what is compared are the medians of one round's visits: what disturbs the machine
for longer than a round disturbs all of them. The heads are what the whole takes beyond the backbone alone. Where other work takes the cores away,
--own-time counts the time that the only thread runs, and no waiting.
"""
import argparse
import json
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import tempfile
import time

import numpy
import onnxruntime

NETWORKS = ["mobiledet_cpu", "mobiledet_edgetpu", "mobiledet_dsp", "mobiledet_gpu"]
PARTS = ["whole", "backbone", "decoding", "decoding_0.01", "decoding_all"]


def processor():
    facts = dict(line.split(":", 1) for line in pathlib.Path("/proc/cpuinfo").read_text().split("\n\n")[0].splitlines() if ":" in line)
    name, family, model = ({key.strip(): value.strip() for key, value in facts.items()}.get(key, "?") for key in ("model name", "cpu family", "model"))
    return f"{name} (family {family} model {model})"


class Session:
    """`spinning`: whether waiting threads burn their core."""

    def __init__(self, path, threads, spinning):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
        options.add_session_config_entry("session.intra_op.allow_spinning", "1" if spinning else "0")
        options.add_session_config_entry("session.set_denormal_as_zero", "1")
        self.session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        self.binding = self.session.io_binding()
        image = numpy.random.default_rng(2).uniform(-1, 1, self.session.get_inputs()[0].shape).astype(numpy.float32)
        self.image = onnxruntime.OrtValue.ortvalue_from_numpy(image)
        self.binding.bind_ortvalue_input("images", self.image)
        for output in self.session.get_outputs():
            self.binding.bind_output(output.name)

    def visit(self, milliseconds, own):
        clock = time.thread_time_ns if own else time.perf_counter_ns
        run, samples = self.session.run_with_iobinding, []
        run(self.binding)
        end = time.perf_counter() + milliseconds / 1000
        while len(samples) < 3 or time.perf_counter() < end:
            begin = clock()
            run(self.binding)
            samples.append(clock() - begin)
        return samples


def measure(options, folder, name, threads):
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads)}
    worker = subprocess.Popen([options.bench, folder, name, str(threads)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)
    assert worker.stdout.readline() == "ready\n", "bench_detectors does not start"

    def asked(part):
        def visit(milliseconds, own):
            worker.stdin.write(f"{part} {milliseconds} {'own' if own else 'wall'}\n")
            worker.stdin.flush()
            return [int(each) for each in worker.stdout.readline().split()]
        return visit

    path = pathlib.Path(folder) / f"{name}.onnx"
    visits = {part: asked(part) for part in PARTS}
    visits |= {f"onnxruntime{'' if spinning else ' no spinning'}": Session(path, threads, spinning).visit for spinning in (True, False)}
    rounds = []
    for turn in range(options.rounds):
        order = list(visits)
        order = order[turn % len(order):] + order[:turn % len(order)]
        found = {which: statistics.median(visits[which](options.milliseconds, options.own_time)) / 1e6 for which in order}
        rounds.append(found)
    worker.stdin.close()
    worker.wait()

    def middle(of):
        return round(statistics.median(of(each) for each in rounds), 4)

    def theirs(each):
        return min(each["onnxruntime"], each["onnxruntime no spinning"])

    return {
        "network": name, "threads": threads, "rounds": len(rounds),
        "milliseconds": {"whole": middle(lambda each: each["whole"]), "backbone": middle(lambda each: each["backbone"]),
                         "heads": middle(lambda each: each["whole"] - each["backbone"]), "decoding": middle(lambda each: each["decoding"]),
                         "decoding_0.01": middle(lambda each: each["decoding_0.01"]), "decoding_all": middle(lambda each: each["decoding_all"]),
                         "onnxruntime": middle(theirs)},
        "times_as_fast_as_onnxruntime": middle(lambda each: theirs(each) / each["whole"]),
        "worst_and_best_round": [round(pick(theirs(each) / each["whole"] for each in rounds), 3) for pick in (min, max)],
        "share_of_decoding": middle(lambda each: each["decoding"] / (each["whole"] + each["decoding"])),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bench", required=True, help="the program bench_detectors")
    parser.add_argument("--out", required=True, help="file for the figures (JSON)")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--milliseconds", type=float, default=150, help="of a visit")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--note", default="", help="what else ran on the machine")
    parser.add_argument("--own-time", action="store_true", help="the processor's time of the thread instead of the wall clock; one thread only")
    options = parser.parse_args()
    if options.own_time and options.threads != [1]:
        sys.exit("--own-time counts one thread; give --threads 1 with it")
    results = []
    with tempfile.TemporaryDirectory() as folder:
        for name in NETWORKS:
            for threads in options.threads:
                results.append(measure(options, folder, name, threads))
                print(json.dumps(results[-1]), flush=True)
    load = os.getloadavg()[1]
    pathlib.Path(options.out).write_text(json.dumps({
        "processor": processor(), "threads_of_machine": os.cpu_count(), "load_of_five_minutes": round(load, 1), "note": options.note, "clock": "the thread's own time" if options.own_time else "wall",
        "onnxruntime": onnxruntime.__version__, "date": time.strftime("%Y-%m-%d"), "results": results}, indent=1) + "\n")


main()
