#!/usr/bin/env python3
"""Reads the sources as text and fails on what no compiler sees: an include arrow that points left, a detail/ folder of
another stage, code for certain vector instructions where nobody compiles it for others, a path of somebody's machine, a command of the
README that is not there."""
import pathlib
import re
import sys

ROOT = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else __file__).resolve()
if ROOT.is_file():
    ROOT = ROOT.parents[2]

# What each stage may include besides itself.
ROW = ["core", "space", "kernel", "block", "catalogue", "network", "latency", "price"]
MAY = {stage: set(ROW[:place]) for place, stage in enumerate(ROW)}
MAY["file"] = {"core"}
MAY["network"] |= {"file"}
MAY["latency"] |= {"file"}
MAY["price"] |= {"file"}
MAY["data"] = {"core"}
MAY["task"] = {"core", "space", "kernel", "network", "data"}
MAY["train"] = set(ROW) - {"latency", "price"} | {"data", "task", "file"}
MAY["supernet"] = set(ROW) | {"data", "task", "train", "file"}
MAY["search"] = {"core", "space", "file", "network", "price"}
MAY["result"] = set(ROW) | {"file", "search", "task", "data"}
MAY["onnx"] = {"core", "space", "kernel", "network", "file"}
MAY["program"] = set(MAY)
MAY["laws"] = set(MAY) - {"program"}

HASSE_INCLUDE = re.compile(r'^\s*#\s*include\s*["<]hasse/([^">]+)[">]')
MACHINE_PATH = re.compile(r"(?<![\w./-])/(?:home|root|work|tmp|Users|mnt|opt)/[\w.-]+")
README_COMMAND = re.compile(r"(?<![\w/])((?:scripts|examples|bench|docs|tests)/[\w./-]*\w)")
# What differs by the instructions that a compiler may use, and the files that tests/levels.cmake and tests/arm64.cmake compile for several of them.
LEVEL = re.compile(r"\b__(?:AVX|SSE|FMA|F16C|AMX|ARM_NEON)\w*|\b_mm\d*_\w+|immintrin|arm_neon|\basm\b|vector_size\(")
LEVELLED = re.compile(r"include/hasse/kernel/cpu/(?:simd/\w+\.inl|simd_level\.hpp)|include/hasse/core/build\.hpp|bench/run/hasse_bench/\w+\.[ch]pp")
TEXT = {".hpp", ".inl", ".cuh", ".cpp", ".cu", ".py", ".sh", ".cmake", ".md", ".txt", ".json", ".in", ".yml"}

problems = []


def complain(file, line, sentence):
    problems.append(f"{file.relative_to(ROOT)}:{line}: {sentence}")


def lines_of(file):
    return enumerate(file.read_text(encoding="utf-8").splitlines(), 1)


def stage_of(file):
    """The stage of a header: its folder, or its own name for an umbrella such as space.hpp."""
    parts = file.relative_to(ROOT / "include/hasse").parts
    return parts[0] if len(parts) > 1 else file.stem


def check_includes(file):
    headers = ROOT / "include/hasse"
    own = stage_of(file) if headers in file.parents else None
    if own == "hasse":  # hasse.hpp is everything
        return
    if own and own not in MAY:
        return complain(file, 1, f"'{own}' is no stage; add it to tests/structure/structure.py with what it may include")
    place = file.relative_to(ROOT).parts
    tested = ([*MAY] if place[1] == "support" else [place[1]]) if place[0] == "tests" else []
    for number, text in lines_of(file):
        found = HASSE_INCLUDE.match(text)
        if not found:
            continue
        path = found[1]
        other = path.split("/")[0] if "/" in path else path.removesuffix(".hpp")
        if not (headers / path).exists():
            complain(file, number, f"includes hasse/{path}, which does not exist")
        if own and other != own and other not in MAY[own]:
            complain(file, number, f"{own} must not include {other}: the arrow points left")
        if "/detail/" in path and other not in [own, *tested]:
            complain(file, number, f"hasse/{path} belongs to the stage {other} alone")


def check_levels(file):
    if LEVELLED.fullmatch(file.relative_to(ROOT).as_posix()):
        return
    for number, text in lines_of(file):
        if found := LEVEL.search(text.split("//")[0]):
            complain(file, number, f"{found[0]} differs by vector instructions; keep such code where tests/levels.cmake compiles it")


def sources(*folders):
    for folder in folders:
        for file in sorted((ROOT / folder).rglob("*")):
            if file.is_file() and (file.suffix in TEXT or file.parent.name == ".ci") and "corpus" not in file.parts:
                yield file


for file in sources("include", "tests", "examples", "bench"):
    if file.suffix in {".hpp", ".inl", ".cuh", ".cpp", ".cu"}:
        check_includes(file)
        check_levels(file)
for folder in sorted((ROOT / "include/hasse").iterdir()):
    if any(folder.glob("*.hpp")) and not folder.with_suffix(".hpp").exists():
        problems.append(f"include/hasse/{folder.name}.hpp: missing, every stage has one header that opens it")
for file in [*sources("include", "tests", "examples", "bench", "cmake", "scripts", "docs", ".ci"), *ROOT.glob("*.*")]:
    if file.is_file() and file.suffix in TEXT and file != pathlib.Path(__file__).resolve():
        for number, text in lines_of(file):
            if found := MACHINE_PATH.search(text):
                complain(file, number, f"names a path of one machine: {found[0]}")
readme = ROOT / "README.md"
if readme.exists():
    for number, text in lines_of(readme):
        for command in README_COMMAND.findall(text):
            if not (ROOT / command).exists():
                complain(readme, number, f"names {command}, which does not exist")

print("\n".join(problems) or "The folders are the data flow.")
sys.exit(1 if problems else 0)
