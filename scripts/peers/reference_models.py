"""Writes tiny models with random weights, and what PyTorch gives for them, in the layout of tests/golden/architectures.

Every class that has a graph, every activation, and the options that change what a class computes. Needs torch and
transformers. Usage: python reference_models.py <folder> [<part of a name>]
"""

import json
import pathlib
import sys
import zlib

import torch
import transformers
from safetensors.torch import save_file
from transformers.activations import ACT2FN

KINDS = ("Model", "ForSequenceClassification", "ForTokenClassification", "ForMaskedLM")
LAYERS = {"num_hidden_layers": 2, "num_attention_heads": 3, "layer_norm_eps": 0.01}
WIDTHS = {"vocab_size": 97, "hidden_size": 36, "intermediate_size": 52}
BERT = {**WIDTHS, **LAYERS, "max_position_embeddings": 40}
ROBERTA = {**BERT, "max_position_embeddings": 44, "pad_token_id": 1, "type_vocab_size": 1}
DISTILBERT = {"vocab_size": 97, "dim": 36, "n_layers": 2, "n_heads": 3, "hidden_dim": 52, "max_position_embeddings": 40}
FAMILIES = {
    "bert": ("Bert", BERT),
    "roberta": ("Roberta", ROBERTA),
    "xlm-roberta": ("XLMRoberta", ROBERTA),
    "camembert": ("Camembert", ROBERTA),
    "distilbert": ("DistilBert", DISTILBERT),
}


def cases():
    """Name of the folder, family, class suffix and options of each model."""
    for family in FAMILIES:
        for kind in KINDS:
            yield f"{family}-{kind.removeprefix('For')}", family, kind, {}
    for activation in ACT2FN:
        for family in ("bert", "roberta", "distilbert"):
            key = "activation" if family == "distilbert" else "hidden_act"
            yield f"{family}-{activation}", family, "ForMaskedLM", {key: activation}
    for family in ("bert", "roberta", "distilbert"):
        yield f"{family}-untied", family, "ForMaskedLM", {"tie_word_embeddings": False}
    yield "bert-decoder", "bert", "ForSequenceClassification", {"is_decoder": True}
    yield "roberta-decoder", "roberta", "ForTokenClassification", {"is_decoder": True}
    types = {"type_vocab_size": 2, "pad_token_id": 3}
    yield "roberta-token-types", "roberta", "ForSequenceClassification", types
    yield "distilbert-sinusoidal", "distilbert", "ForSequenceClassification", {"sinusoidal_pos_embds": True}
    multi = {"problem_type": "multi_label_classification", "num_labels": 3}
    yield "bert-multi-label", "bert", "ForSequenceClassification", multi
    yield "bert-regression", "bert", "ForSequenceClassification", {"num_labels": 1}


def randomise(model, generator):
    """Weights that let every part show: see tests/golden/architectures/README.md."""
    with torch.no_grad():
        for name, weight in model.named_parameters():
            noise = torch.randn(weight.shape, generator=generator)
            if name.endswith(("LayerNorm.weight", "layer_norm.weight")):
                weight.copy_(torch.rand(weight.shape, generator=generator) * 0.8 + 0.6)
            elif "embeddings" in name:
                weight.copy_(noise * 0.5)
            elif weight.dim() == 2:
                weight.copy_(noise * 1.2 / weight.shape[1] ** 0.5)
            elif "act" not in name:  # activations with weights of their own keep them
                weight.copy_(noise * 0.3)
    model.tie_weights()


def run(model, prefix, lengths, generator):
    """Inputs and outputs of one case, by the names of io.safetensors."""
    config = model.config
    length = max(lengths)
    mask = torch.tensor([[int(at < own) for at in range(length)] for own in lengths])
    ids = torch.randint(5, config.vocab_size, mask.shape, generator=generator)
    inputs = {"input_ids": ids * mask + (config.pad_token_id or 0) * (1 - mask), "attention_mask": mask}
    if getattr(config, "type_vocab_size", 1) > 1:
        inputs["token_type_ids"] = torch.randint(0, 2, mask.shape, generator=generator) * mask
    with torch.no_grad():
        found = model(**inputs, output_hidden_states=True)
    tensors = {f"{prefix}input.{name}": tensor for name, tensor in inputs.items()}
    for name in ("logits", "last_hidden_state", "pooler_output"):
        if found.get(name) is not None:
            tensors[f"{prefix}output.{name}"] = found[name]
    tensors |= {f"{prefix}hidden.{index}": state for index, state in enumerate(found.hidden_states)}
    return {name: tensor.contiguous().clone() for name, tensor in tensors.items()}


def strip_defaults(path):
    """Leaves out of config.json what the class says by default."""
    config = json.loads(path.read_text())
    defaults = type(transformers.AutoConfig.for_model(config["model_type"]))().to_dict()
    kept = {k: v for k, v in config.items() if k in ("model_type", "architectures") or defaults.get(k, ...) != v}
    path.write_text(json.dumps(kept, indent=2) + "\n")


def write(folder, name, family, kind, options):
    seed = zlib.crc32(name.encode())
    generator = torch.Generator().manual_seed(seed)
    torch.manual_seed(seed)
    stem, sizes = FAMILIES[family]
    config_class = getattr(transformers, f"{stem}Config")
    config = config_class(**{"num_labels": 4, **sizes, **options}, attn_implementation="eager")
    model = getattr(transformers, stem + kind)(config).eval().float()
    randomise(model, generator)
    model.save_pretrained(folder / name)
    strip_defaults(folder / name / "config.json")
    tensors = run(model, "", (19, 11, 4), generator) | run(model, "single.", (13,), generator)
    save_file(tensors, folder / name / "io.safetensors")


def main():
    folder = pathlib.Path(sys.argv[1])
    part = sys.argv[2] if len(sys.argv) > 2 else ""
    torch.set_num_threads(1)
    transformers.utils.logging.disable_progress_bar()
    transformers.utils.logging.set_verbosity_error()
    for name, *what in cases():
        if part in name:
            write(folder, name, *what)


if __name__ == "__main__":
    main()
