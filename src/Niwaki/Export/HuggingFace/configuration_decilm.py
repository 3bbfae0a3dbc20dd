"""Config of a pruned model for the class DeciLMForCausalLM of vLLM, SGLang and TensorRT-LLM, which wants block_configs as objects."""

from types import SimpleNamespace

from transformers import PretrainedConfig


class DeciLMConfig(PretrainedConfig):
    model_type = "nemotron-nas"

    def __init__(self, block_configs=None, **kwargs):
        self.block_configs = [
            SimpleNamespace(attention=SimpleNamespace(**block["attention"]), ffn=SimpleNamespace(**block["ffn"]))
            for block in block_configs or []
        ]
        super().__init__(**kwargs)

    def to_dict(self):
        fields = super().to_dict()
        fields["block_configs"] = [{"attention": vars(block.attention), "ffn": vars(block.ffn)} for block in self.block_configs]
        return fields
