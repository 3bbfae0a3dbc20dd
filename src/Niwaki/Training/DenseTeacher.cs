using System.Globalization;
using Niwaki.Kernels;
using Niwaki.Models;
using Niwaki.Tensors;

namespace Niwaki.Training;

/// <summary>The dense model beside a pruned one in training: its predictions, and if asked its residual stream, are what the pruned one stays near.</summary>
/// <remarks>The loss of a step becomes mean loss + λ · mean KL(dense‖pruned) + μ · Σ over blocks of the mean squared difference of the streams behind them.</remarks>
public sealed class DenseTeacher : IDisposable
{
    private readonly Transformer _dense;
    private readonly bool _ownsDense;
    private readonly int[] _blocks;
    private readonly List<GrowingBuffer> _behind = [];
    private ResidualStream? _stream;

    /// <summary>Prepares a teacher.</summary>
    /// <param name="dense">The dense model; must outlive this object.</param>
    /// <param name="divergenceWeight">λ, 0 or more.</param>
    /// <param name="hiddenWeight">μ, 0 or more.</param>
    /// <param name="blocks">For every block of the pruned model the block of the dense one that it came from, ascending; may be empty where μ is 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">A weight is negative or not finite.</exception>
    /// <exception cref="ArgumentException">A block does not exist, or they are not ascending.</exception>
    public DenseTeacher(Transformer dense, double divergenceWeight, double hiddenWeight = 0, IReadOnlyList<int>? blocks = null)
    {
        ArgumentNullException.ThrowIfNull(dense);
        ThrowIfNoWeight(divergenceWeight, nameof(divergenceWeight));
        ThrowIfNoWeight(hiddenWeight, nameof(hiddenWeight));
        _blocks = hiddenWeight > 0 ? [.. blocks ?? []] : [];
        for (int i = 0; i < _blocks.Length; i++)
        {
            if (_blocks[i] >= dense.Config.Blocks.Count || _blocks[i] <= (i == 0 ? -1 : _blocks[i - 1]))
            {
                throw new ArgumentException($"Block {i} came from block {_blocks[i]}, expected ascending blocks below {dense.Config.Blocks.Count}.", nameof(blocks));
            }
        }

        _dense = dense;
        DivergenceWeight = divergenceWeight;
        HiddenWeight = hiddenWeight;
    }

    private DenseTeacher(DenseTeacher other, ThreadTeam team)
    {
        _dense = other._dense.Beside(team);
        _ownsDense = true;
        _blocks = other._blocks;
        DivergenceWeight = other.DivergenceWeight;
        HiddenWeight = other.HiddenWeight;
    }

    /// <summary>λ: what the divergence of a token counts beside its loss.</summary>
    public double DivergenceWeight { get; }

    /// <summary>μ: what the differences of the streams count.</summary>
    public double HiddenWeight { get; }

    /// <summary>Vocabulary and width of the dense model.</summary>
    internal ModelConfig Config => _dense.Config;

    /// <summary>Bytes of weights and streams held.</summary>
    public long MemoryBytes => (_ownsDense ? 0 : _dense.Memory.WeightBytes) + _dense.ScratchBytes + _behind.Sum(buffer => buffer.ByteLength) + ((_stream?.Tokens ?? 0L) * Config.HiddenSize * sizeof(float));

    /// <inheritdoc />
    public void Dispose()
    {
        _stream?.Dispose();
        _behind.ForEach(buffer => buffer.Dispose());
        _behind.Clear();
        if (_ownsDense)
        {
            _dense.Dispose();
        }
    }

    /// <summary>Whether others of it can read at the same time: where the dense model's weights all stay in memory.</summary>
    internal bool StandsBeside => _dense.KeepsAllWeights;

    /// <summary>The same teacher for a shard that passes on other threads.</summary>
    /// <param name="team">Threads; must outlive what is returned.</param>
    /// <exception cref="InvalidOperationException">It does not stand beside others.</exception>
    internal DenseTeacher Beside(ThreadTeam team) => new(this, team);

    /// <summary>Passes the windows of a batch through the dense model.</summary>
    internal void Read(IReadOnlyList<int[]> windows)
    {
        _stream?.Dispose();
        _stream = _dense.Embed(windows);
        int next = 0;
        for (int i = 0; i < _blocks.Length; i++)
        {
            _dense.RunBlocks(_stream, next, _blocks[i] + 1);
            next = _blocks[i] + 1;
            Keep(i, _stream.Values);
        }

        _dense.RunBlocks(_stream, next, Config.Blocks.Count);
    }

    /// <summary>Logits of consecutive tokens of what was read, written.</summary>
    internal void Logits(int firstToken, TensorView<float> logits)
    {
        int[] rows = [.. Enumerable.Range(firstToken, logits.Rows)];
        _dense.Logits(_stream!, rows, logits);
    }

    /// <summary>The stream of what was read behind the block that a block of the pruned model came from, [tokens, hidden].</summary>
    internal TensorView<float> Behind(int block) => _behind[block].Held(_stream!.Tokens, Config.HiddenSize);

    /// <summary>What a state must agree with.</summary>
    internal string Fingerprint() => string.Create(CultureInfo.InvariantCulture, $"divergence {DivergenceWeight:R}, hidden {HiddenWeight:R}");

    private void Keep(int index, TensorView<float> values)
    {
        if (_behind.Count == index)
        {
            _behind.Add(new GrowingBuffer());
        }

        TensorView<float> target = _behind[index].View(values.Rows, values.Columns);
        for (int row = 0; row < values.Rows; row++)
        {
            values[row].CopyTo(target[row]);
        }
    }

    private static void ThrowIfNoWeight(double weight, string name)
    {
        if (!(weight >= 0 && double.IsFinite(weight)))
        {
            throw new ArgumentOutOfRangeException(name, weight, $"Weight is {weight}, expected a finite number of 0 or more.");
        }
    }
}
