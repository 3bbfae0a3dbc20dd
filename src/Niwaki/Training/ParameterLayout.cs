using Niwaki.Models;

namespace Niwaki.Training;

/// <summary>Where every parameter of a model lies in one run of float32 numbers: values, gradients and moments share it.</summary>
/// <remarks>
/// Tensors follow each other without gaps, blocks in order, in a block in the order of <see cref="BlockTensor"/>: query, key and value are one matrix of stacked
/// rows, and so are gate and up, and their biases. A tied output head is the embedding and has no tensor of its own.
/// </remarks>
public sealed class ParameterLayout
{
    private readonly Dictionary<string, ParameterTensor> _byName;

    /// <summary>Lays the parameters of a model out.</summary>
    /// <param name="config">Config of the model.</param>
    /// <exception cref="OverflowException">There are more than 2^63 - 1 parameters.</exception>
    public ParameterLayout(ModelConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        var tensors = new List<ParameterTensor>();
        void Add(string name, int rows, int columns, bool isMatrix)
        {
            tensors.Add(new ParameterTensor(name, rows, columns, Count, isMatrix));
            Count = checked(Count + tensors[^1].Count);
        }

        Add(TensorNames.Embedding, config.VocabularySize, config.HiddenSize, isMatrix: true);
        for (int block = 0; block < config.Blocks.Count; block++)
        {
            BlockShape shape = config.Blocks[block];
            foreach (BlockTensor tensor in BlockTensor.Of(config.Features, shape))
            {
                int extent = config.Extent(tensor.Rows, shape);
                if (tensor.Columns is { } columns)
                {
                    Add(tensor.NameIn(block), extent, config.Extent(columns, shape), isMatrix: true);
                }
                else
                {
                    Add(tensor.NameIn(block), 1, extent, isMatrix: false);
                }
            }
        }

        Add(TensorNames.FinalNorm, 1, config.HiddenSize, isMatrix: false);
        if (!config.TiedEmbeddings)
        {
            Add(TensorNames.OutputHead, config.VocabularySize, config.HiddenSize, isMatrix: true);
        }

        Config = config;
        Tensors = tensors;
        _byName = tensors.ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
    }

    /// <summary>Lays out some tensors: a part of a model, or what is trained beside it.</summary>
    /// <param name="config">Config of the model.</param>
    /// <param name="tensors">Tensors in their order; their offsets are replaced. Matrices that a product takes as one follow each other.</param>
    /// <exception cref="OverflowException">There are more than 2^63 - 1 parameters.</exception>
    internal ParameterLayout(ModelConfig config, IEnumerable<ParameterTensor> tensors)
    {
        var placed = new List<ParameterTensor>();
        foreach (ParameterTensor tensor in tensors)
        {
            placed.Add(tensor with { Offset = Count });
            Count = checked(Count + tensor.Count);
        }

        Config = config;
        Tensors = placed;
        _byName = placed.ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
    }

    /// <summary>Config of the model.</summary>
    public ModelConfig Config { get; }

    /// <summary>All tensors in the order in which they lie.</summary>
    public IReadOnlyList<ParameterTensor> Tensors { get; }

    /// <summary>Parameters of the model.</summary>
    public long Count { get; private set; }

    /// <summary>The output head: the embedding where it is tied.</summary>
    internal static string HeadName(ModelConfig config) => config.TiedEmbeddings ? TensorNames.Embedding : TensorNames.OutputHead;

    /// <summary>The tensor of a name, or null.</summary>
    /// <param name="name">Name in a checkpoint.</param>
    public ParameterTensor? Find(string name) => _byName.TryGetValue(name, out ParameterTensor tensor) ? tensor : null;

    /// <summary>The first element of a block's tensor; null where the block has none of that role.</summary>
    internal long? Offset(int block, BlockTensorRole role) => Find(BlockTensor.Of(role).NameIn(block))?.Offset;
}
