using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.Json;
using Niwaki.Models;
using Niwaki.Tests.Models;

namespace Niwaki.Tests.Cli;

/// <summary>A model folder of a few kilobytes with random weights and the tokenizer of the sample model.</summary>
internal static class SmallModel
{
    /// <summary>
    /// Two blocks of 4 KV groups and 96 neurons, hidden size 16, head size 8. Prunable parameters of a block: q, k, v, o 4 · 16 · 4 · 8 = 2,048
    /// and three MLP matrices 3 · 16 · 96 = 4,608; a group holds 512, a neuron 48.
    /// </summary>
    public static RandomCheckpointSpec Spec { get; } = new()
    {
        VocabularySize = 4096,
        HeadDim = 8,
        Blocks = [new BlockShape(4, 4, 96), new BlockShape(4, 4, 96)],
        TiedEmbeddings = true,
        ExtraConfig = """{"bos_token_id": 0, "eos_token_id": 1}""",
    };

    /// <summary>Prunable parameters of <see cref="Spec"/>: 2 · (2,048 + 4,608).</summary>
    public const long Prunable = 13_312;

    public static string Write(string folder, RandomCheckpointSpec? spec = null)
    {
        RandomCheckpoint.Write(folder, spec ?? Spec);
        foreach (string name in (ReadOnlySpan<string>)["tokenizer.json", "tokenizer_config.json"])
        {
            File.Copy(Path.Combine(CommandRunner.Sample, name), Path.Combine(folder, name));
        }

        return folder;
    }

    /// <summary>Overwrites every element of a float32 tensor of a model written here.</summary>
    public static void Fill(string model, string tensor, float value)
    {
        string path = Path.Combine(model, "model.safetensors");
        byte[] bytes = File.ReadAllBytes(path);
        int header = (int)BinaryPrimitives.ReadUInt64LittleEndian(bytes);
        using var json = JsonDocument.Parse(bytes.AsMemory(8, header));
        int[] offsets = [.. json.RootElement.GetProperty(tensor).GetProperty("data_offsets").EnumerateArray().Select(offset => offset.GetInt32())];
        MemoryMarshal.Cast<byte, float>(bytes.AsSpan((8 + header + offsets[0])..(8 + header + offsets[1]))).Fill(value);
        File.WriteAllBytes(path, bytes);
    }
}
