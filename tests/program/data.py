#!/usr/bin/env python3
"""What a program says of its images: damaged ones are all named in one start, the way on that the sentence names works in the same folder, and
what was found is printed before anything is trained."""
import pathlib
import subprocess
import sys
import tempfile

from pictures import png

program = sys.argv[1]
problems = []


def shades(grey):
    return png(8, lambda x, y: grey + 3 * y, channels=1)


def expect(what, condition, output):
    if not condition:
        problems.append(f"{what}:\n{output}")


def start(data, run, *more):
    command = [program, "train", "--data", f"folder:{data}", "--net", "resnet20", "--input", "3x8x8", "--widths", "1.0", "--epochs", "1", "--batch", "4",
               "--threads", "1", "--run", str(run), *more]
    done = subprocess.run(command, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


with tempfile.TemporaryDirectory() as scratch:
    place = pathlib.Path(scratch)
    for name, grey in (("cat", 10), ("dog", 180)):
        (place / "set" / name).mkdir(parents=True)
        for i in range(32):
            (place / "set" / name / f"{i}.png").write_bytes(shades(grey + i % 40))
    (place / "set" / "cat" / "empty.png").write_bytes(b"")
    (place / "set" / "dog" / "page.jpg").write_bytes(b"<!DOCTYPE html>")
    (place / "set" / "dog" / "notes.txt").write_bytes(b"notes")
    (place / "set" / "bird").mkdir()

    code, said = start(place / "set", place / "run")
    expect("a start with damaged images is refused", code == 2, said)
    for part in ("2 of 66 images cannot be read", "cat/empty.png: is empty", "dog/page.jpg: is no image", "--skip-damaged"):
        expect(f"the refusal says '{part}'", part in said, said)
    code, said = start(place / "set", place / "run", "--skip-damaged")
    expect("the way on that it names works in the same folder", code == 0, said)
    for part in ("classes: cat 32, dog 32", "left out: 2 damaged images", "left out: 1 folders without images: bird", "dog/notes.txt",
                 "validation and test images are cut from the training images"):
        expect(f"the description says '{part}'", part in said, said)

    (place / "set" / "test").mkdir()
    (place / "set" / "test" / "1.png").write_bytes(shades(90))
    code, said = start(place / "set", place / "other", "--skip-damaged")
    expect("a split beside classes is refused", code == 2 and "outside of train, val and test folders" in said, said)
    expect("the refusal says the names of splits", "val, valid, validation or dev" in said, said)

for problem in problems:
    print(problem)
print("The programs say what their data are." if not problems else f"{len(problems)} problems")
sys.exit(1 if problems else 0)
