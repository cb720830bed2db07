"""What the commands of this folder have in common: they time a function and print one JSON object, which hasse reads.

{"samples": [milliseconds, ...]}, or {"refused": "why"}; of a folder a line for each ONNX file in it, with "file"; with --describe {"name": ..., "library": ..., "features": ..., "notes": ...}.
"""
import json
import os
import platform
import sys
import time


def processor():
    try:
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as facts:
            for line in facts:
                if line.startswith("model name"):
                    return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def time_calls(run, seconds=0.3, least=10, most=200):
    """Milliseconds of single calls: at least `least`, and no more than about `seconds` of them, after a tenth of that to warm up."""
    end = time.perf_counter() + seconds / 10
    run()
    while time.perf_counter() < end:
        run()
    samples = []
    end = time.perf_counter() + seconds
    while len(samples) < least or (len(samples) < most and time.perf_counter() < end):
        begin = time.perf_counter()
        run()
        samples.append(1e3 * (time.perf_counter() - begin))
    return samples


def answer(prepare, path, threads):
    try:
        return {"samples": time_calls(prepare(path, threads))}
    except Exception as refusal:  # whatever a runtime throws is its answer
        return {"refused": " ".join(str(refusal).split())[:300]}


def main(describe, prepare):
    """`describe()` tells what the device is; `prepare(path, threads)` loads a network and returns what runs it once."""
    arguments = sys.argv[1:]
    threads = int(arguments[1]) if len(arguments) > 1 else 1
    if not arguments:
        sys.exit(f"usage: {sys.argv[0]} FILE.onnx|FOLDER|--describe [THREADS]")
    if arguments[0] == "--describe":
        print(json.dumps(describe()))
        return
    if not os.path.isdir(arguments[0]):
        print(json.dumps(answer(prepare, arguments[0], threads)))
        return
    for file in sorted(os.listdir(arguments[0])):
        if file.endswith(".onnx"):
            print(json.dumps({"file": file, **answer(prepare, os.path.join(arguments[0], file), threads)}), flush=True)
