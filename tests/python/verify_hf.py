"""Compares exported Hugging Face folders with logits that Niwaki wrote.

    niwaki verify MODEL FOLDER --logits LOGITS.safetensors
    python3 tests/python/verify_hf.py FOLDER LOGITS.safetensors [FOLDER LOGITS.safetensors ...]

Needs torch 1.13 or later. With transformers, folders are loaded by AutoModelForCausalLM as a user would; without it, model_type niwaki runs its own Python files
on a stand-in of the few names they import, and the others run on a plain-torch reference of their class. A line for each folder; exit code 1 if one fails.
"""

import importlib
import json
import os
import struct
import sys
import types

import torch

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import stock_reference  # noqa: E402

try:
    import transformers
except ImportError:
    import transformers_standin

    transformers_standin.install()
    transformers = None

TOLERANCE = 1e-4  # largest difference over the largest logit of a position, for weights that are float32 in both
TYPES = {"F32": (torch.float32, 4), "F16": (torch.float16, 2), "BF16": (torch.bfloat16, 2)}


def read_safetensors(path):
    with open(path, "rb") as file:
        data = file.read()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])
    metadata = header.pop("__metadata__", {})
    body = bytearray(data[8 + length :])
    tensors = {}
    for name, entry in header.items():
        first, end = entry["data_offsets"]
        kind, size = TYPES[entry["dtype"]]
        values = torch.frombuffer(body, dtype=kind, offset=first, count=(end - first) // size)
        tensors[name] = values.view(entry["shape"])
    return tensors, metadata


def read_weights(folder):
    index = os.path.join(folder, "model.safetensors.index.json")
    if not os.path.exists(index):
        return read_safetensors(os.path.join(folder, "model.safetensors"))[0]
    with open(index, encoding="utf-8") as file:
        shards = sorted(set(json.load(file)["weight_map"].values()))
    return {name: tensor for shard in shards for name, tensor in read_safetensors(os.path.join(folder, shard))[0].items()}


def load_class(folder, reference):
    """The class that auto_map names, from the files in the folder."""
    module, name = reference.split(".")
    package = "exported_" + str(abs(hash(folder)))
    if package not in sys.modules:
        sys.modules[package] = types.ModuleType(package)
        sys.modules[package].__path__ = [folder]
    return getattr(importlib.import_module(f"{package}.{module}"), name)


def run_niwaki(folder, config, ids):
    """Logits of one pass, after checks that the cache and padding change nothing."""
    config_class = load_class(folder, config["auto_map"]["AutoConfig"])
    model_class = load_class(folder, config["auto_map"]["AutoModelForCausalLM"])
    known = config_class(**config)
    if known.to_dict()["per_layer_config"] != config["per_layer_config"]:
        raise ValueError("per_layer_config does not survive to_dict")
    model = model_class(known).eval()
    weights = {name: tensor.float() for name, tensor in read_weights(folder).items() if name != "lm_head.weight" or not config["tie_word_embeddings"]}
    model.load_state_dict(weights, strict=True)
    whole = model(input_ids=ids[None]).logits[0]
    half = len(ids) // 2
    step = model(input_ids=ids[None, :half], use_cache=True)
    parts = [step.logits[0]]
    for place in range(half, len(ids)):
        step = model(input_ids=ids[None, place : place + 1], past_key_values=step.past_key_values, use_cache=True)
        parts.append(step.logits[0])
    check("with a cache", torch.cat(parts), whole)
    padded = torch.cat((torch.zeros(3, dtype=ids.dtype), ids))[None]
    mask = torch.tensor([[0] * 3 + [1] * len(ids)])
    check("padded on the left", model(input_ids=padded, attention_mask=mask).logits[0, 3:], whole)
    check("last logits only", model(input_ids=ids[None], logits_to_keep=1).logits[0], whole[-1:])
    loss = model(input_ids=ids[None], labels=ids[None]).loss
    check("loss", loss, torch.nn.functional.cross_entropy(whole[:-1], ids[1:]))
    return whole


def run_decilm_config(folder, config):
    """The config class must give block_configs as objects with attributes, as vLLM reads them."""
    known = load_class(folder, config["auto_map"]["AutoConfig"])(**config)
    for block, wanted in zip(known.block_configs, config["block_configs"]):
        if block.attention.no_op != wanted["attention"]["no_op"] or block.ffn.ffn_mult != wanted["ffn"]["ffn_mult"]:
            raise ValueError("block_configs are not the objects of config.json")
    if known.to_dict()["block_configs"] != config["block_configs"]:
        raise ValueError("block_configs do not survive to_dict")


def run_transformers(folder, ids):
    model = transformers.AutoModelForCausalLM.from_pretrained(folder, trust_remote_code=True, torch_dtype=torch.float32).eval()
    return model(input_ids=ids[None]).logits[0]


def relative(found, expected):
    scale = expected.abs().amax(dim=-1) if expected.dim() > 1 else expected.abs()
    worst = (found.double() - expected.double()).abs()
    worst = worst.amax(dim=-1) if worst.dim() > 1 else worst
    return float((worst / scale.double()).max())


def check(what, found, expected):
    difference = relative(found, expected)
    if not difference <= TOLERANCE:
        raise ValueError(f"{what}: logits differ by {difference:.2e}, expected at most {TOLERANCE:.0e}")


def verify(folder, logits_path):
    """What ran the folder, and the largest relative difference."""
    with open(os.path.join(folder, "config.json"), encoding="utf-8") as file:
        config = json.load(file)
    tensors, metadata = read_safetensors(logits_path)
    ids = torch.tensor([int(word) for word in metadata["ids"].split()])
    kind = config["model_type"]
    if kind == "nemotron-nas":
        run_decilm_config(folder, config)
    if transformers is not None and kind != "nemotron-nas":
        runner, found = "transformers " + transformers.__version__, run_transformers(folder, ids)
    elif kind == "niwaki":
        runner, found = "its own files on a stand-in", run_niwaki(folder, config, ids)
    else:
        runner, found = "reference of " + stock_reference.FAMILIES[kind][0], stock_reference.StockModel(config, read_weights(folder)).logits(ids)
    check(runner, found, tensors["logits"])
    return runner, relative(found, tensors["logits"])


def main(arguments):
    if len(arguments) < 2 or len(arguments) % 2:
        print(__doc__)
        return 2
    failed = 0
    with torch.no_grad():
        for folder, logits_path in zip(arguments[::2], arguments[1::2]):
            try:
                runner, difference = verify(os.path.abspath(folder), logits_path)
                print(f"ok {folder}: {runner}, largest relative difference {difference:.1e}", flush=True)
            except Exception as error:  # one folder that fails must not hide the others
                failed += 1
                print(f"FAILED {folder}: {type(error).__name__}: {error}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
