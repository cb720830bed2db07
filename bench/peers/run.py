#!/usr/bin/env python3
"""Measures hasse beside its peers: rounds in which every contestant runs the same work in turn, kept in a file that tables.py reads.

  bench/peers/setup.sh                                          once: the peers' private environment, build/peers
  cmake --build --preset release --target hasse_bench
  bench/peers/run.py --bench build/release/bench/hasse_bench --out bench/results/machine.json
  bench/peers/run.py --device cuda --out bench/results/gpu.json         a GPU's figures, beside PyTorch there (gpu.sh does it all)

Stop it at any moment: what is done is kept, and the same command goes on. Run it on a machine that does nothing else. --only and
--again take regular expressions over job names such as "networks resnet18 1" or "training mobilenet_v2 16 2" (--list prints them).
Needs nothing but Python; every contestant is a process of its own.
"""
import argparse
import datetime
import json
import os
import pathlib
import platform
import re
import select
import signal
import statistics
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
# How far from the exported outputs (relative to the largest) and from the first loss of hasse a contestant may be.
TOLERANCE = {"hasse-bf16": (0.15, 1e-2)}
TOLERANCE_OF_NUMBER = {"tf32": (2e-2, 1e-2), "bf16": (0.15, 1e-2), "fp16": (2e-2, 1e-2)}

LARGE = ["resnet18", "df1", "df2", "mobilenet_v2", "mnasnet_a1", "proxyless_cpu", "proxyless_gpu", "proxyless_mobile",
         "mobilenet_v3_large", "efficientnet_b0"]
SMALL = ["resnet20", "mobilenet_v2_cifar", "df_small_a", "df_small_b", "df_small_c"]
TRAININGS = [("resnet18_cifar", 64), ("mobilenet_v2_cifar", 64), ("resnet20", 64), ("df_small_a", 64), ("df_small_b", 64),
             ("df_small_c", 64), ("resnet18", 16), ("mobilenet_v2", 16)]
# Our own contestants: all kernels, oneDNN's direct ones alone, bfloat16.
OWN = {"hasse": ["--kernels", "measured"], "oneDNN": ["--kernels", "library"], "hasse-bf16": ["--number", "bf16"]}
INFERENCE_PEERS = ["onnxruntime", "onnxruntime-no-spinning", "openvino", "torch-eager", "torch-script", "torch-compile"]
TRAINING_PEERS = ["torch-eager", "torch-compile"]

# On a GPU.
GPU_NUMBERS = ["bf16", "fp16", "tf32", "float"]
GPU_TRAININGS = [("resnet18", 256), ("mobilenet_v2", 256), ("resnet18_cifar", 512), ("mobilenet_v2_cifar", 512)]
GPU_NETWORKS = ["df1", "df2", "df2a", "resnet18", "resnet50", "mobilenet_v2"]
GPU_INFERENCE_PEERS = ["torch-cuda-eager", "torch-cuda-graph", "torch-cuda-compile", "torch-cuda-reduce-overhead"]
GPU_TRAINING_PEERS = ["torch-cuda-eager", "torch-cuda-compile", "torch-cuda-reduce-overhead"]


class Contestant:
    """A worker process that answers lines with JSON."""

    def __init__(self, command, environment, errors):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, env=environment,
                                        start_new_session=True)  # Ctrl-C is ours to handle

    def ask(self, line, limit):
        try:
            self.process.stdin.write((line + "\n").encode())
            self.process.stdin.flush()
        except BrokenPipeError:
            return {"error": "the process has ended"}
        return self.read(limit)

    def read(self, limit):
        ready, _, _ = select.select([self.process.stdout], [], [], limit)
        if not ready:
            self.stop()
            return {"error": f"no answer within {limit} s"}
        line = self.process.stdout.readline()
        return json.loads(line) if line else {"error": "the process has ended"}

    def stop(self):
        self.process.kill()
        self.process.wait()


def command_of(name, options, threads, number):
    """`number`: what a GPU computes in; the processor's contestants have it in their names."""
    if name in OWN:
        on_gpu = ["--device", options.device, "--number", number] if number else []
        return [options.bench, "--networks", options.networks, "--threads", str(threads), *OWN[name], *on_gpu]
    return [str(pathlib.Path(options.peers) / "bin/python"), str(HERE / "peers.py"), name, options.networks, str(threads),
            *([number, options.device] if number else [])]


def environment_of(name, options, threads):
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("OMP_", "GOMP_", "KMP_", "MKL_", "DNNL_"))}
    environment["OMP_NUM_THREADS"] = str(threads)
    if name.startswith("torch"):  # memory stays with the process instead of going back to the system after every tensor
        environment |= {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": str(1 << 34), "MALLOC_TOP_PAD_": str(64 << 20),
                        "TORCHINDUCTOR_CACHE_DIR": str(pathlib.Path(options.peers).resolve() / "inductor")}
        if options.device == "cpu":
            environment["TORCHINDUCTOR_COMPILE_THREADS"] = "1"
    return environment


def names_from(options, what):
    return subprocess.run([options.bench, "--device", options.device, "--what", what], check=True, capture_output=True, text=True).stdout.split()


def gpu_jobs(options):
    """As jobs_of; those that the most depends on come first."""
    threads = os.cpu_count() or 1
    jobs = [(f"machine {number}", ["hasse"], "machine all", threads, number) for number in GPU_NUMBERS]
    jobs += [(f"training {name} {batch} bf16", ["hasse", *GPU_TRAINING_PEERS], f"training {name} {batch}", threads, "bf16")
             for name, batch in GPU_TRAININGS]
    jobs += [(f"networks {name} {number}", ["hasse", *GPU_INFERENCE_PEERS], f"networks {name}", threads, number)
             for number in GPU_NUMBERS for name in GPU_NETWORKS]
    kernels = names_from(options, "kernels")
    jobs += [(f"kernels {name} {number}", ["hasse"], f"kernels {name}", threads, number) for number in ("bf16", "float") for name in kernels]
    jobs += [(f"blocks {name} bf16", ["hasse"], f"blocks {name}", threads, "bf16") for name in names_from(options, "blocks")]
    return jobs


def jobs_of(options):
    """(name, contestants, line without milliseconds, threads, number of a GPU or None)."""
    if options.device != "cpu":
        return [job for job in gpu_jobs(options) if re.search(options.only, job[0])]
    known = set(names_from(options, "networks"))
    jobs = [(f"machine {threads}", ["hasse"], "machine all", threads, None) for threads in (1, 2)]
    for name in LARGE + SMALL:
        if name in known:
            jobs += [(f"networks {name} {threads}", [*OWN, *INFERENCE_PEERS], f"networks {name}", threads, None) for threads in (1, 2)]
            jobs += [(f"steps {name} {threads}", ["hasse"], f"steps {name}", threads, None) for threads in (1, 2)]
    for name, batch in TRAININGS:
        if name in known:
            jobs.append((f"training {name} {batch} 2", [*OWN, *TRAINING_PEERS], f"training {name} {batch}", 2, None))
    for what in ("kernels", "blocks"):
        jobs += [(f"{what} {name} 1", ["hasse"], f"{what} {name}", 1, None) for name in names_from(options, what)]
    return [job for job in jobs if re.search(options.only, job[0])]


def refusal_of(contestant, number, answer, first_losses):
    """Why a contestant's numbers are not those of the exported network, or of the training of hasse; "" when they are."""
    exact = (1e-4, 1e-3)
    of_outputs, of_loss = TOLERANCE_OF_NUMBER.get(number, exact) if number else TOLERANCE.get(contestant, exact)
    difference = answer.get("difference", 0)
    if difference is None or not difference <= of_outputs:  # None: not a number
        return f"computes other numbers: difference {difference}"
    losses = answer.get("losses")
    if losses and None in losses:
        return "computes losses that are no numbers"
    if losses and first_losses and not abs(losses[0] - first_losses[0]) <= of_loss * abs(first_losses[0]):
        return f"computes another loss: {losses[0]} instead of {first_losses[0]}"
    return ""


def run_job(job, options, results, report):
    """Rounds of one job; returns what is kept of it."""
    name, contestants, line, threads, number = job
    milliseconds = {"kernels": 60, "blocks": 150}.get(name.split()[0], options.milliseconds)
    workers, errors, facts, samples, medians = {}, {}, {}, {}, []
    log = open(options.log, "ab")
    try:
        report(f"{name}: starting", lasting=not sys.stderr.isatty())
        for contestant in contestants:
            workers[contestant] = Contestant(command_of(contestant, options, threads, number), environment_of(contestant, options, threads), log)
        for contestant in contestants:
            started = workers[contestant].read(300)
            if "error" in started:
                errors[contestant] = started["error"]
            results["versions"].update(started.get("versions", {}))
            results["machine"].update(started.get("machine", {}))
        for round in range(options.rounds):
            report(f"{name}: round {round + 1} of {options.rounds}")
            medians.append({})
            shift = round % len(contestants)
            for contestant in contestants[shift:] + contestants[:shift] if round else contestants:
                if contestant in errors:
                    continue
                answer = workers[contestant].ask(f"{line} {milliseconds}", 1200 if round == 0 else 120)
                problem = answer.get("error") or refusal_of(contestant, number, answer, facts.get("hasse", {}).get("losses"))
                if problem:
                    errors[contestant] = problem
                    report(f"{name}: {contestant} is out: {problem}", lasting=True)
                    continue
                times = answer.pop("ns", None)
                for key, value in answer.items():  # what every round says again is kept as a list
                    if key in ("steps_ns", "alone_ns", "waited_ns") or name.startswith("machine"):
                        facts.setdefault(contestant, {}).setdefault(key, []).append(value)
                    elif round == 0:
                        facts.setdefault(contestant, {})[key] = value
                for key, values in (times if isinstance(times, dict) else {contestant: times} if times else {}).items():
                    samples.setdefault(key, []).extend(values)
                    medians[-1][key] = statistics.median(values) / 1e6
    finally:
        for worker in workers.values():
            worker.stop()
        log.close()

    def quantile(values, share):
        return sorted(values)[int(share * (len(values) - 1) + 0.5)] / 1e6

    return {"threads": threads, "rounds": medians, "errors": errors, "facts": facts, "load": os.getloadavg()[0],
            "ms": {key: {"median": quantile(values, 0.5), "p10": quantile(values, 0.1), "p90": quantile(values, 0.9), "runs": len(values)}
                   for key, values in samples.items()}}


def save(path, results):
    temporary = path.with_suffix(".writing")
    temporary.write_text(json.dumps(results, indent=1))
    os.replace(temporary, path)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bench", default="build/release/bench/hasse_bench")
    parser.add_argument("--device", default="cpu", help="cuda or cuda:N for the figures of a GPU")
    parser.add_argument("--peers", default="build/peers", help="the folder that setup.sh made")
    parser.add_argument("--networks", default="build/networks", help="where the networks are exported to")
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("bench/results") / f"{datetime.date.today()}.json")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--milliseconds", type=float, default=400, help="of one contestant in one round")
    parser.add_argument("--only", default="", help="regular expression over job names")
    parser.add_argument("--again", help="measure jobs of this regular expression anew")
    parser.add_argument("--list", action="store_true", help="print the job names")
    options = parser.parse_args()
    jobs = jobs_of(options)
    if options.list:
        return print("\n".join(job[0] for job in jobs))
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.log = options.out.with_suffix(".log")
    wanted = [] if options.device == "cpu" else ["--net", *GPU_NETWORKS, *(name for name, _ in GPU_TRAININGS if name not in GPU_NETWORKS)]
    subprocess.run([options.bench, "--export", options.networks, *wanted], check=True)
    results = {"device": options.device, "versions": {}, "machine": {"python": platform.python_version()}, "jobs": {}}
    if options.out.exists():
        results = json.loads(options.out.read_text())
        if results.get("device", "cpu") != options.device:
            sys.exit(f"{options.out} has figures of device {results.get('device', 'cpu')} and {options.device} was asked for; give another --out")
    todo = [job for job in jobs if job[0] not in results["jobs"] or (options.again and re.search(options.again, job[0]))]
    if os.getloadavg()[0] > 0.5:
        print(f"The machine is busy (load {os.getloadavg()[0]:.1f}): these times will be worth little.", file=sys.stderr)

    spent = {}  # seconds of the jobs of a kind
    planned = {"networks": 90, "steps": 10, "training": 150, "kernels": 6, "blocks": 10, "machine": 10}

    def report(text, lasting=False):
        kinds = [job[0].split()[0] for job in todo[done:]]
        seconds = sum(statistics.mean(spent.get(kind, [planned[kind]])) for kind in kinds)
        left = f"{seconds / 60:.0f} min left"
        if sys.stderr.isatty():
            print(f"\r\033[K[{done}/{len(todo)}, {left}] {text}", end="\n" if lasting else "", file=sys.stderr, flush=True)
        elif lasting:
            print(f"[{done}/{len(todo)}, {left}] {text}", file=sys.stderr, flush=True)

    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        for done, job in enumerate(todo):
            begin = time.monotonic()
            results["jobs"][job[0]] = run_job(job, options, results, report)
            save(options.out, results)
            spent.setdefault(job[0].split()[0], []).append(time.monotonic() - begin)
    except KeyboardInterrupt:
        print(f"\nStopped; {options.out} keeps what is done, and the same command goes on.", file=sys.stderr)
        return 130
    print(f"\n{len(todo)} jobs measured, {len(results['jobs'])} in {options.out}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
