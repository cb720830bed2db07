#!/usr/bin/env python3
"""Fails where a page says what the code does not: a C++ snippet that no example holds, CMake lines that no project of tests/consumer
has, a link to nothing, an option of a
program that docs/reference/programs.md leaves out or invents."""
import pathlib
import re
import sys
import textwrap

ROOT = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else __file__).resolve()
if ROOT.is_file():
    ROOT = ROOT.parents[2]

SNIPPET = re.compile(r"^```(cpp|cmake)\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?!https?://)([^)#\s]+)(?:#[^)]*)?\)")
OPTION = re.compile(r'add_(?:option|flag|number)\((?:\w+, )?"(--[a-z,!-]+)"')
PROGRAMS = [*sorted((ROOT / "include/hasse/program").glob("*.hpp")), *sorted((ROOT / "examples").glob("hasse_*.cpp"))]

problems = []
pages = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
HOLDERS = {
    "cpp": ("a file of examples/", [file for file in sorted((ROOT / "examples").iterdir()) if file.suffix in {".cpp", ".hpp"}]),
    "cmake": ("a project of tests/consumer", sorted((ROOT / "tests/consumer").glob("*/CMakeLists.txt"))),
}
texts = {language: ["\n" + file.read_text(encoding="utf-8") for file in files] for language, (_, files) in HOLDERS.items()}


def held_by(example, lines):
    """Whether the lines stand in the example in a row, at whatever indentation."""
    body = textwrap.dedent("\n".join(lines)).strip("\n")
    depths = {len(line) - len(line.lstrip()) for line in example.splitlines()}
    return any("\n" + textwrap.indent(body, " " * depth) + "\n" in example for depth in depths)


for page in pages:
    text = page.read_text(encoding="utf-8")
    name = page.relative_to(ROOT)
    for found in SNIPPET.finditer(text):
        line = text.count("\n", 0, found.start()) + 1
        if not any(held_by(example, found[2].splitlines()) for example in texts[found[1]]):
            problems.append(f"{name}:{line}: this snippet is not in {HOLDERS[found[1]][0]}; cut it from one that ctest builds")
    for target in LINK.findall(text):
        if not (page.parent / target).exists():
            problems.append(f"{name}: links to {target}, which does not exist")

reference = ROOT / "docs/reference/programs.md"
told = set(re.findall(r"`(--[a-z-]+)", reference.read_text(encoding="utf-8"))) - {"--help"}
known = {option for file in PROGRAMS for names in OPTION.findall(file.read_text(encoding="utf-8")) for option in names.replace("!", "").split(",")}
problems += [f"{reference.relative_to(ROOT)}: lacks the option {option}" for option in sorted(known - told)]
problems += [f"{reference.relative_to(ROOT)}: names the option {option}, which no program has" for option in sorted(told - known)]

print("\n".join(problems) or "The pages say what the examples do.")
sys.exit(1 if problems else 0)
