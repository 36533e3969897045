"""The same merges with mergekit, through its own API.

    python mergekit_merge.py linear|ties OUT BASE MODEL...

`linear` averages all folders, the base among them; `ties` keeps a density of 0.2 of each model. Prints the seconds of the
merge, the written files included, and the processor seconds, as one line of JSON. Needs mergekit; uses all cores.
"""

import json
import os
import resource
import sys
import time

import torch
from mergekit.config import MergeConfiguration
from mergekit.merge import MergeOptions, run_merge

DENSITY = 0.2


def configuration(method, base, folders):
    if method == "linear":
        models = [{"model": folder, "parameters": {"weight": 1}} for folder in [base, *folders]]
        return {"merge_method": "linear", "models": models, "dtype": "bfloat16"}
    if method == "ties":
        parameters = {"weight": 1, "density": DENSITY}
        models = [{"model": folder, "parameters": parameters} for folder in folders]
        return {"merge_method": "ties", "base_model": base, "models": models, "dtype": "bfloat16"}
    sys.exit(f"this program merges by linear and ties, not by {method}")


def main():
    method, out, base, *folders = sys.argv[1:]
    torch.set_num_threads(os.cpu_count())
    config = MergeConfiguration.model_validate(configuration(method, base, folders))
    options = MergeOptions(copy_tokenizer=False, lazy_unpickle=True, quiet=True, write_model_card=False)
    start = time.perf_counter()
    before = resource.getrusage(resource.RUSAGE_SELF)
    run_merge(config, out_path=out, options=options)
    seconds = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_SELF)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(json.dumps({"seconds": seconds, "cpu": cpu, "peakBytes": after.ru_maxrss * 1024}))


if __name__ == "__main__":
    main()
