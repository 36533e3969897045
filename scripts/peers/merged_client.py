"""Loads models in PyTorch and compares their logits with those in a file. Started by merged.mjs:

    merged_client.py EXPECTED MODEL...

EXPECTED is JSON: `texts`, and `logits`, one list of numbers for each text. A model is a folder or an id on the Hub.
"""

import json
import sys

import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer

TOLERANCE = 1e-4


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        expected = json.load(file)
    for model in sys.argv[2:]:
        tokenizer = AutoTokenizer.from_pretrained(model)
        classifier, loading = AutoModelForSequenceClassification.from_pretrained(
            model, output_loading_info=True, dtype=torch.float32
        )
        unmatched = [*loading["missing_keys"], *loading["unexpected_keys"], *loading["mismatched_keys"]]
        if unmatched:
            sys.exit(f"{model}: tensors that PyTorch does not expect, or misses: {unmatched}")
        classifier.eval()
        largest = 0.0
        for text, ours in zip(expected["texts"], expected["logits"], strict=True):
            with torch.no_grad():
                theirs = classifier(**tokenizer(text, return_tensors="pt")).logits[0]
            if len(theirs) != len(ours):
                sys.exit(f"{model}: {len(theirs)} logits in PyTorch, {len(ours)} in ours")
            largest = max(largest, (theirs - torch.tensor(ours)).abs().max().item())
        if not largest <= TOLERANCE:
            sys.exit(f"{model}: the logits differ by {largest:.1e}")
        print(f"merged: {model} loads in PyTorch, largest difference of logits {largest:.1e}")


if __name__ == "__main__":
    main()
