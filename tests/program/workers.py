"""Several workers on one run folder: one alone finds what a process finds that shares nothing, bit by bit; four that are killed at random
instants, also all at once, lose nothing and train nothing twice; whoever has other settings or shares nothing is refused in a sentence.
hasse_status looks on.

usage: workers.py PROGRAM HASSE_STATUS KILLS SEED
"""
import json
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

program, status, kills, seed = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
draw = random.Random(seed)
home = pathlib.Path(tempfile.mkdtemp(prefix="hasse_workers_"))
TOLD = ["--data", "synthetic:0.1", "--train-images", "256", "--epochs", "2", "--threads", "1", "--trainings", "9", "--policy", "pop"]


def start(run, *more):
    return subprocess.Popen([program, *TOLD, "--run", str(home / run), *more], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def ended(process, code=0):
    said, refused = process.communicate(timeout=240)
    if process.returncode != code:
        sys.exit(f"{process.args} ended with {process.returncode}, not {code} (files are kept in {home}): {refused}")
    return said if code == 0 else refused.strip().splitlines()[-1]


def look(run, *more):
    process = subprocess.run([status, "--run", str(home / run), *more], capture_output=True, text=True, timeout=60)
    if process.returncode != 0:
        sys.exit(f"hasse_status of {run}: {process.returncode}, {process.stderr}")
    return process.stdout


def trained(run):
    """What was trained, by number."""
    found = {}
    for book in (home / run / "journal").glob("*.jsonl"):
        whole = book.read_text()
        for line in whole[:whole.rfind("\n") + 1].splitlines():
            record = json.loads(line)
            if record["operation"] != "trained":
                continue
            said = record["payload"]
            number = said.get("number", len(found))
            if number in found:
                sys.exit(f"number {number} was trained to its end twice: {said}, {found[number]} (files are kept in {home})")
            found[number] = said
    if sorted(found) != list(range(len(found))):
        sys.exit(f"there are gaps in {sorted(found)}")
    return [(found[n]["candidate"], found[n]["latency_ticks"], found[n]["accuracy"]) for n in sorted(found)]


def networks(run):
    return {path.name: path.read_bytes() for path in (home / run / "networks").glob("*.safetensors")}


def answer(run):
    frontier = json.loads((home / run / "frontier.json").read_text())
    return frontier["certificates"], [(n["architecture"], n["accuracy"], n["test_accuracy"]) for n in frontier["frontier"] + frontier.get("beaten", [])]


# One worker, and a process that shares nothing. Both search by one table, which is a measurement.
alone, table = start("alone"), home / "alone" / "latency.json"
while alone.poll() is None and not (table.exists() and '"rows"' in table.read_text()):
    time.sleep(0.01)
measured = table.read_text()  # as it is searched by: finalists may correct it
ended(alone)
if "trained" not in look("alone") or json.loads(look("alone", "--json"))["trained"] != 9:
    sys.exit(f"hasse_status says of a run without workers: {look('alone')}")
for run in ("one", "many"):
    (home / run).mkdir()
    (home / run / "latency.json").write_text(measured)
one = ended(start("one", "--workers"))
if trained("one") != trained("alone") or networks("one") != networks("alone") or not networks("one") or answer("one") != answer("alone"):
    sys.exit(f"one worker finds something else than a process that shares nothing: {trained('one')}, {trained('alone')}")
if "trained 9 networks" not in one:
    sys.exit(f"a worker does not say what it trained: {one}")

# Four, killed again and again.
workers, killed = [start("many", "--workers") for _ in range(4)], 0
refused = None
begin = time.time()
while killed < kills:
    time.sleep(draw.uniform(0.05, 1.0))
    some = workers if draw.random() < 0.25 else [draw.choice(workers)]
    if refused is None and (home / "many" / "config.json").exists() and all(w.poll() is None for w in workers):
        refused = [ended(start("many", "--workers", "--seed", "2"), 2), ended(start("many"), 2)]
    for worker in list(some):
        if worker.poll() is None:
            worker.send_signal(signal.SIGKILL)
            worker.communicate()
        else:
            ended(worker)
        killed += 1
        workers.remove(worker)
        workers.append(start("many", "--workers"))
    json.loads(look("many", "--json"))
said = [ended(worker) for worker in workers]
if not any("report: " in each for each in said):
    said.append(ended(start("many", "--workers")))  # whoever wrote it was killed
watched = look("many", "--watch").splitlines()
if "9 of at most 9 trained" not in watched[-1] and "9 trained" not in watched[-1] or "the answer is written" not in watched[-1]:
    sys.exit(f"hasse_status --watch ends with: {watched[-1]}")
if refused is not None and not ("was begun with seed = 1" in refused[0] and "with --workers each process" in refused[1]):
    sys.exit(f"who may not join is told: {refused}")

done = trained("many")
if len(done) != 9 or len({name for name, _, _ in done}) != 9:
    sys.exit(f"nine different networks were to be trained: {done}")
merit = {name: accuracy for name, _, accuracy in done}
certificates, found = answer("many")
for claim in certificates:
    if claim["pruned"] in merit or merit[claim["instead"]] < merit[claim["above"]]:
        sys.exit(f"a certificate does not hold: {claim}, {merit}")
best = -1.0
frontier = []
for name, ticks, accuracy in sorted(done, key=lambda each: (each[1], -each[2])):
    if accuracy > best:
        best = accuracy
        frontier.append((name, accuracy))
if sorted(frontier) != sorted((name, accuracy) for name, accuracy, _ in found):
    sys.exit(f"the frontier is not that of what was trained: {found}, {frontier}")
left = [path for pattern in ("*.part*", "*.draft", "*.training.safetensors") for path in (home / "many").rglob(pattern)] + [*(home / "many" / "workers").iterdir()]
if left:
    sys.exit(f"kills left files behind: {left}")

# A run that is not shared says to a worker what to do.
process = start("held")
while not (home / "held" / "lock").exists():
    time.sleep(0.01)
why = ended(start("held", "--workers"), 2)
if "was started without --workers" not in why:
    sys.exit(f"a worker that meets a process which shares nothing is told: {why}")
process.send_signal(signal.SIGINT)
process.communicate()
shutil.rmtree(home)
print(f"one worker finds what a process alone finds; four, {killed} times killed in {time.time() - begin:.0f} s: {len(done)} trained once each, {len(certificates)} certificates hold, "
      f"{len(found)} on the frontier")
