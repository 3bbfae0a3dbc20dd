namespace Niwaki.Formats.Gguf;

/// <summary>Sizes of one block of a file, made-up sub-layers taken for what they stand for: nothing.</summary>
/// <param name="Heads">Query heads as stored; 0 where the block has no attention tensors.</param>
/// <param name="KeyValueHeads">Key and value heads as stored.</param>
/// <param name="Neurons">Neurons as stored.</param>
/// <param name="HasAttention">Whether the block attends.</param>
/// <param name="HasMlp">Whether the block has an MLP.</param>
internal readonly record struct GgufBlock(int Heads, int KeyValueHeads, int Neurons, bool HasAttention, bool HasMlp)
{
    private const int MostMadeUpNeurons = 64;

    /// <summary>The widest model: a bias is as long; a made-up matrix has a head or a few neurons.</summary>
    private const long MostColumns = 1 << 20;

    /// <summary>The blocks of a file.</summary>
    /// <exception cref="ModelFormatException">A size is missing, out of range or at odds with another.</exception>
    /// <exception cref="UnsupportedModelException">A block has a linear layer for attention.</exception>
    public static GgufBlock[] Of(GgufFile file, GgufArchitecture architecture)
    {
        // The limits of a config.json.
        const int MostBlocks = 4096;
        const int MostHeads = 1 << 14;
        const int MostNeurons = 1 << 22;
        string prefix = architecture.Name + ".";
        int count = file.Metadata.GetInt32(prefix + "block_count", 1, MostBlocks);
        int[] heads = Sizes("attention.head_count", MostHeads);
        int[] keyValueHeads = file.Metadata.GetInt32sOrNull(prefix + "attention.head_count_kv", count, 0, MostHeads) ?? heads;
        int[] neurons = Sizes("feed_forward_length", MostNeurons);
        var blocks = new GgufBlock[count];
        for (int i = 0; i < count; i++)
        {
            if (heads[i] > 0 && keyValueHeads[i] == 0)
            {
                throw new UnsupportedModelException(file.FilePath, $"block {i}", $"has {heads[i]} query heads and no key/value heads: a linear layer", "attention or nothing");
            }

            bool noAttention = heads[i] == 0 || (architecture.HasMadeUpSubLayers && heads[i] == 1 && keyValueHeads[i] == 1 && IsZero(file, i, "attn_output"));
            bool noMlp = neurons[i] == 0 || (architecture.HasMadeUpSubLayers && neurons[i] <= MostMadeUpNeurons && IsZero(file, i, "ffn_down"));
            blocks[i] = new GgufBlock(heads[i], keyValueHeads[i], neurons[i], !noAttention, !noMlp);
        }

        return blocks;

        int[] Sizes(string key, int max) =>
            file.Metadata.GetInt32sOrNull(prefix + key, count, 0, max) ?? throw file.Metadata.Missing(prefix + key, "a whole number or one for every block");
    }

    /// <summary>Whether a projection puts out zeros only: its matrix is zero, and its bias where it has one.</summary>
    private static bool IsZero(GgufFile file, int block, string part)
    {
        GgufTensor? matrix = file.Find(GgufTensorNames.OfBlock(block, part + ".weight"));
        GgufTensor? bias = file.Find(GgufTensorNames.OfBlock(block, part + ".bias"));
        return matrix is { Type: not null } && IsZero(file, matrix) && (bias is null || (bias.Type is not null && IsZero(file, bias)));
    }

    private static bool IsZero(GgufFile file, GgufTensor tensor)
    {
        if (tensor.ByteLength == 0 || tensor.Columns > MostColumns)
        {
            return false; // no made-up one, and refused where its shape is checked
        }

        float[] row = new float[tensor.Columns];
        for (long r = 0; r < tensor.Rows; r++)
        {
            file.Decode(tensor, r, row);
            if (row.AsSpan().ContainsAnyExcept(0f))
            {
                return false;
            }
        }

        return true;
    }
}
