using Niwaki.Export.Gguf;
using Niwaki.Export.HuggingFace;
using Niwaki.Formats;
using Niwaki.Formats.Gguf;
using Niwaki.Formats.HuggingFace;
using Niwaki.Models;
using Niwaki.Plans;

namespace Niwaki.Reports;

/// <summary>Whether a model can be written for a runtime as it is.</summary>
/// <param name="Runtimes">The runtimes.</param>
/// <param name="Command">Options of <c>niwaki export</c> that write it.</param>
/// <param name="Result">What is written.</param>
/// <param name="Fault">Why it cannot be; null: it can.</param>
public sealed record RuntimeFit(string Runtimes, string Command, string Result, string? Fault)
{
    /// <summary>Plans every export of a model without writing one.</summary>
    /// <param name="folder">Model folder.</param>
    /// <exception cref="ModelFormatException">The folder is broken.</exception>
    public static IReadOnlyList<RuntimeFit> Of(string folder)
    {
        using var checkpoint = Checkpoint.Open(folder);
        ModelConfig config = ModelConfigReader.Read(checkpoint);
        return
        [
            Gguf(checkpoint, config, GgufTensorType.F16),
            Gguf(checkpoint, config, GgufTensorType.Q8_0),
            Gguf(checkpoint, config, GgufTensorType.Q4_0),
            .. ProfileRule.All.Where(rule => rule.Profile is not (ShapeProfile.HeteroGguf or ShapeProfile.Depth)).Select(rule => HuggingFace(checkpoint, config, rule)),
        ];
    }

    /// <summary>Matrices whose rows are no multiple of 256, which K-quants need: llama.cpp falls back to other encodings for them.</summary>
    /// <param name="config">The model.</param>
    /// <returns>For every kind of matrix its name and the number of blocks concerned.</returns>
    public static IReadOnlyList<(string Matrix, int Blocks)> KQuantFallbacks(ModelConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        const int Multiple = 256;
        int heads = config.Blocks.Count(block => block.HasAttention && block.Heads * config.HeadDim % Multiple != 0);
        int neurons = config.Blocks.Count(block => block.HasMlp && block.Neurons % Multiple != 0);
        int hidden = config.HiddenSize % Multiple != 0 ? config.Blocks.Count : 0;
        return [.. new (string, int)[] { ("all matrices that read the hidden state", hidden), ("attn_output", heads), ("ffn_down", neurons) }.Where(pair => pair.Item2 > 0)];
    }

    private static RuntimeFit Gguf(Checkpoint checkpoint, ModelConfig config, GgufTensorType type)
    {
        const string Embedders = "llama.cpp, LM Studio, Ollama";
        string command = $"--format gguf --type {type}";
        try
        {
            var export = GgufExport.Plan(checkpoint, config, new GgufExportOptions { Type = type });
            string fallbacks = export.Fallbacks.Count > 0 ? $"; {export.Fallbacks.Count} of {export.Tensors.Count} tensors as F16, their rows are no whole blocks" : "";
            return new RuntimeFit(Embedders, command, $"architecture '{export.Architecture}', {Quantity.Bytes(export.ByteLength)}{fallbacks}", null);
        }
        catch (NiwakiException fault)
        {
            return new RuntimeFit(Embedders, command, "", fault.Message);
        }
    }

    private static RuntimeFit HuggingFace(Checkpoint checkpoint, ModelConfig config, ProfileRule rule)
    {
        string command = $"--format hf --profile {rule.Name}";
        try
        {
            var export = HuggingFaceExport.Plan(checkpoint, config, rule.Profile);
            string padded = export.IsPadded ? ", filled up with zeros" : "";
            return new RuntimeFit(rule.Runtimes, command, $"model_type '{export.ModelType}', {Quantity.Bytes(export.WeightBytes)}{padded}", null);
        }
        catch (NiwakiException fault)
        {
            return new RuntimeFit(rule.Runtimes, command, "", fault.Message);
        }
    }
}
