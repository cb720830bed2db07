#!/usr/bin/env python3
"""How near a model can come to the batch-1 latencies of Once-for-All's public table, whatever it is made of.

    python3 bench/latency/floor.py TABLES/ofa-latency/ofa.csv

A network that waits for launches takes as long as it has blocks: what is left of its latency when the depths of its five stages are known is
the floor, unless kernel sizes, expansions, resolution or another device's latency of the same network tell more of it.
"""
import collections
import csv
import random
import statistics
import sys

rows = list(csv.DictReader(open(sys.argv[1])))
random.seed(1)
random.shuffle(rows)
made_of, others = rows[:3000], rows[3500:]


def medians(networks, column, key):
    groups = collections.defaultdict(list)
    for each in networks:
        groups[key(each)].append(float(each[column]))
    return {name: statistics.median(values) for name, values in groups.items()}


def depths(each):
    return each["d"]


def total(each):
    return sum(map(int, each["d"]))


def missed(networks, column, known, key):
    """Signed relative errors; a group that nobody knows counts as its total depth does."""
    usual = medians(rows, column, total)
    told = [known.get(key(each), usual[total(each)]) for each in networks]
    return [(float(each[column]) - guess) / float(each[column]) for each, guess in zip(networks, told)]


def percent(errors):
    return f"{100 * statistics.mean(map(abs, errors)):.2f} % in the mean, {100 * statistics.median(map(abs, errors)):.2f} % in the median"


left = {}
for column in ("lat_2080ti_1", "lat_titan_xp_1"):
    print(column)
    print("  others by the total depth:       ", percent(missed(others, column, medians(made_of, column, total), total)))
    print("  others by the five depths:       ", percent(missed(others, column, medians(made_of, column, depths), depths)))
    own = missed(rows, column, medians(rows, column, depths), depths)
    print("  its own networks by five depths: ", percent(own))
    print(f"  {100 * statistics.mean(error > 0.1 for error in own):.0f} % took over a tenth longer than others of equal depths")
    told = {"resolution": [int(each["r"]) for each in rows], "kernel sizes": [sum(map(int, each["ks"])) for each in rows],
            "expansions": [sum(map(int, each["e"])) for each in rows], "latency at batch 64": [float(each[column[:-1] + "64"]) for each in rows]}
    print("  correlation of what is left with " + ", ".join(f"{name} {statistics.correlation(own, values):.3f}" for name, values in told.items()))
    left[column] = own
print(f"correlation of what is left on one device and on the other: {statistics.correlation(*left.values()):.3f}")
