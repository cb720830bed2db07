#!/usr/bin/env python3
"""Runs the installed programs: programs.py BIN PROGRAMS... Exactly these are in BIN, each prints its options, and one its answer."""
import pathlib
import subprocess
import sys

folder, programs = pathlib.Path(sys.argv[1]), sys.argv[2:]
problems = []


def run(name, *arguments):
    ended = subprocess.run([folder / name, *arguments], capture_output=True, text=True, timeout=60)
    if ended.returncode != 0:
        problems.append(f"{name} {' '.join(arguments)} ended with {ended.returncode}: {ended.stderr.strip()}")
    return ended.stdout


found = sorted(file.name for file in folder.iterdir())
if found != sorted(programs):
    problems.append(f"{folder} has {found} instead of {sorted(programs)}")
for name in programs:
    if "--help" not in run(name, "--help"):
        problems.append(f"{name} --help prints no options")
if "8,533,128" not in run("hasse_info", "df1"):
    problems.append("hasse_info df1 does not print the parameters of DF1")

print("\n".join(problems) or "Every installed program runs.")
sys.exit(1 if problems else 0)
