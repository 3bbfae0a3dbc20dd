using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using Niwaki.Formats;
using Niwaki.Formats.Safetensors;
using Niwaki.Tensors;
using Niwaki.Training;

namespace Niwaki.Healing;

/// <summary>Writes adapters in the layout of PEFT: adapter_config.json and adapter_model.safetensors.</summary>
internal static class AdapterFolder
{
    private const string Prefix = "base_model.model.";

    /// <summary>Writes the two files, float32; the folder appears whole.</summary>
    /// <param name="folder">The new folder; nothing is there yet.</param>
    /// <param name="model">The model with its adapters; a trained output head is saved whole.</param>
    /// <param name="baseModel">Path of the model that the adapters belong to.</param>
    /// <exception cref="IOException">The disk is full, or something is at the target.</exception>
    public static void Write(string folder, TrainableModel model, string baseModel) => NewFolder.Build(folder, target =>
    {
        LoraOptions options = model.Adapters!.Options;
        AtomicFile.WriteAllText(Path.Combine(target, "adapter_config.json"), Config(options, baseModel).ToJsonString(new() { WriteIndented = true }) + "\n");
        var sources = model.Trained.Tensors.ToDictionary(tensor => Prefix + tensor.Name, tensor => tensor, StringComparer.Ordinal);
        PlannedTensor[] planned =
            [.. sources.Select(source => new PlannedTensor(source.Key, ElementType.F32, source.Value.Rows, source.Value.Columns)).OrderBy(tensor => tensor.Name, StringComparer.Ordinal)];
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal) { ["format"] = "pt" };
        new SafetensorsWriter(planned, metadata).Write(Path.Combine(target, "adapter_model.safetensors"), (tensor, stream) =>
        {
            TensorView<float> view = model[sources[tensor.Name]];
            for (int row = 0; row < view.Rows; row++)
            {
                stream.Write(MemoryMarshal.AsBytes(view[row]));
            }
        });
    });

    private static JsonObject Config(LoraOptions options, string baseModel) => new()
    {
        ["peft_type"] = "LORA",
        ["task_type"] = "CAUSAL_LM",
        ["base_model_name_or_path"] = baseModel,
        ["r"] = options.Rank,
        ["lora_alpha"] = options.Alpha == Math.Floor(options.Alpha) && options.Alpha < 1e9 ? (int)options.Alpha : options.Alpha,
        ["lora_dropout"] = options.Dropout,
        ["target_modules"] = new JsonArray([.. LoraOptions.Modules.Where(module => options.Targets.Contains(module.Role)).Select(module => (JsonNode)module.Name)]),
        ["modules_to_save"] = options.TrainHead ? new JsonArray("lm_head") : null,
        ["bias"] = "none",
        ["fan_in_fan_out"] = false,
        ["inference_mode"] = true,
        ["init_lora_weights"] = true,
        ["layers_pattern"] = null,
        ["layers_to_transform"] = null,
        ["use_rslora"] = false,
    };
}
