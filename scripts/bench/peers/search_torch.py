"""A plain loop of Evolver around averaging in PyTorch: search_torch.py <JSON of the search>

The search is {models, datasets: [{name, path}], generations, scale, crossover, mode, seed, threads, batch}: folders of
BertForSequenceClassification models of one family and files of {"text", "label"} rows. Prints JSON with the seconds of the
search and of its processor time; reading models and tokenising come before.
"""
import json
import resource
import sys
import time

import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer

search = json.loads(sys.argv[1])
torch.set_num_threads(search["threads"])
torch.manual_seed(search["seed"])
tokenizer = AutoTokenizer.from_pretrained(search["models"][0])
model = AutoModelForSequenceClassification.from_pretrained(search["models"][0], torch_dtype=torch.float32).eval()


def vector(folder):
    loaded = AutoModelForSequenceClassification.from_pretrained(folder, torch_dtype=torch.float32)
    return torch.cat([parameter.detach().reshape(-1) for parameter in loaded.parameters()])


def batches(path):
    rows = [json.loads(line) for line in open(path)]
    texts = tokenizer([row["text"] for row in rows], truncation=True, max_length=128)["input_ids"]
    labels = [model.config.label2id[row["label"]] for row in rows]
    # Texts of like length together, so that little is spent on padding.
    order = sorted(range(len(rows)), key=lambda index: len(texts[index]))
    found = []
    for start in range(0, len(order), search["batch"]):
        chosen = order[start : start + search["batch"]]
        padded = tokenizer.pad({"input_ids": [texts[index] for index in chosen]}, return_tensors="pt")
        found.append((padded, torch.tensor([labels[index] for index in chosen])))
    return found


datasets = [batches(dataset["path"]) for dataset in search["datasets"]]
population = [vector(folder) for folder in search["models"]]


@torch.inference_mode()
def score(vectors):
    mean = torch.stack(vectors).mean(0)
    offset = 0
    for parameter in model.parameters():
        parameter.copy_(mean[offset : offset + parameter.numel()].view_as(parameter))
        offset += parameter.numel()
    scores = []
    for dataset in datasets:
        right = sum((model(**inputs).logits.argmax(-1) == labels).sum().item() for inputs, labels in dataset)
        scores.append(right / sum(len(labels) for _, labels in dataset))
    return sum(scores) / len(scores)


def child_of(individual):
    others = [index for index in torch.randperm(len(population)).tolist() if index != individual]
    parent, scale = population[individual], search["scale"]
    if search["mode"] == "blend":
        mutant = (1 - scale) * parent + scale * population[others[0]]
    else:
        mutant = parent + scale * (population[others[0]] - population[others[1]])
    return torch.where(torch.rand(parent.numel()) < search["crossover"], mutant, parent)


started, processor = time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF)
best = first = score(population)
accepted = 0
for generation in range(search["generations"]):
    for individual in torch.randperm(len(population)).tolist():
        candidate = list(population)
        candidate[individual] = child_of(individual)
        reached = score(candidate)
        if reached > best:
            best, population, accepted = reached, candidate, accepted + 1
ended = resource.getrusage(resource.RUSAGE_SELF)
print(
    json.dumps(
        {
            "seconds": time.perf_counter() - started,
            "processor": ended.ru_utime + ended.ru_stime - processor.ru_utime - processor.ru_stime,
            "candidates": 1 + search["generations"] * len(population),
            "accepted": accepted,
            "start": first,
            "best": best,
            "version": torch.__version__,
        }
    )
)
