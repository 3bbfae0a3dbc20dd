"""Config of a pruned decoder (Llama, Mistral, Qwen 2 or 3) whose blocks differ in size."""

from transformers import PretrainedConfig

# transformers gives these fields a meaning of its own; they are kept out of its sight and written back as they came.
HIDDEN_FIELDS = ("per_layer_config", "layer_types", "sliding_window")


class NiwakiConfig(PretrainedConfig):
    model_type = "niwaki"

    def __init__(self, **kwargs):
        self.niwaki_fields = {name: kwargs.pop(name) for name in HIDDEN_FIELDS if name in kwargs}
        super().__init__(**kwargs)

    def block(self, index):
        """Sizes of a block: num_attention_heads, num_key_value_heads, intermediate_size, sliding_window, and skip, its missing sub-layers."""
        return self.niwaki_fields["per_layer_config"][str(index)]

    def to_dict(self):
        fields = super().to_dict()
        fields.update(fields.pop("niwaki_fields", {}))
        return fields
