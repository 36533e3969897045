"""The equations of one linear layer in numpy: prints median seconds and peak megabytes beyond the imports as JSON.

usage: solve_numpy.py inputs outputs models runs
"""
import json
import resource
import sys
import time

import numpy as np

inputs, outputs, models, runs = map(int, sys.argv[1:])
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
rng = np.random.default_rng(0)


def gram():
    noise = rng.random((inputs, inputs)) - 0.5
    noise = (noise + noise.T) / 2 / np.sqrt(inputs)
    np.fill_diagonal(noise, 1 + rng.random(inputs))
    return noise


grams = [gram() for _ in range(models)]
weights = [rng.random((inputs, outputs)) - 0.5 for _ in range(models)]
taken = []
for _ in range(runs):
    start = time.perf_counter()
    left = np.zeros((inputs, inputs))
    right = np.zeros((inputs, outputs))
    for moments, weight in zip(grams, weights):
        shrunk = 0.9 * moments
        np.fill_diagonal(shrunk, np.diag(moments))
        left += shrunk
        right += shrunk @ weight
    np.linalg.solve(left, right)
    taken.append(time.perf_counter() - start)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps({"seconds": sorted(taken)[len(taken) // 2], "megabytes": (peak - before) / 1024}))
