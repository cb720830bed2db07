#!/usr/bin/env python3
"""Other engines on the tables of hasse_tabular: how many trainings until a share of the hypervolume?

search.py TABLE.json --engine qehvi|qlogehvi|nsga2 [--seeds N] [--most TRAININGS] [--until PERCENT] [--population P]

Networks, costs, accuracies (means over the runs), reference and marks are those of hasse_tabular. The engines are asked for networks and
told accuracies; what a network costs is known to them beforehand, as it is to hasse.
 qehvi, qlogehvi  BoTorch's (Log) expected hypervolume improvement, one network at a time, over all networks that were not trained, after ten
                  uniform draws: a Gaussian process with BoTorch's defaults on digits and log cost, fitted anew each time; the cost is
                  given exactly. It is told the reference of the hypervolume, which hasse has to guess.
 nsga2            pymoo's NSGA-II on the digits (simulated binary crossover and polynomial mutation, rounded). A network that was trained
                  before costs nothing.
Prints one JSON object: seeds, each with the trainings until 80, 90, 95 and 99 % (null: not reached), and their medians."""
import argparse
import json
import math
import random
import statistics
import sys
import time
import warnings

MARKS = (80, 90, 95, 99)


class Table:
    """Distinct networks: digits, cost and accuracy."""

    def __init__(self, path):
        rows = json.load(open(path))
        self.is_macro = len(next(iter(rows))) == 8
        self.digits = range(0, 3) if self.is_macro else range(1, 5)
        found = {self.canonical(key): (row["flops"], row["mean_acc" if self.is_macro else "mean"]) for key, row in rows.items()}
        self.keys = sorted(found)
        self.place = {key: i for i, key in enumerate(self.keys)}
        self.cost = [found[key][0] for key in self.keys]
        self.accuracy = [found[key][1] for key in self.keys]
        self.reference = max(self.cost), statistics.median(self.accuracy)
        self.full = self.hypervolume(range(len(self.keys)))

    def canonical(self, key):
        """Layers that are absent are written last in their stage."""
        if not self.is_macro:
            return key
        at, made = 0, ""
        for layers in (2, 3, 3):
            rest = key[at + 1:at + layers]
            made += key[at] + "".join(d for d in rest if d != "0").ljust(layers - 1, "0")
            at += layers
        return made

    def hypervolume(self, networks):
        area, below = 0.0, self.reference[1]
        for i in sorted(networks, key=lambda i: (self.cost[i], -self.accuracy[i])):
            if self.cost[i] < self.reference[0] and self.accuracy[i] > below:
                area += (self.reference[0] - self.cost[i]) * (self.accuracy[i] - below)
                below = self.accuracy[i]
        return area


class Run:
    """What one seed trained, and when it reached what."""

    def __init__(self, table, most, until):
        self.table, self.most, self.until = table, most, until
        self.trained, self.reached = [], {}

    def train(self, i):
        if i in self.trained or self.ended():
            return
        self.trained.append(i)
        share = 100 * self.table.hypervolume(self.trained) / self.table.full
        for mark in MARKS:
            if share >= mark:
                self.reached.setdefault(mark, len(self.trained))

    def ended(self):
        return len(self.trained) >= min(self.most, len(self.table.keys)) or self.until in self.reached


def by_botorch(table, run, seed, logarithmic):
    import torch
    from botorch.acquisition.multi_objective.logei import qLogExpectedHypervolumeImprovement
    from botorch.acquisition.multi_objective.monte_carlo import qExpectedHypervolumeImprovement
    from botorch.fit import fit_gpytorch_mll
    from botorch.models import ModelList, SingleTaskGP
    from botorch.models.deterministic import GenericDeterministicModel
    from botorch.models.transforms.input import FilterFeatures
    from botorch.utils.multi_objective.box_decompositions.non_dominated import FastNondominatedPartitioning
    from gpytorch.mlls import ExactMarginalLogLikelihood

    torch.manual_seed(seed)
    torch.set_default_dtype(torch.double)
    torch.set_num_threads(1)
    logs = [math.log(cost) for cost in table.cost]
    low, high = min(logs), max(logs)
    least, most = min(table.digits), max(table.digits)
    dearest = table.reference[0]
    places = torch.tensor([[(int(d) - least) / (most - least) for d in key] + [(log - low) / (high - low), cost / dearest]
                           for key, log, cost in zip(table.keys, logs, table.cost)])
    for i in random.Random(seed).sample(range(len(table.keys)), 10):
        run.train(i)
    cost_model = GenericDeterministicModel(lambda x: -x[..., -1:])  # known; the last column is seen by nothing else
    while not run.ended():
        accuracy = torch.tensor([table.accuracy[i] for i in run.trained])
        middle, deviation = accuracy.mean(), accuracy.std().clamp_min(1e-6)
        x, y = places[run.trained], ((accuracy - middle) / deviation).unsqueeze(-1)
        process = SingleTaskGP(x, y, input_transform=FilterFeatures(feature_indices=torch.arange(x.shape[1] - 1)))
        fit_gpytorch_mll(ExactMarginalLogLikelihood(process.likelihood, process))

        reference = torch.tensor([-1.0, (table.reference[1] - middle.item()) / deviation.item()])
        boxes = FastNondominatedPartitioning(ref_point=reference, Y=torch.cat([-x[:, -1:], y], dim=-1))
        acquisition = qLogExpectedHypervolumeImprovement if logarithmic else qExpectedHypervolumeImprovement
        wanted = acquisition(model=ModelList(cost_model, process), ref_point=reference, partitioning=boxes)
        trained = set(run.trained)
        left = [i for i in range(len(table.keys)) if i not in trained]
        with torch.no_grad():
            values = torch.cat([wanted(chunk.unsqueeze(-2)) for chunk in places[left].split(1024)])
        run.train(left[int(values.argmax())])


def by_pymoo(table, run, seed, population):
    import numpy
    from pymoo.algorithms.moo.nsga2 import NSGA2
    from pymoo.core.evaluator import Evaluator
    from pymoo.core.problem import Problem
    from pymoo.operators.crossover.sbx import SBX
    from pymoo.operators.mutation.pm import PM
    from pymoo.operators.repair.rounding import RoundingRepair
    from pymoo.operators.sampling.rnd import IntegerRandomSampling
    from pymoo.problems.static import StaticProblem
    from pymoo.core.termination import NoTermination

    layers = len(table.keys[0])
    problem = Problem(n_var=layers, n_obj=2, xl=min(table.digits), xu=max(table.digits), vtype=int)
    engine = NSGA2(pop_size=population, sampling=IntegerRandomSampling(), eliminate_duplicates=True,
                   crossover=SBX(prob=1.0, eta=3.0, vtype=float, repair=RoundingRepair()),
                   mutation=PM(prob=1.0, eta=3.0, vtype=float, repair=RoundingRepair()))
    engine.setup(problem, termination=NoTermination(), seed=seed, verbose=False)
    idle = 0
    while not run.ended() and idle < 200:
        asked = engine.ask()
        if asked is None or len(asked) == 0:
            break
        before = len(run.trained)
        places = [table.place[table.canonical("".join(str(int(d)) for d in x))] for x in asked.get("X")]
        for i in places:
            run.train(i)
        idle = idle + 1 if len(run.trained) == before else 0  # a population that has come to rest
        told = numpy.array([[table.cost[i] / table.reference[0], -table.accuracy[i]] for i in places])
        Evaluator().eval(StaticProblem(problem, F=told), asked)
        engine.tell(infills=asked)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table")
    parser.add_argument("--engine", choices=("qehvi", "qlogehvi", "nsga2"), required=True)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--most", type=int, default=5000, help="trainings of a seed")
    parser.add_argument("--until", type=int, choices=MARKS, default=95, help="percent of the hypervolume that end a seed")
    parser.add_argument("--population", type=int, default=20, help="of nsga2")
    how = parser.parse_args()
    warnings.filterwarnings("ignore")
    table, seeds = Table(how.table), []
    for seed in range(1, how.seeds + 1):
        run, begin = Run(table, how.most, how.until), time.time()
        if how.engine == "nsga2":
            by_pymoo(table, run, seed, how.population)
        else:
            by_botorch(table, run, seed, how.engine == "qlogehvi")
        seeds.append({"seed": seed, **{str(mark): run.reached.get(mark) for mark in MARKS}, "trainings": len(run.trained), "seconds": round(time.time() - begin, 1)})
        print(f"seed {seed}: {seeds[-1]}", file=sys.stderr)

    def median(mark):
        values = sorted(math.inf if each[mark] is None else each[mark] for each in seeds)
        middle = statistics.median(values)
        return None if math.isinf(middle) else middle

    print(json.dumps({"engine": how.engine, "networks": len(table.keys), "until": how.until, "population": how.population if how.engine == "nsga2" else None,
                      "seeds": seeds, "medians": {str(mark): median(str(mark)) for mark in MARKS if mark <= how.until}}, indent=1))


main()
