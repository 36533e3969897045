"""PCB-Merging over the whole model in PyTorch, as one would write it from the formula (docs/methods/pcb.md, `reference`).

    python pcb_torch.py pcb OUT BASE MODEL...

Loads every model as one float32 vector, merges, and writes OUT/model.safetensors in the base's dtypes. Prints the
seconds from the first read to the written file, and the processor seconds, as one line of JSON. Needs torch and
safetensors; uses all cores. Memory: about 4 bytes x parameters x (4 x models + 3).
"""

import json
import os
import pathlib
import resource
import sys
import time

import torch
from safetensors.torch import load_file, save_file

RATIO = 0.1
LAMBDA = 1.0
CLAMP = 0.0001


def flatten(folder):
    """All tensors of a folder's safetensors as one float32 vector, in the order of their names."""
    tensors = {}
    for file in sorted(pathlib.Path(folder).glob("*.safetensors")):
        tensors.update(load_file(file))
    return torch.cat([tensors[name].flatten().float() for name in sorted(tensors)]), tensors


def order_statistic(row, index):
    """The value that stands at `index`, counted from 0, once the row is sorted."""
    return torch.kthvalue(row, index + 1).values


def clamp_and_normalise(magnitudes):
    clamped = torch.empty_like(magnitudes)
    normalised = torch.empty_like(magnitudes)
    size = magnitudes.shape[1]
    for index, row in enumerate(magnitudes):
        low, high = order_statistic(row, int(size * CLAMP)), order_statistic(row, int(size * (1 - CLAMP) - 1))
        clamped[index] = row.clamp(low, high)
        normalised[index] = (clamped[index] - low) / (high - low)
    return clamped, normalised


def pcb(task_vectors):
    count, size = task_vectors.shape
    clamped, normalised = clamp_and_normalise(task_vectors.abs())
    competition = torch.exp(count * normalised**2) * torch.tanh(task_vectors * task_vectors.sum(0))
    del normalised
    weights = torch.empty_like(competition)
    for index, row in enumerate(competition):
        threshold = order_statistic(row, int(size * (1 - RATIO)))
        weights[index] = (row - threshold).clamp(min=0) / (row.max() - threshold)
    merged = (LAMBDA * task_vectors.sign() * clamped * weights).sum(0)
    return merged / weights.sum(0).clamp(min=1e-12)


def main():
    method, out, base_folder, *folders = sys.argv[1:]
    if method != "pcb":
        sys.exit(f"this program merges by pcb, not by {method}")
    torch.set_num_threads(os.cpu_count())
    start = time.perf_counter()
    base, tensors = flatten(base_folder)
    task_vectors = torch.stack([flatten(folder)[0] - base for folder in folders])
    merged = base + pcb(task_vectors)
    result, position = {}, 0
    for name in sorted(tensors):
        stored = tensors[name]
        result[name] = merged[position : position + stored.numel()].reshape(stored.shape).to(stored.dtype)
        position += stored.numel()
    pathlib.Path(out).mkdir(parents=True, exist_ok=True)
    save_file(result, os.path.join(out, "model.safetensors"), {"format": "pt"})
    seconds = time.perf_counter() - start
    used = resource.getrusage(resource.RUSAGE_SELF)
    print(json.dumps({"seconds": seconds, "cpu": used.ru_utime + used.ru_stime, "peakBytes": used.ru_maxrss * 1024}))


if __name__ == "__main__":
    main()
