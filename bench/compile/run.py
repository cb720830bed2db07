#!/usr/bin/env python3
"""What compiling hasse costs: instances (counted by clang, the same on every run) and processor seconds (a median, for reading).

  bench/compile/run.py            everything, as a table; over budget is marked
  bench/compile/run.py --counts   instances only; ends with 1 if a limit is passed (this is what ctest runs)
  bench/compile/run.py --save bench/results/compile-PROCESSOR.json   and keeps what was measured

"Apart" is with the bodies in a library, as hasse_add_kernels makes it; without it every file compiles all bodies that it includes.
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
INCLUDES = ["-std=c++20", "-fopenmp", f"-I{ROOT}/include", "-isystem", "/usr/include/eigen3"]

# Instances of our own templates that a source may cost, a quarter above what it cost when it was set.
LIMITS = {
    "space of 16 parts": 2020,
    "space of 64 parts": 2310,
    "space of 256 parts": 3610,
    "catalogue of 16 entries": 4260,
    "catalogue of 64 entries": 4930,
    "catalogue of 256 entries": 7670,
    "mobile catalogue of 16 entries": 4330,
    "mobile catalogue of 64 entries": 5000,
    "mobile catalogue of 256 entries": 7740,
    "CPU backend, kernels apart": 13750,
    "CPU backend": 15570,
    "everything, apart": 37000,
    "everything": 79000,
}
# Seconds and megabytes of one compilation by g++, -O2 for headers and -O3 -march=native for programs, from the design.
BUDGETS = {
    "#include <hasse/space.hpp>": (0.6, 1200),
    "#include <hasse/hasse.hpp>": (3.0, 1200),
}
PROGRAM_BUDGET = (40.0, 1200)
APART = ["-DHASSE_KERNELS_APART", "-DHASSE_PROCESSOR_APART", "-DHASSE_BODIES_APART"]

# Parts of a space: stem layers, a stage's first and later blocks at each pair of widths, a head for each last width.
SPACES = {16: (4, [3]), 64: (1, [9]), 256: (2, [10, 13])}


# What the stages repeat: basic blocks, or inverted bottlenecks with squeeze-excite.
BASIC = "basic{.stride = 2}"
MOBILE = "mbconv{.stride = 2, .kernel = 5, .act = activation::hard_swish, .se = {.percent = 25, .gate = activation::hard_sigmoid}}"


def space(parts, block=BASIC):
    layers, stages = SPACES[parts]
    stem = ", ".join(["conv{.out = 8, .kernel = 3}"] * layers)
    stages = "".join(
        f"    stage<{block}, widths<{', '.join(str(8 * (1 + n)) for n in range(count))}>, depth<1, 3>>,\n" for count in stages)
    return ("using space = hasse::search_space<hasse::input<3, 32, 32>, stem<" + stem + ">,\n" + stages +
            "    head<global_average_pool, linear<10>>>;\n" + f"static_assert(part_count<space> == {parts});\n")


def space_source(parts):
    return ("#include <hasse/space.hpp>\nusing namespace hasse;\n" + space(parts) +
            "std::int64_t all() { std::int64_t sum = 0; for (const cost& part : part_costs<space>) sum += part.macs; return sum; }\n")


def catalogue_source(parts, block=BASIC):
    return ("#include <hasse/catalogue/shard.hpp>\n#include <hasse/space.hpp>\n#include <hasse/space/mobile.hpp>\nusing namespace hasse;\n" +
            space(parts, block) + "template struct hasse::catalogue_shard<space, 0, 1>;\n")


def backend_source(apart):
    """What a program adds that runs and trains on the processor, whatever its networks are."""
    return ("#define HASSE_KERNELS_APART\n" if apart else "") + (
        "#include <hasse/kernel/cpu.hpp>\n#include <hasse/network/inference.hpp>\n#include <hasse/network/training.hpp>\n"
        "template class hasse::inference_network<hasse::cpu>;\ntemplate class hasse::training_network<hasse::cpu>;\n")


def everything_source(apart):
    """What any file pays that includes everything."""
    return "".join(f"#define {name[2:]}\n" for name in APART if apart) + "#include <hasse/hasse.hpp>\n"


def processor():
    lines = pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    facts = dict(map(str.strip, line.split(":", 1)) for line in lines if ":" in line)
    return "{} (family {} model {})".format(*(facts.get(key, "?") for key in ("model name", "cpu family", "model")))


def compile_once(command, folder):
    """Processor seconds and megabytes of one compiler run."""
    process = subprocess.Popen(command, cwd=folder, stderr=subprocess.PIPE, text=True)
    errors = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        sys.exit(f"{' '.join(map(str, command))} failed:\n{errors[:4000]}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def instances(source, compiler, folder):
    """How many classes and functions of namespace hasse the compiler instantiates."""
    file = folder / "counted.cpp"
    file.write_text(source)
    compile_once([compiler, *INCLUDES, "-ftime-trace", "-ftime-trace-granularity=0", "-fsyntax-only", file], folder)
    (trace,) = folder.glob("*.json")
    events = json.loads(trace.read_text())["traceEvents"]
    trace.unlink()
    return sum(event["name"] in ("InstantiateClass", "InstantiateFunction") and "hasse::" in event.get("args", {}).get("detail", "")
               for event in events)


def seconds(source, compiler, folder, repeats, flags=("-O2",)):
    """Median of seconds, largest of megabytes."""
    file = folder / "timed.cpp"
    file.write_text(source)
    runs = [compile_once([compiler, *INCLUDES, *flags, "-c", file, "-o", folder / "timed.o"], folder) for _ in range(repeats)]
    return statistics.median(time for time, _ in runs), max(memory for _, memory in runs)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--counts", action="store_true", help="instances only")
    parser.add_argument("--clang", default="clang++-14")
    parser.add_argument("--gcc", default="g++")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--save", type=pathlib.Path, help="a JSON file for all figures")
    options = parser.parse_args()

    sources = {f"space of {parts} parts": space_source(parts) for parts in SPACES}
    sources |= {f"catalogue of {parts} entries": catalogue_source(parts) for parts in SPACES}
    sources |= {f"mobile catalogue of {parts} entries": catalogue_source(parts, MOBILE) for parts in SPACES}
    sources |= {"CPU backend, kernels apart": backend_source(True), "CPU backend": backend_source(False)}
    sources |= {"everything, apart": everything_source(True), "everything": everything_source(False)}
    found = {"processor": processor(), "repeats": options.repeats, "sources": {}}

    over = 0
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        print("| source | instances | limit |" + ("" if options.counts else " g++ -O2, s | MB |"))
        print("|---|---|---|" + ("" if options.counts else "---|---|"))
        for title, source in sources.items():
            count = instances(source, options.clang, folder)
            mark = " **over**" if count > LIMITS[title] else ""
            over += bool(mark)
            line = f"| {title} | {count}{mark} | {LIMITS[title]} |"
            found["sources"][title] = {"instances": count}
            if not options.counts:
                time, memory = seconds(source, options.gcc, folder, options.repeats)
                found["sources"][title] |= {"seconds": round(time, 2), "megabytes": round(memory)}
                line += f" {time:.1f} | {memory:.0f} |"
            print(line, flush=True)
        if not options.counts:
            print("\n| source | s | budget | MB | budget |\n|---|---|---|---|---|")
            rows = [(title + place, title + "\n", flags, budget) for title, budget in BUDGETS.items()
                    for place, flags in ((", apart", ["-O2", *APART]), ("", ["-O2"]))]
            programs = sorted([*(ROOT / "examples").glob("*.cpp"), *(ROOT / "examples").glob("*/*.cpp")])
            rows += [(str(file.relative_to(ROOT)), file.read_text(), ["-O3", "-march=native", *APART], PROGRAM_BUDGET) for file in programs]
            for title, source, flags, (time_budget, memory_budget) in rows:
                time, memory = seconds(source, options.gcc, folder, options.repeats, flags)
                found["sources"][title] = {"seconds": round(time, 2), "megabytes": round(memory)}
                mark = " **over**" if time > time_budget or memory > memory_budget else ""
                print(f"| `{title}` | {time:.2f}{mark} | {time_budget} | {memory:.0f} | {memory_budget} |", flush=True)
    if options.save:
        options.save.write_text(json.dumps(found, indent=1) + "\n")
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
