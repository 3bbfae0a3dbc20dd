using Niwaki.Models;
using Niwaki.Tensors;

namespace Niwaki.Training;

/// <summary>The parameters (or gradients) of one block, stacked as the products take them. Vectors that the block lacks are empty.</summary>
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

    /// <summary>[(heads + 2 kvHeads) · headDim, hidden].</summary>
    public TensorView<float> QueryKeyValue => Matrix(BlockTensorRole.Query, QueryKeyValueRows, Config.HiddenSize);

    public Span<float> QueryKeyValueBias => Vector(BlockTensorRole.QueryBias, QueryKeyValueRows);

    public Span<float> QueryNorm => Vector(BlockTensorRole.QueryNorm, Config.HeadDim);

    public Span<float> KeyNorm => Vector(BlockTensorRole.KeyNorm, Config.HeadDim);

    /// <summary>[hidden, heads · headDim].</summary>
    public TensorView<float> Output => Matrix(BlockTensorRole.Output, Config.HiddenSize, _shape.Heads * Config.HeadDim);

    public Span<float> OutputBias => Vector(BlockTensorRole.OutputBias, Config.HiddenSize);

    public Span<float> MlpNorm => Vector(BlockTensorRole.MlpNorm, Config.HiddenSize);

    /// <summary>[2 · neurons, hidden].</summary>
    public TensorView<float> GateUp => Matrix(BlockTensorRole.Gate, 2 * _shape.Neurons, Config.HiddenSize);

    public Span<float> GateUpBias => Vector(BlockTensorRole.GateBias, 2 * _shape.Neurons);

    /// <summary>[hidden, neurons].</summary>
    public TensorView<float> Down => Matrix(BlockTensorRole.Down, Config.HiddenSize, _shape.Neurons);

    public Span<float> DownBias => Vector(BlockTensorRole.DownBias, Config.HiddenSize);

    private ModelConfig Config => _parameters.Layout.Config;

    private int QueryKeyValueRows => (_shape.Heads + (2 * _shape.KeyValueHeads)) * Config.HeadDim;

    private TensorView<float> Matrix(BlockTensorRole role, int rows, int columns) =>
        new(_parameters.Pointer + _parameters.Layout.Offset(_block, role)!.Value, rows, columns, columns);

    private Span<float> Vector(BlockTensorRole role, int length) =>
        _parameters.Layout.Offset(_block, role) is { } offset ? new Span<float>(_parameters.Pointer + offset, length) : [];
}
