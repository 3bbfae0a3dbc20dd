using Niwaki.Models;
using Niwaki.Tensors;
using Niwaki.Tests.Generation;

namespace Niwaki.Tests.Models;

public sealed class TransformerScoringTests
{
    private static readonly int[] Ids = [1, 5, 3, 8, 2, 13, 21, 4, 9, 7, 19, 11];

    [Theory]
    [InlineData(null)]
    [InlineData(120_000L)] // streamed, the head in pieces
    public void Score_BehindACache_AsOnePassWithoutIt(long? memory)
    {
        using LoadedModel model = LoadedModel.Random(options: new TransformerOptions { MemoryBytes = memory });
        float[][] logits = model.Logits(Ids);
        using var cache = new KeyValueCache(model.Config, Ids.Length);
        model.Transformer.Append([cache], [Ids[..7]]).Dispose();
        int[] targets = [.. Ids[8..], -1];
        targets[1] = -1;

        TargetScore[] scores = model.Transformer.Score([cache], [Ids[7..]], [targets]).Single();

        Assert.Equal(Ids.Length, cache.Length);
        for (int i = 0; i < targets.Length; i++)
        {
            float[] row = logits[7 + i];
            double expected = targets[i] < 0 ? 0 : Math.Log(row.Sum(z => Math.Exp((double)z - row.Max()))) + row.Max() - row[targets[i]];
            Assert.Equal(expected, scores[i].LossNats, 1e-4);
            Assert.Equal(targets[i] >= 0 && row[targets[i]] == row.Max(), scores[i].IsLikeliest);
        }
    }

    [Fact]
    public void Score_LikeliestToken_IsSaid()
    {
        using LoadedModel model = LoadedModel.Random();
        float[][] logits = model.Logits(Ids);
        using var cache = new KeyValueCache(model.Config, Ids.Length);
        int[] best = [.. logits.Select(row => Array.IndexOf(row, row.Max()))];
        Assert.All(model.Transformer.Score([cache], [Ids], [best]).Single(), score => Assert.True(score.IsLikeliest));
        cache.Clear();
        int[] others = [.. best.Select(id => (id + 1) % model.Config.VocabularySize)];
        Assert.All(model.Transformer.Score([cache], [Ids], [others]).Single(), score => Assert.False(score.IsLikeliest));
    }

    [Fact]
    public void Truncate_AndCopy_ContinueAnotherWay()
    {
        using LoadedModel model = LoadedModel.Random();
        using var cache = new KeyValueCache(model.Config, 16);
        using var copy = new KeyValueCache(model.Config, 12);
        model.Transformer.Append([cache], [Ids[..8]]).Dispose();
        cache.Truncate(5);
        copy.CopyFrom(cache);
        Assert.Equal((5, 5), (cache.Length, copy.Length));

        TargetScore[][] scores = model.Transformer.Score([cache, copy], [[2, 2], Ids[5..8]], [[3, 4], [1, 2, 3]]);

        float[][] first = model.Logits([.. Ids[..5], 2, 2]), second = model.Logits(Ids[..8]);
        Assert.Equal(Loss(first[6], 4), scores[0][1].LossNats, 1e-4);
        Assert.Equal(Loss(second[7], 3), scores[1][2].LossNats, 1e-4);
    }

    [Fact]
    public void Score_CountsThatDoNotFit_Throws()
    {
        using LoadedModel model = LoadedModel.Random();
        using var cache = new KeyValueCache(model.Config, 4);
        using var small = new KeyValueCache(model.Config, 1);
        Assert.Throws<ShapeMismatchException>(() => model.Transformer.Score([cache], [[1, 2]], [[3]]));
        Assert.Throws<ArgumentOutOfRangeException>(() => model.Transformer.Score([cache], [[1, 2]], [[3, 24]]));
        Assert.Throws<ArgumentException>(() => model.Transformer.Append([cache], [[1, 2, 3, 4, 5]]));
        Assert.Throws<ArgumentOutOfRangeException>(() => cache.Truncate(1));
        model.Transformer.Append([cache], [[1, 2]]).Dispose();
        Assert.Throws<ShapeMismatchException>(() => small.CopyFrom(cache));
    }

    private static double Loss(float[] logits, int id) => Math.Log(logits.Sum(z => Math.Exp((double)z - logits.Max()))) + logits.Max() - logits[id];
}
