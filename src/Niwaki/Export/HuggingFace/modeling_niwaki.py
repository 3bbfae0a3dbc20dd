"""A pruned decoder (Llama, Mistral, Qwen 2 or 3) whose blocks differ in size. Plain torch; every size comes from config.json.

Supported: batches padded on either side (attention_mask of two dimensions), a key and value cache, sliding windows, generate().
Not supported: static caches, masks of four dimensions, gradient checkpointing.
"""

import torch
from torch import nn
from torch.nn import functional
from transformers import GenerationMixin, PreTrainedModel
from transformers.cache_utils import DynamicCache
from transformers.modeling_outputs import CausalLMOutputWithPast

from .configuration_niwaki import NiwakiConfig


class RmsNorm(nn.Module):
    def __init__(self, size, epsilon):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(size))
        self.epsilon = epsilon

    def forward(self, x):
        y = x.float()
        y = y * torch.rsqrt(y.pow(2).mean(-1, keepdim=True) + self.epsilon)
        return self.weight * y.to(x.dtype)


def turn(x, cos, sin):
    """Rotary positions: the first channels of every head turn in pairs (i, i + half)."""
    turning, rest = x[..., : cos.shape[-1]], x[..., cos.shape[-1] :]
    first, second = turning.chunk(2, dim=-1)
    return torch.cat((turning * cos + torch.cat((-second, first), dim=-1) * sin, rest), dim=-1)


class Attention(nn.Module):
    def __init__(self, config, block, cache_index):
        super().__init__()
        self.heads, self.kv_heads, self.head_dim = block["num_attention_heads"], block["num_key_value_heads"], config.head_dim
        self.window, self.cache_index = block.get("sliding_window"), cache_index
        width, kv_width, bias = self.heads * self.head_dim, self.kv_heads * self.head_dim, config.query_key_value_bias
        self.q_proj = nn.Linear(config.hidden_size, width, bias=bias)
        self.k_proj = nn.Linear(config.hidden_size, kv_width, bias=bias)
        self.v_proj = nn.Linear(config.hidden_size, kv_width, bias=bias)
        self.o_proj = nn.Linear(width, config.hidden_size, bias=config.output_bias)
        self.q_norm = RmsNorm(self.head_dim, config.rms_norm_eps) if config.query_key_norm else nn.Identity()
        self.k_norm = RmsNorm(self.head_dim, config.rms_norm_eps) if config.query_key_norm else nn.Identity()

    def forward(self, x, cos, sin, distance, padding, cache):
        batch, tokens, _ = x.shape
        q = self.q_norm(self.q_proj(x).view(batch, tokens, self.heads, self.head_dim)).transpose(1, 2)
        k = self.k_norm(self.k_proj(x).view(batch, tokens, self.kv_heads, self.head_dim)).transpose(1, 2)
        v = self.v_proj(x).view(batch, tokens, self.kv_heads, self.head_dim).transpose(1, 2)
        q, k = turn(q, cos, sin), turn(k, cos, sin)
        if cache is not None:
            k, v = cache.update(k, v, self.cache_index)
        groups = self.heads // self.kv_heads  # query head h reads key and value head h // groups
        k, v = k.repeat_interleave(groups, dim=1), v.repeat_interleave(groups, dim=1)
        seen = distance >= 0
        if self.window is not None:
            seen = seen & (distance < self.window)
        if padding is not None:
            seen = seen & padding[:, None, None, :]
        scores = (q @ k.transpose(2, 3)) * self.head_dim**-0.5
        scores = scores.float().masked_fill(~seen, torch.finfo(torch.float32).min)
        y = scores.softmax(-1).to(v.dtype) @ v
        return self.o_proj(y.transpose(1, 2).reshape(batch, tokens, -1))


class Mlp(nn.Module):
    def __init__(self, config, block):
        super().__init__()
        hidden, neurons, bias = config.hidden_size, block["intermediate_size"], config.gate_up_down_bias
        self.gate_proj = nn.Linear(hidden, neurons, bias=bias)
        self.up_proj = nn.Linear(hidden, neurons, bias=bias)
        self.down_proj = nn.Linear(neurons, hidden, bias=bias)

    def forward(self, x):
        return self.down_proj(functional.silu(self.gate_proj(x)) * self.up_proj(x))


class Block(nn.Module):
    def __init__(self, config, block, cache_index):
        super().__init__()
        self.has_attention, self.has_mlp = "attention" not in block["skip"], "mlp" not in block["skip"]
        if self.has_attention:
            self.input_layernorm = RmsNorm(config.hidden_size, config.rms_norm_eps)
            self.self_attn = Attention(config, block, cache_index)
        if self.has_mlp:
            self.post_attention_layernorm = RmsNorm(config.hidden_size, config.rms_norm_eps)
            self.mlp = Mlp(config, block)

    def forward(self, x, *attention_inputs):
        if self.has_attention:
            x = x + self.self_attn(self.input_layernorm(x), *attention_inputs)
        if self.has_mlp:
            x = x + self.mlp(self.post_attention_layernorm(x))
        return x


class Decoder(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.embed_tokens = nn.Embedding(config.vocab_size, config.hidden_size)
        self.layers, with_attention = nn.ModuleList(), 0
        for index in range(config.num_hidden_layers):
            # The cache counts the blocks with attention only, so that it has no gaps.
            self.layers.append(Block(config, config.block(index), with_attention))
            with_attention += self.layers[-1].has_attention
        self.norm = RmsNorm(config.hidden_size, config.rms_norm_eps)


class NiwakiForCausalLM(PreTrainedModel, GenerationMixin):
    config_class = NiwakiConfig
    base_model_prefix = "model"
    _no_split_modules = ["Block"]
    _supports_cache_class = True

    def __init__(self, config):
        super().__init__(config)
        self.model = Decoder(config)
        if not config.tie_word_embeddings:
            self.lm_head = nn.Linear(config.hidden_size, config.vocab_size, bias=False)
        self.post_init()

    def get_input_embeddings(self):
        return self.model.embed_tokens

    def set_input_embeddings(self, value):
        self.model.embed_tokens = value

    def forward(self, input_ids=None, attention_mask=None, position_ids=None, past_key_values=None, inputs_embeds=None,
                labels=None, use_cache=None, logits_to_keep=0, **kwargs):
        x = self.model.embed_tokens(input_ids) if inputs_embeds is None else inputs_embeds
        cache = DynamicCache() if past_key_values is None and use_cache else past_key_values
        past = cache.get_seq_length() if cache is not None else 0
        places = torch.arange(past + x.shape[1], device=x.device)
        distance = places[past:, None] - places[None, :]  # from a query back to a key; negative for keys still to come
        if position_ids is None:
            position_ids = places[None, past:]
            if attention_mask is not None:
                position_ids = (attention_mask.long().cumsum(-1) - 1).clamp(min=0)[:, -x.shape[1] :]
        padding = None if attention_mask is None else attention_mask.bool()
        frequencies = torch.tensor(self.config.rotary_frequencies, dtype=torch.float32, device=x.device)
        angles = (position_ids[:, None, :, None].float() * frequencies).repeat(1, 1, 1, 2)
        cos, sin = (angles.cos() * self.config.rotary_factor).to(x.dtype), (angles.sin() * self.config.rotary_factor).to(x.dtype)
        for layer in self.model.layers:
            x = layer(x, cos, sin, distance, padding, cache)
        x = self.model.norm(x)[:, -logits_to_keep:]  # 0 keeps all
        head = self.model.embed_tokens if self.config.tie_word_embeddings else self.lm_head
        logits = functional.linear(x, head.weight)
        loss = None
        if labels is not None:
            loss = functional.cross_entropy(logits[:, :-1].flatten(0, 1).float(), labels[:, 1:].flatten(), ignore_index=-100)
        return CausalLMOutputWithPast(loss=loss, logits=logits, past_key_values=cache)
