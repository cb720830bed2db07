"""Kills a search by a price, a task and a policy of a user's own at random instants, restarts it each time, and compares its journal
and its answer with those of a run that nobody disturbed. Takes its folder away amid the trainings, too.

usage: own_parts.py PROGRAM KILLS SEED
"""
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

program, kills, seed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
draw = random.Random(seed)
folder = pathlib.Path(tempfile.mkdtemp(prefix="hasse_own_parts_"))


def start(run):
    (folder / run).mkdir(exist_ok=True)
    return subprocess.Popen([program], cwd=folder / run, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def ended(process, what):
    said, refused = process.communicate(timeout=60)
    if process.returncode != 0:
        sys.exit(f"{what} failed ({process.returncode}, files are kept in {folder}): {refused}")
    return said


def journal(run):
    return (folder / run / "run_13_own_price/main.jsonl").read_text()


begin = time.time()
said = ended(start("whole"), "the undisturbed run")
seconds = time.time() - begin
trainings = journal("whole").count('"trained"')
if trainings < 5:
    sys.exit(f"the undisturbed run trained only {trainings}, so that hardly anything is compared")

landed, amid, rounds = 0, 0, 0  # kills in all, and those that found some trainings done and some not
while landed < kills or amid < 3:
    rounds += 1
    if rounds > 20 * kills:
        sys.exit(f"of {rounds} runs only {landed} were killed, {amid} of them amid their trainings; the instants must be drawn otherwise")
    run = f"killed {rounds}"
    while True:
        process = start(run)
        time.sleep(draw.uniform(0, seconds))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        if process.returncode != -signal.SIGKILL:
            break  # it had ended before
        landed += 1
        if (folder / run / "run_13_own_price/main.jsonl").exists():
            amid += 0 < journal(run).count('"trained"') < trainings
        if draw.random() < 0.3:
            break
    again = ended(start(run), "the last start")
    for what, left, right in ("answer", again, said), ("journal", journal(run), journal("whole")):
        if left != right:
            sys.exit(f"the {what} differs after kills (files are kept in {folder}):\n{left}\n{right}")

# A journal that goes away amid the trainings ends them at the next, and they go on once it is back.
process = start("gone")
while not (folder / "gone/run_13_own_price/main.jsonl").exists() or '"trained"' not in journal("gone"):
    if process.poll() is not None:
        sys.exit(f"the run ended before its journal could be taken away: {process.communicate()}")
    time.sleep(0.001)
(folder / "gone/run_13_own_price").rename(folder / "gone/away")
refused = process.communicate(timeout=60)[1]
if process.returncode != 2 or "main.jsonl: is gone, removed or renamed while this process wrote to it; put it back and start again" not in refused:
    sys.exit(f"a journal that goes away should be told, and the run ended with {process.returncode}: {refused}")
(folder / "gone/away").rename(folder / "gone/run_13_own_price")
if ended(start("gone"), "the start with the journal put back") != said or journal("gone") != journal("whole"):
    sys.exit(f"a journal that was put back should go on to the same answer (files are kept in {folder})")
shutil.rmtree(folder)
print(f"{landed} kills, {amid} of them amid {trainings} trainings: journal and answer are equal; {time.time() - begin:.0f} s")
