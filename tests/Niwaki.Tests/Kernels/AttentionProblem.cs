using Niwaki.Kernels;
using Niwaki.Kernels.Cpu;

namespace Niwaki.Tests.Kernels;

/// <summary>Random queries, keys and values of one sequence, and a guarded output.</summary>
internal sealed class AttentionProblem(AttentionShape shape, int queries, int keys, long seed, double scale = 1) : IDisposable
{
    private readonly GuardedMatrix _query = GuardedMatrix.Normal(queries, shape.Heads * shape.HeadDim, seed, scale);
    private readonly GuardedMatrix _key = GuardedMatrix.Normal(keys, shape.KeyValueHeads * shape.HeadDim, seed + 100, scale);
    private readonly GuardedMatrix _value = GuardedMatrix.Normal(keys, shape.KeyValueHeads * shape.HeadDim, seed + 200);
    private readonly GuardedMatrix _output = new(queries, shape.Heads * shape.HeadDim);

    public float[]? Gates { get; set; }

    public AttentionSequence Sequence =>
        new() { Query = _query.View, Key = _key.View, Value = _value.View, Output = _output.View, HeadGates = Gates };

    /// <summary>The output, which is then overwritten; fails if something beside it was written.</summary>
    public float[] TakeOutput()
    {
        float[] values = _output.ToArray();
        _output.AssertGuardsIntact();
        _query.AssertGuardsIntact();
        FillOutput(12345);
        return values;
    }

    public float[] TakeQuery() => _query.ToArray();

    public void FillOutput(float value)
    {
        for (int row = 0; row < queries; row++)
        {
            _output.View[row].Fill(value);
        }
    }

    public void ComputeDirectly<TLanes>()
        where TLanes : unmanaged, ILanes<TLanes>
    {
        AttentionSequence sequence = Sequence;
        for (int query = 0; query < queries; query++)
        {
            for (int head = 0; head < shape.Heads; head++)
            {
                DirectAttention.Compute<TLanes>(shape, in sequence, head, query);
            }
        }
    }

    public void Dispose()
    {
        _query.Dispose();
        _key.Dispose();
        _value.Dispose();
        _output.Dispose();
    }
}
