"""Gram matrices by PyTorch's forward hooks, and a plain forward pass: grams_torch.py <model> <texts.jsonl> <threads> <runs>"""
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
lengths = [len(tokenizer(text, truncation=True)["input_ids"]) for text in texts]
order = sorted(range(len(texts)), key=lambda index: -lengths[index])
batches = [
    tokenizer([texts[i] for i in order[start : start + 16]], return_tensors="pt", padding=True, truncation=True)
    for start in range(0, len(order), 16)
]
tokens = sum(lengths)


def forward():
    with torch.no_grad():
        for batch in batches:
            model(**batch)


def gather():
    grams, handles, seen = {}, [], {}

    def hook(name):
        def add(_module, inputs):
            rows = inputs[0].reshape(-1, inputs[0].shape[-1])
            # Query, key and value read one tensor: measured once, as here.
            if seen.get("pointer") == rows.data_ptr():
                return
            seen["pointer"] = rows.data_ptr()
            gram = (rows.T @ rows).double()
            grams[name] = gram if name not in grams else grams[name].add_(gram)

        return add

    for name, module in model.named_modules():
        if isinstance(module, torch.nn.Linear):
            handles.append(module.register_forward_pre_hook(hook(name)))
    forward()
    for handle in handles:
        handle.remove()
    return grams


def median(work):
    figures = []
    for run in range(runs + 1):
        start = time.perf_counter()
        work()
        if run > 0:
            figures.append(time.perf_counter() - start)
    return sorted(figures)[len(figures) // 2]


scored, gathered = median(forward), median(gather)
print(
    f"PyTorch {torch.__version__}, hooks: scoring {tokens / scored:.0f} tokens/s, "
    f"gathering {tokens / gathered:.0f} tokens/s, {scored / gathered:.2f} of scoring"
)
