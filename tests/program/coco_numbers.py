"""The twelve numbers of COCO of two files as its tools read them, counted apart from hasse: annotations, and results of a detector."""
import bisect
import collections
import json
import pathlib

THRESHOLDS = [0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.8999999999999999, 0.95]  # as numpy.linspace has them
RECALLS = [0.01 * i for i in range(101)]
SIZES = {"all": (0, 1e10), "small": (0, 32 ** 2), "medium": (32 ** 2, 96 ** 2), "large": (96 ** 2, 1e10)}
NAMES = ["AP", "AP50", "AP75", "AP_small", "AP_medium", "AP_large", "AR_1", "AR_10", "AR_100", "AR_small", "AR_medium", "AR_large"]


def agreement(found, wanted, crowd):
    across = min(found[0] + found[2], wanted[0] + wanted[2]) - max(found[0], wanted[0])
    down = min(found[1] + found[3], wanted[1] + wanted[3]) - max(found[1], wanted[1])
    shared = across * down if across > 0 and down > 0 else 0
    every = found[2] * found[3] + (0 if crowd else wanted[2] * wanted[3] - shared)
    return shared / every if every > 0 else 0


def judged(objects, found, size, threshold):
    """Of each answer whether it is right, and whether it does not count; how many objects count."""
    low, high = SIZES[size]
    ignored = [each["iscrowd"] == 1 or not low <= each["area"] <= high for each in objects]
    order = sorted(range(len(objects)), key=lambda at: ignored[at])
    taken, rows = set(), []
    for answer in found:
        best, match = min(threshold, 1 - 1e-10), None
        for at in order:
            crowd = objects[at]["iscrowd"] == 1
            if at in taken and not crowd:
                continue
            if match is not None and not ignored[match] and ignored[at]:
                break
            share = agreement(answer["bbox"], objects[at]["bbox"], crowd)
            if share >= best:
                best, match = share, at
        if match is not None:
            taken.add(match)
        out = match is None and not low <= answer["bbox"][2] * answer["bbox"][3] <= high
        rows.append((answer["score"], match is not None, out or (match is not None and ignored[match])))
    return rows, ignored.count(False)


def curve(parts, most):
    """Precision at 101 recalls, and the last recall; None where no object counts."""
    count = sum(objects for _, objects in parts)
    if count == 0:
        return None
    right = wrong = 0
    recalls, precisions = [], []
    for _, is_right, out in sorted((row for rows, _ in parts for row in rows[:most]), key=lambda row: -row[0]):
        if not out:
            right, wrong = right + is_right, wrong + (not is_right)
        recalls.append(right / count)
        precisions.append(right / (right + wrong + 2 ** -52))
    for at in range(len(precisions) - 1, 0, -1):
        precisions[at - 1] = max(precisions[at - 1], precisions[at])
    places = [bisect.bisect_left(recalls, each) for each in RECALLS]
    return [precisions[at] if at < len(precisions) else 0 for at in places], recalls[-1] if recalls else 0


def numbers(annotations, results):
    """The twelve, by name; -1 where there is none."""
    kinds = sorted(each["id"] for each in annotations["categories"])
    pictures = sorted(each["id"] for each in annotations["images"])
    objects, found = collections.defaultdict(list), collections.defaultdict(list)
    for each in annotations["annotations"]:
        objects[each["image_id"], each["category_id"]].append(each)
    for each in results:
        if each["image_id"] not in pictures or each["category_id"] not in kinds:
            raise ValueError(f"a result is of no picture or class that is annotated: {each}")
        found[each["image_id"], each["category_id"]].append(each)
    for key, each in found.items():
        found[key] = sorted(each, key=lambda answer: -answer["score"])[:100]
    kept = {}

    def mean(size, most, recall, thresholds):
        values = []
        for kind in kinds:
            for threshold in thresholds:
                if (kind, size, threshold) not in kept:
                    kept[kind, size, threshold] = [judged(objects[picture, kind], found[picture, kind], size, threshold) for picture in pictures]
                one = curve(kept[kind, size, threshold], most)
                if one is not None:
                    values += [one[1]] if recall else one[0]
        return sum(values) / len(values) if values else -1

    asked = [("all", 100, False, THRESHOLDS), ("all", 100, False, THRESHOLDS[:1]), ("all", 100, False, THRESHOLDS[5:6]),
             *[(size, 100, False, THRESHOLDS) for size in ("small", "medium", "large")],
             *[("all", most, True, THRESHOLDS) for most in (1, 10, 100)], *[(size, 100, True, THRESHOLDS) for size in ("small", "medium", "large")]]
    return {name: mean(*each) for name, each in zip(NAMES, asked)}


def of_pycocotools(annotations, results):
    """The same by pycocotools itself; None where that is not installed."""
    try:
        from pycocotools.coco import COCO
        from pycocotools.cocoeval import COCOeval
    except ImportError:
        return None
    truth = COCO(str(annotations))
    judge = COCOeval(truth, truth.loadRes(str(results)), "bbox")
    judge.evaluate(), judge.accumulate(), judge.summarize()
    return dict(zip(NAMES, map(float, judge.stats)))


def check_fixtures():
    """What is counted here is what pycocotools counted once."""
    for name in ("coco-boxes", "coco-crowd-area"):
        case = json.loads((pathlib.Path(__file__).parent.parent / f"task/fixtures/{name}.json").read_text())
        own = numbers(case["gt"], case["dt"])
        for each in NAMES:
            if abs(own[each] - case["expected"]["stats"][each]) > 1e-12:
                raise SystemExit(f"{name}: {each} is {own[each]}, not {case['expected']['stats'][each]}")
