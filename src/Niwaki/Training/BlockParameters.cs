using Niwaki.Models;
using Niwaki.Tensors;

namespace Niwaki.Training;

/// <summary>The parameters (or gradients) of one block, stacked as the products take them. Vectors that are not there are empty.</summary>
internal readonly unsafe ref struct BlockParameters
{
    private readonly ModelParameters _parameters;
    private readonly int _block;
    private readonly BlockShape _shape;

    public BlockParameters(ModelParameters parameters, int block)
    {
        _parameters = parameters;
        _block = block;
        _shape = Config.Blocks[block];
    }

    public Span<float> AttentionNorm => Vector(BlockTensorRole.AttentionNorm, Config.HiddenSize);

    public Span<float> QueryKeyValueBias => Vector(BlockTensorRole.QueryBias, QueryKeyValueRows);

    public Span<float> QueryNorm => Vector(BlockTensorRole.QueryNorm, Config.HeadDim);

    public Span<float> KeyNorm => Vector(BlockTensorRole.KeyNorm, Config.HeadDim);

    public Span<float> OutputBias => Vector(BlockTensorRole.OutputBias, Config.HiddenSize);

    public Span<float> MlpNorm => Vector(BlockTensorRole.MlpNorm, Config.HiddenSize);

    public Span<float> GateUpBias => Vector(BlockTensorRole.GateBias, 2 * _shape.Neurons);

    public Span<float> DownBias => Vector(BlockTensorRole.DownBias, Config.HiddenSize);

    private ModelConfig Config => _parameters.Layout.Config;

    private int QueryKeyValueRows => (_shape.Heads + (2 * _shape.KeyValueHeads)) * Config.HeadDim;

    /// <summary>A matrix that a product takes; null where it is not among the parameters.</summary>
    /// <param name="first">
    /// Query: query, key and value stacked, [(heads + 2 kvHeads) · headDim, hidden]. Output: [hidden, heads · headDim]. Gate: gate and up, [2 · neurons, hidden].
    /// Down: [hidden, neurons].
    /// </param>
    public TensorView<float>? Find(BlockTensorRole first)
    {
        (int rows, int columns) = first switch
        {
            BlockTensorRole.Query => (QueryKeyValueRows, Config.HiddenSize),
            BlockTensorRole.Output => (Config.HiddenSize, _shape.Heads * Config.HeadDim),
            BlockTensorRole.Gate => (2 * _shape.Neurons, Config.HiddenSize),
            BlockTensorRole.Down => (Config.HiddenSize, _shape.Neurons),
            _ => throw new ArgumentOutOfRangeException(nameof(first), first, $"Role is {first}, expected the first of a stacked matrix."),
        };
        return _parameters.Layout.Offset(_block, first) is { } offset ? new TensorView<float>(_parameters.Pointer + offset, rows, columns, columns) : null;
    }

    private Span<float> Vector(BlockTensorRole role, int length) =>
        _parameters.Layout.Offset(_block, role) is { } offset ? new Span<float>(_parameters.Pointer + offset, length) : [];
}
