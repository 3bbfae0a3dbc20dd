using System.Globalization;
using Niwaki.Formats.Safetensors;
using Niwaki.Tensors;

namespace Niwaki.Formats.Gguf;

/// <summary>Gives the tensors of a file the names and shapes that they have in a Hugging Face checkpoint.</summary>
internal sealed class GgufWeightMap
{
    private readonly GgufFile _file;
    private readonly GgufArchitecture _architecture;
    private readonly GgufBlock[] _blocks;
    private readonly int _headDim;
    private readonly ElementType? _vectorType;
    private readonly GgufBiases _biases;
    private readonly HashSet<string> _names = new(StringComparer.Ordinal);
    private readonly List<GgufWeight> _weights = [];

    private GgufWeightMap(GgufFile file, GgufArchitecture architecture, GgufBlock[] blocks, int headDim)
    {
        _file = file;
        _architecture = architecture;
        _blocks = blocks;
        _headDim = headDim;
        _biases = GgufBiases.Of(file, blocks);

        // Files of F16 and BF16 have vectors in F32. Where nothing is lost they become what they were.
        _vectorType = file.Metadata.GetInt32OrNull(GgufKeys.FileType, 0, int.MaxValue) switch
        {
            1 => ElementType.F16,
            32 => ElementType.BF16,
            _ => null,
        };
    }

    /// <summary>The tensors in the order of the file.</summary>
    /// <exception cref="UnsupportedModelException">The file has a tensor that such an architecture does not have.</exception>
    /// <exception cref="ModelFormatException">A stacked tensor has another number of rows than its parts.</exception>
    public static IReadOnlyList<GgufWeight> Of(GgufFile file, GgufArchitecture architecture, GgufBlock[] blocks, int headDim)
    {
        var map = new GgufWeightMap(file, architecture, blocks, headDim);
        foreach (GgufTensor tensor in file.Tensors)
        {
            map.Add(tensor);
        }

        return map._weights;
    }

    private void Add(GgufTensor tensor)
    {
        if (tensor.Name == GgufTensorNames.RopeFactors)
        {
            return; // part of the config
        }

        if (GgufTensorNames.ToHuggingFace(tensor.Name) is not { } name)
        {
            throw Unknown(tensor);
        }

        if (name.Block is not { } block)
        {
            Add(name.Suffix, tensor, 0, tensor.Shape, 0);
            return;
        }

        if (block >= _blocks.Length)
        {
            throw new ModelFormatException(
                _file.FilePath, $"tensor '{MessageText.Shown(tensor.Name)}'", $"belongs to block {block}", $"one of the {_blocks.Length} blocks of the metadata");
        }

        bool isAttention = name.Suffix.StartsWith("self_attn.", StringComparison.Ordinal) || name.Suffix.StartsWith("input_", StringComparison.Ordinal);
        if (isAttention ? !_blocks[block].HasAttention : !_blocks[block].HasMlp)
        {
            return; // made up
        }

        if (name.Suffix == GgufTensorNames.FusedSuffix)
        {
            AddFused(tensor, block);
            return;
        }

        if (!_biases.Allow(name.Suffix, _architecture.ModelType == "qwen3"))
        {
            throw Unknown(tensor);
        }

        bool isRotated = name.Suffix.StartsWith("self_attn.q_proj.", StringComparison.Ordinal) || name.Suffix.StartsWith("self_attn.k_proj.", StringComparison.Ordinal);
        Add(Name(block, name.Suffix), tensor, 0, tensor.Shape, isRotated && _architecture.RotatesAdjacentPairs ? _headDim : 0);
    }

    private void AddFused(GgufTensor tensor, int block)
    {
        (int queries, int keys) = (_blocks[block].Heads * _headDim, _blocks[block].KeyValueHeads * _headDim);
        if (tensor.Shape.Count != 2 || tensor.Shape[0] != queries + (2L * keys))
        {
            string expected = $"{MessageText.Count(queries + (2L * keys))} rows";
            throw new ModelFormatException(_file.FilePath, $"tensor '{MessageText.Shown(tensor.Name)}'", $"has shape {MessageText.Shape(tensor.Shape)}", expected, tensor.ByteOffset);
        }

        int headDim = _architecture.RotatesAdjacentPairs ? _headDim : 0;
        Add(Name(block, "self_attn.q_proj.weight"), tensor, 0, [queries, tensor.Columns], headDim);
        Add(Name(block, "self_attn.k_proj.weight"), tensor, queries, [keys, tensor.Columns], headDim);
        Add(Name(block, "self_attn.v_proj.weight"), tensor, queries + keys, [keys, tensor.Columns], 0);
    }

    private void Add(string name, GgufTensor tensor, long firstRow, IReadOnlyList<long> shape, int headDim)
    {
        if (!_names.Add(name))
        {
            throw new ModelFormatException(
                _file.FilePath, $"tensor '{MessageText.Shown(tensor.Name)}'", $"holds '{name}', which another tensor holds too", "one tensor for each part", tensor.ByteOffset);
        }

        string dataType = GgufTensorTypes.NameOf(tensor.TypeNumber);
        long bytes = tensor.ByteLength;
        if (tensor.Type is { } type)
        {
            ElementType elementType = shape.Count == 1 && type == GgufTensorType.F32 && _vectorType is { } narrow && Fits(tensor, narrow) ? narrow : type.ToElementType();
            dataType = elementType.ToString();
            bytes = checked(shape.Aggregate((long)elementType.SizeInBytes(), (product, dimension) => checked(product * dimension)));
        }

        _weights.Add(new GgufWeight(new SafetensorsEntry(name, dataType, shape, tensor.ByteOffset, bytes), tensor, firstRow, headDim));
    }

    /// <summary>Whether all numbers of a vector are numbers of a narrower type.</summary>
    private bool Fits(GgufTensor tensor, ElementType narrow)
    {
        float[] values = new float[tensor.Columns];
        _file.Decode(tensor, 0, values);
        return Array.TrueForAll(values, value => narrow == ElementType.F16
            ? BitConverter.SingleToUInt32Bits((float)(Half)value) == BitConverter.SingleToUInt32Bits(value)
            : (BitConverter.SingleToUInt32Bits(value) & 0xFFFF) == 0);
    }

    private static string Name(int block, string suffix) => string.Create(CultureInfo.InvariantCulture, $"model.layers.{block}.{suffix}");

    private UnsupportedModelException Unknown(GgufTensor tensor) => new(
        _file.FilePath, $"tensor '{MessageText.Shown(tensor.Name)}'", "is unknown", $"the tensors of a plain decoder ('{_architecture.Name}')");
}
