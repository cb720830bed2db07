#!/usr/bin/env python3
"""run.py SOURCE COMPILER...: fails unless the compiler refuses the source in one sentence that stands, with all it names, in its first ten lines.

A source says what must stand there, word by word: "// expect: ..." for every compiler, "// expect gcc: ..." or "// expect clang: ..." for
one. Nothing else may be wrong, so there is one error, unless the source says "// errors follow": where a value stands for a type, or a type
for a value, the compiler itself refuses it, and goes on without the name that was to be declared.
"""
import os
import pathlib
import re
import subprocess
import sys

LINES = 10
source, label, *command = sys.argv[1:]
text = pathlib.Path(source).read_text(encoding="utf-8")
expected = [words for who, words in re.findall(r"^// expect(?: (gcc|clang))?: (.+)$", text, re.MULTILINE) if who in ("", label)]
run = subprocess.run([*command, source], capture_output=True, text=True, check=False, timeout=100, env={**os.environ, "LC_ALL": "C"})
lines = run.stderr.splitlines()
first = "\n".join(lines[:LINES])
faults = [f"not in the first {LINES} lines: {words}" for words in expected if words not in first]
errors = sum(bool(re.match(r"\S+:\d+:\d+: (?:fatal )?error: ", line)) for line in lines)
if run.returncode == 0:
    faults = ["it compiles"]
elif errors != 1 and "\n// errors follow\n" not in text:
    faults.append(f"{errors} errors instead of one")
print(*(line[:1000] for line in lines[:60]), *faults, sep="\n")
sys.exit(1 if faults or not expected else 0)
