using System.Globalization;
using Niwaki.Formats.HuggingFace;
using Niwaki.Formats.Safetensors;
using Niwaki.Models;
using Niwaki.Plans;
using Niwaki.Pruning.Surgery;
using Niwaki.Tensors;
using Niwaki.Tests.Formats;
using Niwaki.Tests.Models;

namespace Niwaki.Tests.Pruning.Surgery;

/// <summary>A coded checkpoint in a folder of its own, to be cut.</summary>
internal sealed class SurgeryFixture : IDisposable
{
    public SurgeryFixture(RandomCheckpointSpec spec) => Source = Checkpoint.Open(RandomCheckpoint.Write(Folder["source"], spec));

    public TemporaryFolder Folder { get; } = new();

    public Checkpoint Source { get; }

    public Checkpoint Apply(
        BlockSelection[] blocks,
        string target = "cut",
        SurgeryOptions? options = null,
        IProgress<SurgeryProgress>? progress = null,
        CancellationTokenSource? cancellation = null)
    {
        CancellationToken token = cancellation?.Token ?? TestContext.Current.CancellationToken;
        CheckpointSurgery.Apply(Source, ModelConfigReader.Read(Source), Plan(Source, blocks), Folder[target], options, progress, token);
        return Checkpoint.Open(Folder[target]);
    }

    public static Checkpoint Apply(Checkpoint source, BlockSelection[] blocks, string target)
    {
        CheckpointSurgery.Apply(source, ModelConfigReader.Read(source), Plan(source, blocks), target);
        return Checkpoint.Open(target);
    }

    public static PruningPlan Plan(Checkpoint source, BlockSelection[] blocks) => new()
    {
        Method = "magnitude",
        Sparsity = 0.5,
        Seed = 0,
        SourceName = "a\"b",
        SourceStructureHash = source.StructureHash,
        Selection = new ModelSelection(ModelConfigReader.Read(source), blocks),
    };

    /// <summary>Checks that a cut model has the right tensors, and that every element comes from the right place of the coded source.</summary>
    /// <remarks>What stays is worked out here from names alone, independently of the table that the library follows.</remarks>
    public void AssertElements(Checkpoint cut, BlockSelection[] selection)
    {
        int headDim = ModelConfigReader.Read(Source).HeadDim;
        int[] keptBlocks = [.. Enumerable.Range(0, selection.Length).Where(i => selection[i].Heads.Length + selection[i].Neurons.Length > 0)];
        Assert.Equal(
            Source.Tensors.Select(tensor => NewName(tensor.Name, selection, keptBlocks)).OfType<string>().Order(StringComparer.Ordinal),
            cut.Tensors.Select(tensor => tensor.Name).Order(StringComparer.Ordinal));
        foreach (SafetensorsEntry tensor in cut.Tensors)
        {
            string[] parts = tensor.Name.Split('.');
            bool inBlock = tensor.Name.StartsWith("model.layers.", StringComparison.Ordinal);
            int block = inBlock ? keptBlocks[int.Parse(parts[2], CultureInfo.InvariantCulture)] : -1;
            string sourceName = inBlock ? $"model.layers.{block}.{string.Join('.', parts[3..])}" : tensor.Name;
            string kind = parts[^2];
            int[]? rows = inBlock ? KeptRows(kind, selection[block], headDim) : null;
            int[]? columns = inBlock ? KeptColumns(kind, selection[block], headDim) : null;
            if (tensor.Shape.Count == 1)
            {
                // The elements of a vector lie along what the rows of its matrix stand for: those of o and down along the hidden size.
                (rows, columns) = (null, rows);
            }

            AssertElements(cut, tensor, sourceName, rows, columns);
        }
    }

    public void Dispose()
    {
        Source.Dispose();
        Folder.Dispose();
    }

    /// <summary>Name of a tensor in the cut model, or null where it must be gone.</summary>
    private static string? NewName(string name, BlockSelection[] selection, int[] keptBlocks)
    {
        string[] parts = name.Split('.');
        if (parts is not ["model", "layers", _, ..])
        {
            return name;
        }

        int block = int.Parse(parts[2], CultureInfo.InvariantCulture);
        int units = parts[3] is "self_attn" or "input_layernorm" ? selection[block].Heads.Length : selection[block].Neurons.Length;
        return units == 0 ? null : $"model.layers.{Array.IndexOf(keptBlocks, block)}.{string.Join('.', parts[3..])}";
    }

    private static int[]? KeptRows(string kind, BlockSelection kept, int headDim) => kind switch
    {
        "q_proj" => Channels(kept.Heads, headDim),
        "k_proj" or "v_proj" => Channels(kept.KeyValueHeads, headDim),
        "gate_proj" or "up_proj" => kept.Neurons,
        _ => null,
    };

    private static int[]? KeptColumns(string kind, BlockSelection kept, int headDim) => kind switch
    {
        "o_proj" => Channels(kept.Heads, headDim),
        "down_proj" => kept.Neurons,
        _ => null,
    };

    private static int[] Channels(int[] heads, int headDim) => [.. heads.SelectMany(head => Enumerable.Range(head * headDim, headDim))];

    private static unsafe void AssertElements(Checkpoint cut, SafetensorsEntry tensor, string sourceName, int[]? rows, int[]? columns)
    {
        int rowCount = tensor.Shape.Count == 1 ? 1 : (int)tensor.Shape[0];
        int columnCount = (int)tensor.Shape[^1];
        Assert.Equal(rows?.Length ?? rowCount, rowCount);
        Assert.Equal(columns?.Length ?? columnCount, columnCount);
        WeightView view = tensor.Shape.Count == 1 ? cut.Vector(tensor.Name, columnCount) : cut.Matrix(tensor.Name, rowCount, columnCount);
        for (int i = 0; i < rowCount; i++)
        {
            for (int j = 0; j < columnCount; j++)
            {
                uint expected = RandomCheckpoint.CodedBits(sourceName, rows?[i] ?? i, columns?[j] ?? j);
                uint found = view.ElementType == ElementType.F32 ? ((uint*)view.RowPointer(i))[j] : ((ushort*)view.RowPointer(i))[j];
                expected = view.ElementType == ElementType.F32 ? expected : (ushort)expected;
                Assert.True(found == expected, $"{tensor.Name}[{i}, {j}] is {found:X}, expected {expected:X} of {sourceName}.");
            }
        }
    }
}
