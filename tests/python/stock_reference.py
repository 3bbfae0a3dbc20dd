"""The arithmetic of the stock classes that exported folders name, in plain torch: LlamaForCausalLM, MistralForCausalLM, Qwen2ForCausalLM, Qwen3ForCausalLM
and DeciLMForCausalLM. Written from their published definitions, in float64, one window at a time; knows nothing of the exporter.

Like the stock classes it derives the shape of every parameter from config.json alone and refuses a file that has another shape, lacks a parameter, or has one
too many.
"""

import math

import torch
from torch.nn import functional

FAMILIES = {
    # model_type: class, biases of q/k/v, of o, of the MLP, norms of query and key heads, default of num_key_value_heads, default of head_dim
    "llama": ("LlamaForCausalLM", "attention_bias", "attention_bias", "mlp_bias", False, None, None),
    "mistral": ("MistralForCausalLM", False, False, False, False, 8, None),
    "qwen2": ("Qwen2ForCausalLM", True, False, False, False, 32, None),
    "qwen3": ("Qwen3ForCausalLM", "attention_bias", "attention_bias", False, True, 32, 128),
    "nemotron-nas": ("DeciLMForCausalLM", "attention_bias", "attention_bias", "mlp_bias", False, None, None),
}

# What a class takes where config.json is silent. For DeciLMForCausalLM every runtime has its own: theta and epsilon are those of mlx-lm, ties those of transformers 4,
# so that a folder that leaves one to them is found out.
DEFAULTS = {"rope_theta": 10000.0, "rms_norm_eps": 1e-6, "tie_word_embeddings": False}
DECILM_DEFAULTS = {"rope_theta": 500000.0, "rms_norm_eps": 1e-5, "tie_word_embeddings": True}


class StockModel:
    def __init__(self, config, tensors):
        self.config, self.tensors, self.used = config, tensors, set()
        name, self.qkv_bias, self.o_bias, self.mlp_bias, self.head_norms, kv_default, head_dim_default = FAMILIES[config["model_type"]]
        if config["architectures"] != [name]:
            raise ValueError(f"architectures is {config['architectures']}, expected ['{name}'] for {config['model_type']}")
        self.hidden, self.heads = config["hidden_size"], config["num_attention_heads"]
        if config["model_type"] == "llama" and self.hidden % self.heads != 0:
            raise ValueError(f"{self.heads} heads do not divide the hidden size {self.hidden}: the Llama config of transformers 5 refuses that")
        self.head_dim = config.get("head_dim") or head_dim_default or self.hidden // self.heads
        self.kv_heads = config.get("num_key_value_heads") or kv_default or self.heads
        self.epsilon = self.field("rms_norm_eps")

    def field(self, name):
        defaults = DECILM_DEFAULTS if self.config["model_type"] == "nemotron-nas" else DEFAULTS
        value = self.config.get(name)
        return defaults[name] if value is None else value

    def tensor(self, name, *shape):
        self.used.add(name)
        found = self.tensors[name]
        if tuple(found.shape) != shape:
            raise ValueError(f"{name} has shape {tuple(found.shape)}, expected {shape} from config.json")
        return found.double()

    def switch(self, value):
        return bool(self.config.get(value)) if isinstance(value, str) else value

    def linear(self, x, name, outputs, bias):
        return functional.linear(x, self.tensor(name + ".weight", outputs, x.shape[-1]), self.tensor(name + ".bias", outputs) if self.switch(bias) else None)

    def norm(self, x, name):
        return x / torch.sqrt((x * x).mean(-1, keepdim=True) + self.epsilon) * self.tensor(name + ".weight", x.shape[-1])

    def layer_shape(self, layer):
        """Key and value heads (0: no attention) and neurons (0: no MLP)."""
        if self.config["model_type"] != "nemotron-nas":
            return self.kv_heads, self.config["intermediate_size"]
        block = self.config["block_configs"][layer]
        kv = 0 if block["attention"]["no_op"] else self.heads // block["attention"]["n_heads_in_group"]
        if layer == 0 and kv == 0:
            raise ValueError("the first layer has no attention: the residual of DeciLMForCausalLM starts there")
        width = 0 if block["ffn"]["no_op"] else int(2 * block["ffn"]["ffn_mult"] * self.hidden / 3)
        return kv, width if width % 256 == 0 else width + 256 - width % 256

    def window(self, layer):
        kind, count = self.config["model_type"], self.config.get("sliding_window")
        if kind == "mistral":
            return count
        if kind in ("qwen2", "qwen3") and self.config.get("use_sliding_window"):
            types = self.config.get("layer_types")
            sliding = types[layer] == "sliding_attention" if types else layer >= self.config.get("max_window_layers", 28)
            return count if sliding else None
        return None

    def frequencies(self):
        if self.config["model_type"] == "nemotron-nas":  # mlx-lm and older vLLM know rope_parameters not at all, and mlx-lm refuses the older names
            scaling = self.config.get("rope_scaling") or {}
            if scaling and not {"rope_type", "factor"} <= scaling.keys():
                raise ValueError(f"rope_scaling is {scaling}, expected rope_type and factor in it")
            theta = self.field("rope_theta")
        else:
            scaling = self.config.get("rope_parameters") or self.config.get("rope_scaling") or {}
            theta = scaling.get("rope_theta") or self.field("rope_theta")
        inverse = theta ** (-torch.arange(0, self.head_dim, 2, dtype=torch.float64) / self.head_dim)
        kind = scaling.get("rope_type", scaling.get("type", "default"))
        if kind == "linear":
            return inverse / scaling["factor"]
        if kind == "llama3":
            context, low, high = scaling["original_max_position_embeddings"], scaling["low_freq_factor"], scaling["high_freq_factor"]
            share = ((context * inverse / (2 * math.pi) - low) / (high - low)).clamp(0, 1)  # 0: all of the scaling, 1: none of it
            return share * inverse + (1 - share) * inverse / scaling["factor"]
        if kind != "default":
            raise ValueError(f"rotary scaling {kind} is not in this reference")
        return inverse

    def rotate(self, x):
        angles = torch.outer(torch.arange(x.shape[1], dtype=torch.float64), self.frequencies())
        half = x.shape[-1] // 2
        real, imaginary = x[..., :half], x[..., half:]
        return torch.cat((real * angles.cos() - imaginary * angles.sin(), imaginary * angles.cos() + real * angles.sin()), dim=-1)

    def attention(self, x, prefix, kv_heads, window):
        tokens, dim = x.shape[0], self.head_dim
        split = lambda y, heads: y.view(tokens, heads, dim).transpose(0, 1)
        q = split(self.linear(x, prefix + "q_proj", self.heads * dim, self.qkv_bias), self.heads)
        k = split(self.linear(x, prefix + "k_proj", kv_heads * dim, self.qkv_bias), kv_heads)
        v = split(self.linear(x, prefix + "v_proj", kv_heads * dim, self.qkv_bias), kv_heads)
        if self.head_norms:
            q, k = self.norm(q, prefix + "q_norm"), self.norm(k, prefix + "k_norm")
        q, k = self.rotate(q), self.rotate(k)
        outputs = []
        for head in range(self.heads):
            kv = head * kv_heads // self.heads
            scores = q[head] @ k[kv].T / math.sqrt(dim)
            back = torch.arange(tokens)[:, None] - torch.arange(tokens)[None, :]
            hidden = (back < 0) | (back >= (window or tokens))
            outputs.append(torch.softmax(scores.masked_fill(hidden, -math.inf), dim=-1) @ v[kv])
        return self.linear(torch.cat(outputs, dim=-1), prefix + "o_proj", self.hidden, self.o_bias)

    def mlp(self, x, prefix, neurons):
        gate = self.linear(x, prefix + "gate_proj", neurons, self.mlp_bias)
        up = self.linear(x, prefix + "up_proj", neurons, self.mlp_bias)
        return self.linear(gate * torch.sigmoid(gate) * up, prefix + "down_proj", self.hidden, self.mlp_bias)

    def logits(self, ids):
        embedding = self.tensor("model.embed_tokens.weight", self.config["vocab_size"], self.hidden)
        x = embedding[ids]
        for layer in range(self.config["num_hidden_layers"]):
            prefix = f"model.layers.{layer}."
            kv_heads, neurons = self.layer_shape(layer)
            if kv_heads:
                x = x + self.attention(self.norm(x, prefix + "input_layernorm"), prefix + "self_attn.", kv_heads, self.window(layer))
            if neurons:
                x = x + self.mlp(self.norm(x, prefix + "post_attention_layernorm"), prefix + "mlp.", neurons)
        x = self.norm(x, "model.norm")
        head = embedding if self.field("tie_word_embeddings") else self.tensor("lm_head.weight", self.config["vocab_size"], self.hidden)
        unused = set(self.tensors) - self.used
        if unused:
            raise ValueError(f"parameters that the class does not have: {sorted(unused)[:3]}")
        return x @ head.T
