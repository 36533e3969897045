"""Squared gradients by PyTorch's backward pass: fisher_torch.py <model> <texts.jsonl> <threads> <runs>"""
import json
import sys
import time

import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer

folder, file, threads, runs = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
torch.set_num_threads(threads)
texts = [json.loads(line)["text"] for line in open(file)]
tokenizer = AutoTokenizer.from_pretrained(folder)
model = AutoModelForSequenceClassification.from_pretrained(folder, dtype=torch.float32).eval()
parameters = list(model.parameters())


def gather(size):
    sums = [torch.zeros_like(parameter, dtype=torch.float64) for parameter in parameters]
    for start in range(0, len(texts), size):
        batch = tokenizer(texts[start : start + size], return_tensors="pt", padding=True, truncation=True)
        logits = model(**batch).logits
        model.zero_grad(set_to_none=True)
        torch.nn.functional.cross_entropy(logits, logits.argmax(-1)).backward()
        for total, parameter in zip(sums, parameters):
            if parameter.grad is not None:
                total.add_(parameter.grad.square())
    return sums


def median(size):
    figures = []
    for run in range(runs + 1):
        start = time.perf_counter()
        gather(size)
        if run > 0:
            figures.append(time.perf_counter() - start)
    return sorted(figures)[len(figures) // 2]


for name, size in (("hard", 16), ("hard-example", 1)):
    print(f"PyTorch {torch.__version__}, {name}: {len(texts) / median(size):.1f} examples/s")
