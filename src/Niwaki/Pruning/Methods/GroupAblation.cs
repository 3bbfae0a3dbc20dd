using System.Globalization;
using Niwaki.Models;
using Niwaki.Pruning.Decisions;
using Niwaki.Tensors;

namespace Niwaki.Pruning.Methods;

/// <summary>Measures how the loss changes when one group of units is off, every group on the same windows.</summary>
/// <remarks>
/// Window by window, the loss of what is left of the model is the control variate: an effect is the mean difference on the same tokens, so that the
/// difficulty of a text drops out. What a group cannot change, the blocks in front of it, is taken from one pass without any (prefix reuse), and
/// many groups share a pass by gates of their own for each window. The numbers do not depend on how groups are put together into passes. Tokens count for every
/// group as the share of blocks that it passes; the control and the pass in front of the groups are counted by the caller, as one whole pass each.
/// </remarks>
/// <param name="context">The run.</param>
/// <param name="round">The round.</param>
/// <param name="windows">Token ids.</param>
/// <param name="contributions">What groups of one sub-layer put out on average, [groups][hidden], added in their place; null: they are switched off to zero.</param>
internal sealed class GroupAblation(
    PruningContext context, WidthRound round, IReadOnlyList<int[]> windows, Func<IReadOnlyList<UnitGroup>, float[][]>? contributions) : IDisposable
{
    /// <summary>Windows that go through the model at once, so that memory does not grow with the number of groups.</summary>
    private const int WindowsPerPass = 64;

    private readonly Dictionary<string, double> _measured = new(StringComparer.Ordinal);
    private double[]? _control;
    private ResidualStream? _prefix;
    private int _passed; // blocks that the prefix has passed

    /// <summary>The effect of every group on either half of the windows, in nats per token; +∞ where the model gives no number without it.</summary>
    /// <param name="groups">Groups in the order of their blocks.</param>
    /// <param name="report">Told how many groups are done.</param>
    public (double First, double Second)[] Effects(IReadOnlyList<UnitGroup> groups, Action<int> report)
    {
        var effects = new (double, double)[groups.Count];
        for (int first = 0; first < groups.Count;)
        {
            int end = first;
            while (end < groups.Count && groups[end].Units.Block == groups[first].Units.Block)
            {
                end++;
            }

            for (int g = first; g < end; g++)
            {
                effects[g] = (Effect(groups, first, end, g, 0), Effect(groups, first, end, g, 1));
                report(g + 1);
            }

            first = end;
        }

        return effects;
    }

    /// <inheritdoc />
    public void Dispose() => _prefix?.Dispose();

    private double Effect(IReadOnlyList<UnitGroup> groups, int first, int end, int group, int half)
    {
        int blocks = round.Config.Blocks.Count;
        long tokens = HalfOf(half).Sum(i => (long)windows[i].Length) * (blocks - groups[group].Units.Block) / blocks;
        string key = KeyOf(groups, group, half);
        double effect = context.Evaluate(key, tokens, () =>
        {
            if (!_measured.ContainsKey(key))
            {
                Measure(groups, first, end);
            }

            return _measured[key];
        });
        return double.IsFinite(effect) ? effect : double.PositiveInfinity;
    }

    /// <summary>Names what is measured, so that a journal of another search is not taken for one of this.</summary>
    private string KeyOf(IReadOnlyList<UnitGroup> groups, int group, int half)
    {
        UnitGroup own = groups[group];
        return string.Create(
            CultureInfo.InvariantCulture,
            $"round {round.Number}, group {group}, {own.Members.Length} of {own.Units.Count} in {own.Units.SubLayer} {own.Units.Block}, {windows.Count} windows, half {half + 1}");
    }

    private IEnumerable<int> HalfOf(int half) => Enumerable.Range(0, windows.Count).Where(i => i % 2 == half);

    /// <summary>Measures all groups of one block that are not recorded.</summary>
    private void Measure(IReadOnlyList<UnitGroup> groups, int first, int end)
    {
        Transformer model = round.Model;
        int block = groups[first].Units.Block;
        ResidualStream prefix = _prefix ??= model.Embed(windows);
        model.RunBlocks(prefix, _passed, block);
        _passed = block;
        _control ??= Control(model);
        int perPass = Math.Max(1, WindowsPerPass / windows.Count);
        int[] missing = [.. Enumerable.Range(first, end - first).Where(g => !context.Log.Holds(KeyOf(groups, g, 1)))];
        Dictionary<UnitGroup, float[]> means = Means([.. missing.Select(g => groups[g])]);
        foreach (int[] batch in missing.Chunk(perPass))
        {
            context.CancellationToken.ThrowIfCancellationRequested();
            double[] losses = Losses(model, prefix, [.. batch.Select(g => groups[g])], means, block);
            for (int i = 0; i < batch.Length; i++)
            {
                foreach (int half in (ReadOnlySpan<int>)[0, 1])
                {
                    _measured[KeyOf(groups, batch[i], half)] = HalfOf(half).Average(w => losses[(i * windows.Count) + w] - _control[w]);
                }
            }
        }
    }

    private double[] Control(Transformer model) => [.. ForwardPass.Losses(model, windows).Select(Mean)];

    /// <summary>Mean loss of every window for every group.</summary>
    private double[] Losses(Transformer model, ResidualStream prefix, UnitGroup[] groups, Dictionary<UnitGroup, float[]> means, int block)
    {
        int[][] repeated = [.. groups.SelectMany(_ => windows)];
        using ResidualStream stream = model.Embed(repeated);
        TensorView<float> values = stream.Values;
        for (int row = 0; row < stream.Tokens; row++)
        {
            prefix.Values[row % prefix.Tokens].CopyTo(values[row]);
        }

        // A mean goes where its sub-layer writes: behind the attention, in front of the MLP of the same block.
        RunSubLayer(model, stream, groups, means, block, SubLayer.Attention);
        RunSubLayer(model, stream, groups, means, block, SubLayer.Mlp);
        model.RunBlocks(stream, block + 1, round.Config.Blocks.Count);
        return [.. model.Losses(stream).Select(Mean)];
    }

    private void RunSubLayer(Transformer model, ResidualStream stream, UnitGroup[] groups, Dictionary<UnitGroup, float[]> means, int block, SubLayer subLayer)
    {
        var gates = new ModelGates[stream.Windows.Count];
        for (int g = 0; g < groups.Length; g++)
        {
            ModelGates own = groups[g].Gates(round.Config);
            own[block].Attention &= subLayer == SubLayer.Attention;
            own[block].Mlp &= subLayer == SubLayer.Mlp;
            gates.AsSpan(g * windows.Count, windows.Count).Fill(own);
        }

        model.RunBlocks(stream, block, block + 1, gates);

        for (int g = 0; g < groups.Length; g++)
        {
            if (groups[g].Units.SubLayer == subLayer && means.TryGetValue(groups[g], out float[]? mean))
            {
                AddToWindows(stream, g * windows.Count, mean);
            }
        }
    }

    private void AddToWindows(ResidualStream stream, int firstWindow, float[] mean)
    {
        int first = stream.FirstRow(firstWindow);
        TensorView<float> values = stream.Values;
        foreach (int row in Enumerable.Range(first, windows.Sum(window => window.Length)))
        {
            Span<float> target = values[row];
            for (int column = 0; column < target.Length; column++)
            {
                target[column] += mean[column];
            }
        }
    }

    /// <summary>What stands in the place of each group; none for a whole sub-layer, which is gone with its bias.</summary>
    private Dictionary<UnitGroup, float[]> Means(UnitGroup[] groups)
    {
        var means = new Dictionary<UnitGroup, float[]>(ReferenceEqualityComparer.Instance);
        if (contributions is not null)
        {
            foreach (IGrouping<int, UnitGroup> subLayer in groups.Where(group => group.Members.Length < group.Units.Count).GroupBy(group => group.SubLayer))
            {
                UnitGroup[] own = [.. subLayer];
                float[][] found = contributions(own);
                for (int i = 0; i < own.Length; i++)
                {
                    means[own[i]] = found[i];
                }
            }
        }

        return means;
    }

    private static double Mean(float[] losses) => losses.Sum(loss => (double)loss) / losses.Length;
}
