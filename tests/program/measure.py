"""hasse_measure with a command in the place of a device, a script of the shell whose answers are known; what else it may answer; a
measurement that is killed; tables that are compared, tables that a search corrects, and a search for several devices by their tables.

usage: measure.py HASSE_MEASURE HASSE_BOUNDARY HASSE_EVALUATE
"""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

from pictures import png

program, search, evaluate = (pathlib.Path(argument).resolve() for argument in sys.argv[1:4])
folder = pathlib.Path(tempfile.mkdtemp(prefix="hasse_measure_"))
problems = []


def run(*arguments, code=0, seconds=60, of=program):
    ended = subprocess.run([of, *map(str, arguments)], capture_output=True, text=True, cwd=folder, timeout=seconds)
    if ended.returncode != code:
        problems.append(f"{' '.join(map(str, arguments))} ended with {ended.returncode} instead of {code}: {ended.stdout[-300:]}{ended.stderr[-300:]}")
    return ended.stdout + ended.stderr


def expect(text, *words):
    for word in words:
        if word not in text:
            problems.append(f"no {word!r} in: {text[-700:]}")


def command(lines, place="{onnx}", name="a shell"):
    """A runtime: `lines` see the file, or the folder, as $1."""
    script = folder / f"device{len(list(folder.glob('device*')))}.sh"
    script.write_text(f'[ "$1" = --describe ] && {{ echo \'{{"name": "{name}", "library": "sh 1"}}\'; exit; }}\n' + lines + "\n")
    return f"command:sh {script} {place} {{threads}}"


quick = ["--rounds", 2, "--contexts", 1, "--checked", 5]
weigh = 'size=$(wc -c < "$1"); '
honest = command(weigh + 'echo "warming up"; echo "{\\"samples\\": [$((size / 1000)).5, $((size / 1000)).0, $((size / 1000)).0]}"')

# A table from whole networks: as many kilobytes, as many milliseconds, so that sums are right.
said = run("--device", honest, "--out", "a.json", *quick)
expect(said, "device: a shell, sh 1", "56 of 56 parts", "they miss 5 networks", "pictures: a.svg, a.rows.svg")
table = json.loads((folder / "a.json").read_text())
if table["device"]["name"] != "a shell" or len(table["rows"]) != 56 or len(table["additivity"]["networks"]) != 5:
    problems.append(f"a.json is not what was measured: {table['device']}")
for picture in ("a.svg", "a.rows.svg"):
    if "<svg" not in (folder / picture).read_text():
        problems.append(f"{picture} is no picture")

# Killed and started again: the same rows, and nothing is asked twice.
count = folder / "count"
counted = command(f'echo >> {count}; ' + weigh + "echo $((size / 1000))")
first = subprocess.Popen([program, "--device", counted, "--out", "b.json", *map(str, quick)], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
while first.poll() is None and (not count.exists() or len(count.read_text()) < 12):
    time.sleep(0.01)
first.kill(), first.wait()
run("--device", counted, "--out", "b.json", *quick)
asked = len(count.read_text())
run("--device", counted, "--out", "c.json", *quick)
again = len(count.read_text()) - asked
if not again <= asked <= again + 1:
    problems.append(f"a killed measurement asked {asked} times, an undisturbed one {again} times")
rows = [json.loads((folder / name).read_text())["rows"] for name in ("b.json", "c.json")]
if rows[0] != rows[1]:
    problems.append("a killed measurement ends with other rows")
expect(run("--compare", "b.json", "c.json"), "in the median the second takes +0.0 %", "no more than chance explains")
expect(run("--compare", "b.json", "none.json", code=2), "none.json")

# A folder of files at once: the same table from fewer calls; a file without an answer is a network that failed.
calls = folder / "calls"
every = 'for file in "$1"/*.onnx; do size=$(wc -c < "$file"); name=$(basename "$file"); '
at_once = command(f'echo >> {calls}; echo "warming up"; ' + every + 'echo "{\\"file\\": \\"$name\\", \\"samples\\": [$((size / 1000)).5, $((size / 1000)).0, $((size / 1000)).0]}"; done', "{folder}")
said = run("--device", at_once, "--out", "folders.json", *quick)
expect(said, "56 of 56 parts")
if json.loads((folder / "folders.json").read_text())["rows"] != table["rows"]:
    problems.append("a folder of files at once gives other rows than one file after the other")
if len(calls.read_text()) > 25:
    problems.append(f"a folder of files at once took {len(calls.read_text())} calls")
lazy = command(every + '[ "$name" = 0003.onnx ] || echo "{\\"file\\": \\"$name\\", \\"milliseconds\\": $((size / 1000 + 1))}"; done; exit 3', "{folder}")
expect(run("--device", lazy, "--out", "lazy.json", *quick, "--error", 0), "networks failed", "the command ended with exit code 3")

# A device whose speed wanders: a network beside the others tells it.
errors = []
for name, more in (("hours", []), ("beats", ["--command-beats"])):
    hour = weigh + f'echo >> {folder}/{name}; now=$((($(wc -c < {folder}/{name}) - 1) / 10 % 4)); echo "$((size * (4 + now) / 1000 + 1))"'  # ten calls long
    said = run("--device", command(hour), "--out", f"{name}.json", *quick, "--error", 0, *more)
    measured = json.loads((folder / f"{name}.json").read_text())
    errors.append(sorted(abs(each["sum_ns"] / each["whole_ns"] - 1) for each in measured["additivity"]["networks"])[2])
    if (measured["beat"]["quiet_ns"] > 0) != bool(more):
        problems.append(f"{name}.json has the beat {measured['beat']}")
if not errors[1] < errors[0] / 2:
    problems.append(f"a beat beside a command is of no use: {errors}")

# Networks of no space: on this processor part by part, by a command whole.
files = [pathlib.Path(__file__).resolve().parent.parent / "onnx" / name for name in ("pytorch_trace.onnx", "pytorch_export.onnx")]
said = run("--onnx", *files, "--net", "df-small:[(16),(16),(32)]", "--out", "networks.json")
expect(said, "part, and what ran", "df-small:[(16),(16),(32)]: 0.", "written: networks.json")
told = json.loads((folder / "networks.json").read_text())["networks"]
if [each.get("file") for each in told] != [None, *map(str, files)]:
    problems.append(f"networks.json has other networks: {told}")
for each in told:
    if not 0.2 < sum(part["milliseconds"] for part in each["parts"]) / each["milliseconds"] < 5 or each["typical_milliseconds"] < each["milliseconds"]:
        problems.append(f"parts do not add up: {each}")
expect(run("--onnx", files[0], "--device", honest, "--out", "networks.json"), "a command times whole networks only")
if json.loads((folder / "networks.json").read_text())["networks"][0]["parts"]:
    problems.append("a command timed parts")
expect(run("--onnx", files[0], "none.onnx", code=2), "none.onnx")

# What shells, batch systems and containers leave in the environment changes nothing, or is said in one sentence.
def measured(threads, bound=None, **environment):
    ended = subprocess.run([program, "--net", "df-small:[(16),(16),(32)]", "--device-threads", str(threads), "--rounds", "2", "--out", "environment.json"], capture_output=True, text=True, cwd=folder,
                           timeout=60, env={**{key: value for key, value in os.environ.items() if not key.startswith("OMP_")}, **environment},
                           preexec_fn=(lambda: os.sched_setaffinity(0, bound)) if bound else None)
    if ended.returncode != 0:
        problems.append(f"{threads} threads with {environment} on {bound} ended with {ended.returncode}: {ended.stderr}")
    device = json.loads((folder / "environment.json").read_text())["device"]
    device.pop("notes")
    return device, [line for line in ended.stderr.splitlines() if line.startswith("note: ")]


one = [min(os.sched_getaffinity(0))]
alone, said = measured(1, OMP_WAIT_POLICY="passive")
if said and "quota" not in said[0]:
    problems.append(f"a plain start is warned: {said}")
for how in ({"OMP_WAIT_POLICY": "active"}, {}, {"OMP_NUM_THREADS": "1"}, {"OMP_NUM_THREADS": "nonsense"}, {"bound": one}):
    if measured(1, **how) != (alone, said):
        problems.append(f"one thread with {how} is another device, or is warned: {measured(1, **how)}")
if not said and len(os.sched_getaffinity(0)) > 1:
    expect("".join(measured(2, OMP_WAIT_POLICY="active")[1]), "start this program with OMP_WAIT_POLICY=passive")
    expect("".join(measured(2, bound=one, OMP_WAIT_POLICY="passive")[1]), "is bound to 1 processor, and 2 threads are measured, which wait for one another")
    if measured(2, OMP_WAIT_POLICY="passive", OMP_NUM_THREADS="1")[1]:
        problems.append("OMP_NUM_THREADS, which says nothing to a program that is told its threads, is warned of")

# Answers that are none: the first networks say what is wrong.
for lines, words in [("echo fast", ["no number of milliseconds", "fast"]), ("echo -3", ["-3", "no latency"]), ("echo nan", ["nan"]),
                     ("true", ["printed nothing"]), ("echo broken pipe >&2; exit 7", ["exit code 7", "broken pipe"]),
                     ("kill -9 $$", ["the command ended", "Killed"]), ("echo '{\"samples\": []}'", ["without \"samples\""]),
                     ("echo '{\"samples\": [1, \"x\"]}'", ["is no number"]), ("echo '{\"samples\": [1'", ["not JSON"]),
                     ("echo '{\"refused\": \"too deep\"}'; exit 1", ["refused: too deep"]), ("yes | head -c 3000000", ["more than a megabyte"])]:
    expect(run("--device", command(lines), "--out", "wrong.json", *quick, code=2), "none of the first 3 networks could be timed", *words)
    if (folder / "wrong.json").exists():
        problems.append(f"a table is left of a command that cannot answer: {lines}")
for lines in ("echo 1", "echo 1.5 1>&2; echo 250"):
    for told in (["--out", "wrong.json", *quick], ["--net", "df-small:[(64),(64),(128)]"]):
        expect(run("--device", command(lines), *told, code=2), "what does not grow with the network is no latency of it")
        if (folder / "wrong.json").exists():
            problems.append(f"a table is left of a command that answers a constant: {lines}")
begin = time.time()
expect(run("--device", command("sleep 100"), "--out", "wrong.json", "--command-seconds", 1, *quick, code=2), "took longer than 1 s")
if time.time() - begin > 20:
    problems.append("a command that hangs is not ended in time")
expect(run("--device", "command:sh time.sh", "--out", "wrong.json", code=2), "{onnx}")

# One sort of network is refused: its parts have a reason, the others latencies.
picky = command(weigh + '[ $size -gt 3000000 ] && { echo \'{"refused": "too heavy"}\'; exit; }; echo $((size / 1000))')
said = run("--device", picky, "--out", "picky.json", *quick, "--error", 0)
expect(said, "networks failed", "refused: too heavy")

# More was wanted than can be had: the table is there, and the exit code says so.
restless = command(weigh + "echo $((size / 1000 * (2 + $(date +%N | cut -c4 | sed s/^$/1/))))")
said = run("--device", restless, "--out", "restless.json", *quick, code=3)
expect(said, "and 5 % were wanted")
expect(run("--compare", "a.json", "restless.json"), "rows in both")
said = run("--table", "restless.json", "--train-images", 64, "--epochs", 1, "--threads", 1, "--trainings", 1, "--run", "doubtful", of=search)
expect(said, "warning: Half of the sums of the latency table miss whole networks by more than", "were wanted", "and search in another folder")
if "Half of the sums of the latency table miss" not in (folder / "doubtful/report.html").read_text():
    problems.append("the report does not say that sums are far off")
expect(run("--space", "none", code=2), "there is no space")

# Finalists that take longer than their sums say correct the table: the search goes on by what it began with, another one begins with the corrected rows.
ageing = command(weigh + f'[ -f {folder}/old ] && size=$((size * 3 / 2)); echo "$((size / 1000)).$((size % 1000 + 1000))"')
small = ["--device", ageing, "--train-images", 64, "--epochs", 1, "--threads", 1]
said = run(*small, "--run", "search", "--trainings", 2, of=search)
expect(said, "table: nine of ten sums were said to be within", "than luck explains\n")
if "corrections" in json.loads((folder / "search/latency.json").read_text()):
    problems.append("a table was corrected by what it states")
(folder / "old").touch()
expect(run(*small, "--run", "search", "--trainings", 3, of=search), "finalists are not:", "rows of latency.json were corrected by all of them", "corrected  ")
correction, = json.loads((folder / "search/latency.json").read_text())["corrections"]
for entry in json.loads((folder / "search/frontier.json").read_text())["frontier"]:
    measured, = [each for each in correction["networks"] if each["network"] == entry["architecture"]]
    if abs(entry["whole_milliseconds"] * 1e6 - measured["whole_ns"]) > 1 or abs(entry["milliseconds"] * 1e6 / measured["sum_ns"] - 1) > 0.01:  # coarse ticks
        problems.append(f"frontier.json and latency.json tell of other latencies: {entry} and {measured}")
    if abs(entry["corrected_milliseconds"] / entry["whole_milliseconds"] - 1) > 0.1:
        problems.append(f"a corrected sum is no better: {entry}")
run(*small, "--run", "search", "--trainings", 4, of=search)
if len(json.loads((folder / "search/latency.json").read_text())["corrections"]) != 1 or "corrections" in json.loads((folder / "search/config.json").read_text()):
    problems.append("a search does not go on by the latencies that it began with")
(folder / "next").mkdir(), shutil.copy(folder / "search/latency.json", folder / "next/latency.json")
expect(run(*small, "--run", "next", "--trainings", 1, of=search), "corrected 1 times by whole networks")
if json.loads((folder / "next/config.json").read_text()).get("corrections") != 1:
    problems.append("a search does not keep how often its table was corrected")
expect(run(*small, "--run", "typical", "--trainings", 1, "--speed", "typical", of=search, code=2), "typical latencies are not known of a shell", "use quiet ones")

# Several devices: one set of trainings, a frontier for each; a search that is killed goes on, and not for other devices.
phone = command('echo "$(grep -ao Conv "$1" | wc -l)"', name="a phone")  # deep networks are slow there, wide ones are not
run("--device", phone, "--out", "phone.json", *quick, "--error", 0)
both = ["--train-images", 64, "--epochs", 1, "--threads", 1, "--trainings", 12]
said = run("--devices", "a.json,phone.json", *both, "--run", "both", of=search)
expect(said, "device 1: a shell, sh 1", "device 2: a phone, sh 1", "networks are on the frontier of one of 2 devices at least", "fastest reaching", "on device 2")


def learned(run):
    answer = json.loads((folder / run / "frontier.json").read_text())
    trained = [json.loads(line)["payload"] for line in (folder / run / "journal/main.jsonl").read_text().splitlines() if '"trained"' in line]
    return [(each["candidate"], each["accuracy"], each["further_latency_ticks"]) for each in trained], [answer[key] for key in ("devices", "serving", "certificates")]


first = subprocess.Popen([search, "--devices", "a.json,phone.json", *map(str, both), "--run", "killed"], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
book = folder / "killed/journal/main.jsonl"
while first.poll() is None and not (book.exists() and book.read_text().count('"trained"') >= 5):
    time.sleep(0.01)
first.kill(), first.wait()
run("--devices", "a.json,phone.json", *both, "--run", "killed", of=search)
whole, killed = learned("both"), learned("killed")
if whole != killed or len(whole[0]) != 12:
    problems.append(f"a search for two devices that was killed ends otherwise: {whole} {killed}")
for at, device in enumerate(whole[1][0]):
    costs, good = ([network[key] for network in device["frontier"]] for key in ("milliseconds", "accuracy"))
    served = sorted(each["architecture"] for each in whole[1][1] if each["places"][at]["on_frontier"])
    if costs != sorted(costs) or good != sorted(good) or not costs or served != sorted(each["architecture"] for each in device["frontier"]):
        problems.append(f"no frontier, or not the one of those that serve it: {device}")
if {each["device"] for each in whole[1][2]} not in ({"a shell", "a phone"}, set()):
    problems.append("certificates are not of both devices")
page = (folder / "both/report.html").read_text()
if "The frontiers over one another" not in page or "On a phone" not in page or (folder / "both/latency.2.json").read_bytes() != (folder / "phone.json").read_bytes():
    problems.append("the report or the folder of two devices lacks one of them")
for devices, words in [("a.json", "names one device"), ("a.json,a.json", "twice"), ("a.json,none.json", "no file and no device"), ("phone.json,a.json", "was begun with device_1 = "),
                       (f"a.json,phone.json,{command('echo 3', name='a third')}", "device_3")]:
    expect(run("--devices", devices, *both, "--run", "both", of=search, code=2), words)
# One that is there is measured for its table, and then with the finalists.
expect(run("--devices", f"a.json,{phone}", "--train-images", 64, "--epochs", 1, "--threads", 1, "--trainings", 2, "--run", "there", of=search), "latency  ")
if any(each["places"][1]["whole_milliseconds"] is None or each["places"][0]["whole_milliseconds"] is not None for each in json.loads((folder / "there/frontier.json").read_text())["serving"]):
    problems.append("finalists are not measured where that can be done, or are where it cannot")

# Grey images of one's own, of other sizes and three classes: a table for them, made elsewhere, and a search here by it.
for name, step in (("bird", 1), ("cat", 40), ("dog", 90)):
    (folder / "set" / name).mkdir(parents=True)
    for i in range(24):
        (folder / "set" / name / f"{i}.png").write_bytes(png(17 + i % 5, lambda x, y: step * x + 3 * i * y, channels=1))
run("--input", "1x16x16", "--classes", 3, "--device", honest, "--out", "elsewhere.json", *quick)


def find(table, code=0, **changed):
    """A search on these images by a table, with other options than usual."""
    options = {"data": "folder:set", "side": 16, "fit": "crop", "batch": 8, "epochs": 1, "threads": 1, "run": "mine", "trainings": 2, "table": table, **changed}
    return run(*(part for name, value in options.items() for part in (f"--{name}", value)), of=search, code=code)


said = find("elsewhere.json")
expect(said, "classes: bird 24, cat 24, dog 24", "as 16 x 16 pixels, grey; of images of other proportions the middle", "device: a shell, sh 1", "elsewhere: latencies are those of elsewhere.json",
       "plan: at most 2 trainings of 1 epochs, each about", "nothing is measured here")
for entry in json.loads((folder / "mine/frontier.json").read_text())["frontier"]:
    if entry["whole_milliseconds"] is not None or not entry["milliseconds"] > 0:
        problems.append(f"a network of a device elsewhere was measured: {entry}")
header = next((folder / "mine/networks").glob("*.hpp")).read_text()
expect(header, 'using net = hasse::at_classes<hasse::at_input<hasse::network<hasse::df_small, "[(', ')]">, hasse::input<1, 16, 16>>, 3>;')
for weights in (folder / "mine/networks").glob("*.safetensors"):
    expect(run("--weights", weights, of=evaluate), "validation images right", "test images right")
if (folder / "mine/latency.json").read_text() != (folder / "elsewhere.json").read_text():
    problems.append("the folder has no copy of the table that was given")
before = (folder / "mine/frontier.json").read_text()
expect(find("elsewhere.json"), "trainings: 2, ")
if (folder / "mine/frontier.json").read_text() != before:
    problems.append("an ended search by a table says something else when it is started again")
expect(find("a.json", code=2), "was begun with")
expect(find("a.json", code=2, run="other"), "a.json: belongs to another search space, or to this one on other images or with another number of classes", "@32x32", "@16x16")
expect(find("elsewhere.json", code=2, device=honest, run="other"), "--device asks a command for others; leave one of them out")
expect(find("elsewhere.json", code=2, epochs=2), "was begun with another recipe (epochs: 1, now 2;", "start with the old settings")
expect(find("elsewhere.json", code=2, side=6), "images of 6 x 6 pixels are too small for this space", "8 pixels a side at least")

print("\n".join(problems) or "Commands are measured, and refused where they cannot be.")
sys.exit(1 if problems else 0)
