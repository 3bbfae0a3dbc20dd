using Niwaki.Kernels;
using Niwaki.Kernels.Cpu;
using Niwaki.Tensors;

namespace Niwaki.Tests.Kernels;

public sealed class AttentionTests : IDisposable
{
    private const long NoLimit = 1 << 30;
    private readonly ThreadTeam _team = new(2);

    /// <summary>Queries, keys, head dimension, heads, key heads, window.</summary>
    public static TheoryData<int, int, int, int, int, int?> Shapes { get; } = new()
    {
        { 1, 1, 1, 1, 1, null },
        { 5, 5, 33, 2, 1, null },
        { 7, 7, 80, 1, 1, null },
        { 16, 16, 64, 1, 1, null },
        { 31, 31, 64, 4, 2, null },
        { 33, 33, 6, 2, 2, null },
        { 97, 97, 64, 2, 1, null },
        { 130, 130, 96, 1, 1, null },
        { 257, 257, 17, 3, 3, null },
        { 10, 200, 64, 4, 2, null },
        { 2, 300, 40, 4, 1, null },
        { 1, 129, 33, 2, 2, null },
        { 100, 100, 64, 2, 1, 1 },
        { 100, 100, 32, 2, 1, 33 },
        { 150, 250, 20, 2, 1, 100 },
        { 3, 250, 20, 2, 1, 100 },
        { 40, 40, 20, 2, 1, int.MaxValue },
    };

    public void Dispose() => _team.Dispose();

    [Fact]
    public void Apply_TwoKeys_KnownResult()
    {
        // Head dimension 1, scale ln 3. Query 0 sees key 0 alone: value 10. Query 1 (1) has scores ln 3 · (2, 1), weights 9 : 3, hence
        // (9 · 10 + 3 · 20) / 12 = 12.5. The gate of the head is 2.
        using var q = GuardedMatrix.From([5], [1]);
        using var k = GuardedMatrix.From([2], [1]);
        using var v = GuardedMatrix.From([10], [20]);
        using var o = new GuardedMatrix(2, 1);
        var shape = new AttentionShape(1, 1, 1, MathF.Log(3));
        Attention.Apply(_team, shape, [new() { Query = q.View, Key = k.View, Value = v.View, Output = o.View, HeadGates = [2] }]);
        Close.Assert([20, 25], o.ToArray(), 0, 1e-6);
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Apply_Shapes_EveryPathEqualsTwin(int queries, int keys, int headDim, int heads, int keyHeads, int? window)
    {
        var shape = new AttentionShape(heads, keyHeads, headDim, 1 / MathF.Sqrt(headDim), window);
        using var problem = new AttentionProblem(shape, queries, keys, seed: 1);
        AttentionSequence[] sequences = [problem.Sequence];
        TiledAttention.RunScalar(_team, shape, sequences);
        float[] expected = problem.TakeOutput();

        new TiledAttentionJob<Lanes512>(shape, sequences, KernelPath.Avx512).Run(_team, NoLimit);
        Close.Assert(expected, problem.TakeOutput(), 1e-5, 1e-5);
        new TiledAttentionJob<Lanes256>(shape, sequences, KernelPath.Avx2).Run(_team, NoLimit);
        Close.Assert(expected, problem.TakeOutput(), 1e-5, 1e-5);
        new TiledAttentionJob<Lanes128>(shape, sequences, KernelPath.AdvSimd).Run(_team, NoLimit);
        Close.Assert(expected, problem.TakeOutput(), 1e-5, 1e-5);
        problem.ComputeDirectly<Lanes512>();
        Close.Assert(expected, problem.TakeOutput(), 1e-5, 1e-5);
        problem.ComputeDirectly<Lanes256>();
        Close.Assert(expected, problem.TakeOutput(), 1e-5, 1e-5);
        problem.ComputeDirectly<Lanes128>();
        Close.Assert(expected, problem.TakeOutput(), 1e-5, 1e-5);
        Attention.Apply(_team, shape, sequences);
        Close.Assert(expected, problem.TakeOutput(), 1e-5, 1e-5);
    }

    [Fact]
    public void Apply_AnyTeamAndAnyBatch_SameBits()
    {
        var shape = new AttentionShape(4, 2, 20, 0.3f, 50);
        using var a = new AttentionProblem(shape, 70, 90, seed: 1);
        using var b = new AttentionProblem(shape, 130, 130, seed: 2);
        using var c = new AttentionProblem(shape, 2, 40, seed: 3);
        using var single = new ThreadTeam(1);
        using var triple = new ThreadTeam(3);
        Attention.Apply(single, shape, [a.Sequence]);
        Attention.Apply(single, shape, [b.Sequence]);
        Attention.Apply(single, shape, [c.Sequence]);
        float[][] alone = [a.TakeOutput(), b.TakeOutput(), c.TakeOutput()];
        Attention.Apply(triple, shape, [c.Sequence, b.Sequence, a.Sequence]);
        Assert.Equal(alone, [a.TakeOutput(), b.TakeOutput(), c.TakeOutput()]);
    }

    [Fact]
    public void Run_SmallWaves_SameBits()
    {
        var shape = new AttentionShape(6, 3, 16, 0.25f);
        using var a = new AttentionProblem(shape, 60, 60, seed: 1);
        using var b = new AttentionProblem(shape, 33, 50, seed: 2);
        AttentionSequence[] sequences = [a.Sequence, b.Sequence];
        new TiledAttentionJob<Lanes256>(shape, sequences, KernelPath.Avx2).Run(_team, NoLimit);
        float[][] expected = [a.TakeOutput(), b.TakeOutput()];
        foreach (long floats in new[] { 1, 4000, 9000 })
        {
            new TiledAttentionJob<Lanes256>(shape, sequences, KernelPath.Avx2).Run(_team, floats);
            Assert.Equal(expected, [a.TakeOutput(), b.TakeOutput()]);
        }
    }

    [Fact]
    public void Apply_KeysAfterAQuery_DoNotMoveItsBits()
    {
        var shape = new AttentionShape(2, 1, 24, 0.2f);
        using var whole = new AttentionProblem(shape, 120, 120, seed: 4);
        AttentionSequence all = whole.Sequence;
        Attention.Apply(_team, shape, [all]);
        float[] expected = whole.TakeOutput()[..(77 * 48)];
        Attention.Apply(_team, shape,
        [
            new()
            {
                Query = all.Query.SliceRows(0, 77),
                Key = all.Key.SliceRows(0, 77),
                Value = all.Value.SliceRows(0, 77),
                Output = all.Output.SliceRows(0, 77),
            },
        ]);
        Assert.Equal(expected, whole.TakeOutput()[..(77 * 48)]);
    }

    [Fact]
    public void Apply_CachedKeys_SameBitsAsWholeSequence()
    {
        // The last 50 queries on their own: another alignment of the panels, the same results.
        var shape = new AttentionShape(2, 2, 24, 0.2f);
        using var problem = new AttentionProblem(shape, 120, 120, seed: 5);
        AttentionSequence all = problem.Sequence;
        Attention.Apply(_team, shape, [all]);
        float[] expected = problem.TakeOutput()[(70 * 48)..];
        Attention.Apply(_team, shape,
            [new() { Query = all.Query.SliceRows(70, 50), Key = all.Key, Value = all.Value, Output = all.Output.SliceRows(70, 50) }]);
        Assert.Equal(expected, problem.TakeOutput()[(70 * 48)..]);
    }

    [Theory]
    [InlineData(60)]
    [InlineData(2)]
    public void Apply_Gates_ScaleOrSilenceTheirHead(int queries)
    {
        var shape = new AttentionShape(4, 2, 8, 0.3f);
        using var problem = new AttentionProblem(shape, queries, 60, seed: 6);
        Attention.Apply(_team, shape, [problem.Sequence]);
        float[] open = problem.TakeOutput();
        problem.Gates = [1, 0.5f, 0, 0]; // the second key head serves nobody
        problem.FillOutput(float.NaN);
        Attention.Apply(_team, shape, [problem.Sequence]);
        float[] gated = problem.TakeOutput();
        float[] factors = [1, 0.5f, 0, 0];
        Assert.Equal(open.Select((value, i) => factors[i / 8 % 4] == 0 ? 0 : value * factors[i / 8 % 4]), gated);
    }

    [Theory]
    [InlineData(100, true)]
    [InlineData(100, false)]
    [InlineData(3, true)]
    [InlineData(3, false)]
    public void Apply_NaNInAKeyOrValue_OnlyQueriesThatSeeIt(int queries, bool inKey)
    {
        // Window 10: key 95 is seen by the positions 95 to 104; the keys are 0 to 109.
        var shape = new AttentionShape(1, 1, 8, 0.3f, 10);
        using var problem = new AttentionProblem(shape, queries, 110, seed: 7);
        Attention.Apply(_team, shape, [problem.Sequence]);
        float[] clean = problem.TakeOutput();
        (inKey ? problem.Sequence.Key : problem.Sequence.Value)[95].Fill(float.NaN);
        Attention.Apply(_team, shape, [problem.Sequence]);
        float[] output = problem.TakeOutput();
        for (int query = 0; query < queries; query++)
        {
            int position = 110 - queries + query;
            float[] row = output[(query * 8)..((query + 1) * 8)];
            if (position is >= 95 and < 105)
            {
                Assert.All(row, value => Assert.True(float.IsNaN(value)));
            }
            else
            {
                Close.Assert(clean.AsSpan(query * 8, 8), row, 1e-5, 1e-5);
            }
        }
    }

    [Theory]
    [InlineData(20)]
    [InlineData(2)]
    public void Apply_InfinityInAValue_Spreads(int queries)
    {
        var shape = new AttentionShape(1, 1, 1, 1);
        using var problem = new AttentionProblem(shape, queries, 20, seed: 8);
        problem.Sequence.Value[19][0] = float.NegativeInfinity;
        Attention.Apply(_team, shape, [problem.Sequence]);
        float[] output = problem.TakeOutput();
        Assert.Equal(float.NegativeInfinity, output[^1]);
        Assert.All(output[..^1], value => Assert.True(float.IsFinite(value)));
    }

    [Theory]
    [InlineData(40)]
    [InlineData(4)]
    public void Apply_HugeScores_NoOverflow(int queries)
    {
        // Scores near ±30,000: their exponentials overflow unless the largest is subtracted first.
        var shape = new AttentionShape(1, 1, 4, 100);
        using var problem = new AttentionProblem(shape, queries, 40, seed: 9, scale: 10);
        TiledAttention.RunScalar(_team, shape, [problem.Sequence]);
        float[] expected = problem.TakeOutput();
        Attention.Apply(_team, shape, [problem.Sequence]);
        Close.Assert(expected, problem.TakeOutput(), 1e-3, 1e-3); // scores carry an absolute error of 30,000 · 2^-24
    }

    [Theory]
    [InlineData(70)]
    [InlineData(3)]
    public void Apply_OutputIsQuery_SameBits(int queries)
    {
        var shape = new AttentionShape(4, 2, 16, 0.25f);
        using var problem = new AttentionProblem(shape, queries, 70, seed: 10);
        AttentionSequence sequence = problem.Sequence;
        Attention.Apply(_team, shape, [sequence]);
        float[] expected = problem.TakeOutput();
        Attention.Apply(_team, shape, [new() { Query = sequence.Query, Key = sequence.Key, Value = sequence.Value, Output = sequence.Query }]);
        Assert.Equal(expected, problem.TakeQuery());
    }

    [Fact]
    public void Apply_LongSequence_ScratchLinearInItsLength()
    {
        using var team = new ThreadTeam(1);
        var shape = new AttentionShape(1, 1, 8, 0.3f);
        using var problem = new AttentionProblem(shape, 1500, 1500, seed: 11);
        Attention.Apply(team, shape, [problem.Sequence]);
        Assert.InRange(team.ScratchBytes, 0, 4 * ((1500 * (8 + 12)) + 10_000)); // a matrix of scores would be 9 MB
    }

    [Fact]
    public void Apply_NoQueries_DoesNothing()
    {
        var shape = new AttentionShape(1, 1, 8, 0.3f);
        using var problem = new AttentionProblem(shape, 0, 5, seed: 12);
        Attention.Apply(_team, shape, [problem.Sequence]);
        Attention.Apply(_team, shape, []);
    }

    [Fact]
    public void Apply_WrongShapes_Throws()
    {
        var shape = new AttentionShape(2, 1, 4, 0.5f);
        using var q = new GuardedMatrix(3, 8);
        using var k = new GuardedMatrix(3, 4);
        using var two = new GuardedMatrix(2, 4);
        using var o = new GuardedMatrix(3, 8);
        using var narrow = new GuardedMatrix(3, 7);
        var good = new AttentionSequence { Query = q.View, Key = k.View, Value = k.View, Output = o.View };
        Throws<ShapeMismatchException>(shape, new() { Query = narrow.View, Key = k.View, Value = k.View, Output = o.View });
        Throws<ShapeMismatchException>(shape, new() { Query = q.View, Key = q.View, Value = k.View, Output = o.View });
        Throws<ShapeMismatchException>(shape, new() { Query = q.View, Key = k.View, Value = two.View, Output = o.View });
        Throws<ShapeMismatchException>(shape, new() { Query = q.View, Key = two.View, Value = two.View, Output = o.View });
        Throws<ShapeMismatchException>(shape, new() { Query = q.View, Key = k.View, Value = k.View, Output = narrow.View });
        Throws<ShapeMismatchException>(shape, new() { Query = q.View, Key = k.View, Value = k.View, Output = o.View, HeadGates = [1] });
        Throws<ArgumentException>(shape, new() { Query = q.View, Key = k.View, Value = o.View.SliceColumns(0, 4), Output = o.View });
        Throws<ArgumentOutOfRangeException>(shape with { KeyValueHeads = 0 }, good);
        Throws<ArgumentOutOfRangeException>(new AttentionShape(3, 2, 4, 1), good);
        Throws<ArgumentOutOfRangeException>(shape with { HeadDim = 0 }, good);
        Throws<ArgumentOutOfRangeException>(shape with { Scale = float.NaN }, good);
        Throws<ArgumentOutOfRangeException>(shape with { SlidingWindow = 0 }, good);
    }

    private void Throws<TException>(AttentionShape shape, AttentionSequence sequence)
        where TException : Exception => Assert.Throws<TException>(() => Attention.Apply(_team, shape, [sequence]));
}
