"""A training step of a Llama model in PyTorch, with the shapes of a config.json: what `Niwaki.Benchmarks -- train` is compared with.

Plain modules, float32, scaled_dot_product_attention where there is one, torch.optim.AdamW, clipping by the global norm; random ids. The loss of every token but the first of each
window. Prints one line: tokens a second, best and median over the steps.

    python3 benchmarks/python/train_step.py samples/novels-4m/config.json --threads 2 --steps 6
"""

import argparse
import json
import statistics
import time

import torch
import torch.nn.functional as F
from torch import nn


class RmsNorm(nn.Module):
    def __init__(self, width, epsilon):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.epsilon = epsilon

    def forward(self, x):
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.epsilon) * self.weight


class Block(nn.Module):
    def __init__(self, config, head_dim):
        super().__init__()
        width, self.heads, self.kv_heads = config["hidden_size"], config["num_attention_heads"], config["num_key_value_heads"]
        self.head_dim = head_dim
        self.norm = RmsNorm(width, config["rms_norm_eps"])
        self.mlp_norm = RmsNorm(width, config["rms_norm_eps"])
        self.query_key_value = nn.Linear(width, (self.heads + 2 * self.kv_heads) * head_dim, bias=False)
        self.output = nn.Linear(self.heads * head_dim, width, bias=False)
        self.gate_up = nn.Linear(width, 2 * config["intermediate_size"], bias=False)
        self.down = nn.Linear(config["intermediate_size"], width, bias=False)

    def forward(self, x, cos, sin):
        batch, tokens, _ = x.shape
        projected = self.query_key_value(self.norm(x)).view(batch, tokens, self.heads + 2 * self.kv_heads, self.head_dim).transpose(1, 2)
        query, key, value = projected.split([self.heads, self.kv_heads, self.kv_heads], dim=1)
        query, key = rotate(query, cos, sin), rotate(key, cos, sin)
        groups = self.heads // self.kv_heads
        if groups > 1:
            key, value = key.repeat_interleave(groups, 1), value.repeat_interleave(groups, 1)
        heads = attend(query, key, value)
        x = x + self.output(heads.transpose(1, 2).reshape(batch, tokens, -1))
        gate, up = self.gate_up(self.mlp_norm(x)).chunk(2, -1)
        return x + self.down(F.silu(gate) * up)


def attend(query, key, value):
    """Fused where this version of PyTorch has it (2.0 and later), else as one writes it by hand."""
    if hasattr(F, "scaled_dot_product_attention"):
        return F.scaled_dot_product_attention(query, key, value, is_causal=True)
    tokens = query.shape[-2]
    mask = torch.full((tokens, tokens), float("-inf")).triu(1)
    return torch.softmax(query @ key.transpose(-1, -2) * query.shape[-1] ** -0.5 + mask, -1) @ value


def rotate(x, cos, sin):
    first, second = x.chunk(2, -1)
    return torch.cat((first * cos - second * sin, second * cos + first * sin), -1)


class Llama(nn.Module):
    def __init__(self, config):
        super().__init__()
        head_dim = config.get("head_dim") or config["hidden_size"] // config["num_attention_heads"]
        self.embedding = nn.Embedding(config["vocab_size"], config["hidden_size"])
        self.blocks = nn.ModuleList(Block(config, head_dim) for _ in range(config["num_hidden_layers"]))
        self.norm = RmsNorm(config["hidden_size"], config["rms_norm_eps"])
        self.head = nn.Linear(config["hidden_size"], config["vocab_size"], bias=False)
        if config.get("tie_word_embeddings"):
            self.head.weight = self.embedding.weight
        angles = torch.outer(torch.arange(8192).float(), 10000.0 ** (-torch.arange(0, head_dim, 2).float() / head_dim))
        self.register_buffer("cos", angles.cos(), persistent=False)
        self.register_buffer("sin", angles.sin(), persistent=False)
        for parameter in self.parameters():
            if parameter.dim() == 2:
                nn.init.normal_(parameter, std=0.02)

    def forward(self, ids):
        x = self.embedding(ids)
        for block in self.blocks:
            x = block(x, self.cos[: ids.shape[1]], self.sin[: ids.shape[1]])
        return self.head(self.norm(x))


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("config")
    arguments.add_argument("--threads", type=int, default=2)
    arguments.add_argument("--steps", type=int, default=6)
    arguments.add_argument("--batch", type=int, default=16)
    arguments.add_argument("--window", type=int, default=256)
    given = arguments.parse_args()
    torch.set_num_threads(given.threads)
    torch.manual_seed(1)
    with open(given.config, encoding="utf-8") as file:
        config = json.load(file)
    model = Llama(config)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, betas=(0.9, 0.95), weight_decay=0.1)
    rates = []
    for step in range(given.steps + 1):
        ids = torch.randint(config["vocab_size"], (given.batch, given.window))
        start = time.perf_counter()
        optimizer.zero_grad(set_to_none=True)
        logits = model(ids)[:, :-1]
        loss = F.cross_entropy(logits.reshape(-1, logits.shape[-1]), ids[:, 1:].reshape(-1))
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        if step > 0:  # the first step readies the memory
            rates.append(given.batch * given.window / (time.perf_counter() - start))
    fused = "fused" if hasattr(F, "scaled_dot_product_attention") else "plain"
    print(f"torch {torch.__version__}, {fused} attention, {given.threads} threads: {max(rates):.0f} best, {statistics.median(rates):.0f} median tokens/s")


if __name__ == "__main__":
    main()
