"""The few names of transformers that the exported Python files import, for machines without it: enough to execute them, no more."""

import sys
import types
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn


class PretrainedConfig:
    model_type = ""

    def __init__(self, **kwargs):
        self.tie_word_embeddings = kwargs.pop("tie_word_embeddings", True)
        for name, value in kwargs.items():
            setattr(self, name, value)

    def to_dict(self):
        return {**self.__dict__, "model_type": self.model_type}


class PreTrainedModel(nn.Module):
    config_class = None

    def __init__(self, config):
        super().__init__()
        self.config = config

    def post_init(self):
        pass


class GenerationMixin:
    pass


class DynamicCache:
    def __init__(self):
        self.layers = []

    def get_seq_length(self):
        return self.layers[0][0].shape[2] if self.layers else 0

    def update(self, keys, values, layer, cache_kwargs=None):
        if layer > len(self.layers):
            raise IndexError(f"cache layer {layer} comes before layer {len(self.layers)}")
        if layer == len(self.layers):
            self.layers.append((keys, values))
        else:
            old_keys, old_values = self.layers[layer]
            self.layers[layer] = (torch.cat((old_keys, keys), dim=2), torch.cat((old_values, values), dim=2))
        return self.layers[layer]


@dataclass
class CausalLMOutputWithPast:
    loss: Any = None
    logits: Any = None
    past_key_values: Any = None


def install():
    """Makes 'import transformers' find the names above."""
    package = types.ModuleType("transformers")
    package.__path__ = []
    package.PretrainedConfig, package.PreTrainedModel, package.GenerationMixin = PretrainedConfig, PreTrainedModel, GenerationMixin
    cache, outputs = types.ModuleType("transformers.cache_utils"), types.ModuleType("transformers.modeling_outputs")
    cache.DynamicCache, outputs.CausalLMOutputWithPast = DynamicCache, CausalLMOutputWithPast
    package.cache_utils, package.modeling_outputs = cache, outputs
    sys.modules.update({"transformers": package, "transformers.cache_utils": cache, "transformers.modeling_outputs": outputs})
