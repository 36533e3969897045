"""Checks that files written by @hubfuse/tensors load in the reference implementation of safetensors, and the reverse.

Needs the Python packages safetensors and numpy. Run from anywhere: python safetensors_files.py
"""

import hashlib
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy
import safetensors
import safetensors.numpy

HERE = pathlib.Path(__file__).parent


def node(action, file):
    """What the Node half prints: metadata, and the tensors by name."""
    command = ["node", str(HERE / "safetensors-files.mjs"), action, str(file)]
    lines = subprocess.run(command, check=True, capture_output=True, text=True, cwd=HERE).stdout.splitlines()
    rows = [json.loads(line) for line in lines]
    return rows[0]["metadata"], {row["name"]: (row["dtype"], row["shape"], row["sha256"]) for row in rows[1:]}


def reference(file):
    """What the reference implementation finds, in the same form."""
    found = safetensors.deserialize(file.read_bytes())
    return {
        name: (tensor["dtype"], list(tensor["shape"]), hashlib.sha256(bytes(tensor["data"])).hexdigest())
        for name, tensor in found
    }


def compare(what, ours, theirs):
    different = sorted(name for name in ours.keys() | theirs.keys() if ours.get(name) != theirs.get(name))
    if different:
        first = different[0]
        sys.exit(f"{what}: {len(different)} tensors differ, first {first}: {ours.get(first)} and {theirs.get(first)}")
    print(f"{what}: {len(ours)} tensors are the same")


def main():
    with tempfile.TemporaryDirectory() as folder:
        ours = pathlib.Path(folder) / "ours.safetensors"
        metadata, tensors = node("write", ours)
        compare("written by hubfuse", tensors, reference(ours))
        with safetensors.safe_open(ours, framework="numpy") as opened:
            if opened.metadata() != metadata:
                sys.exit(f"metadata differ: {opened.metadata()} and {metadata}")

        theirs = pathlib.Path(folder) / "theirs.safetensors"
        arrays = {
            "ids": numpy.arange(2, dtype=numpy.int64),
            "weight": numpy.linspace(-1, 1, 4, dtype=numpy.float32).reshape(2, 2),
            "scalar": numpy.array(0.5, dtype=numpy.float16),
            "empty": numpy.zeros((0, 3), dtype=numpy.float64),
            "mask": numpy.array([False, True, True]),
        }
        safetensors.numpy.save_file(arrays, theirs, {"format": "np"})
        compare("written by the reference", node("describe", theirs)[1], reference(theirs))


if __name__ == "__main__":
    main()
