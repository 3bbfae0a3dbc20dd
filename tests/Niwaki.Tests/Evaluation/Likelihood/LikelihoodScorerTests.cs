using Niwaki.Evaluation;
using Niwaki.Evaluation.Likelihood;
using Niwaki.Models;
using Niwaki.Tests.Generation;
using Niwaki.Tests.Models;

namespace Niwaki.Tests.Evaluation.Likelihood;

public sealed class LikelihoodScorerTests
{
    private static readonly LikelihoodRequest[][] Groups =
    [
        // One context, continuations of several lengths, one of them the beginning of another.
        [new([1, 2, 3, 4, 5, 6], 3), new([1, 2, 3, 4], 3), new([1, 2, 3, 9, 9, 9, 9], 3)],

        // Contexts that differ, as of winogrande.
        [new([7, 8, 9, 10, 2, 3], 4), new([7, 8, 11, 2, 3], 3)],

        // One request; a context of a single token; nothing in common; nothing to score.
        [new([5, 6, 7], 2)],
        [new([5, 6], 1), new([5, 8], 1)],
        [new([3, 4, 5], 1), new([6, 4, 5], 1)],
        [new([3, 4, 5], 3)],
    ];

    /// <summary>Against float64 sums written as a textbook has them, one request at a time.</summary>
    [Theory]
    [InlineData(null)]
    [InlineData(200_000L)]
    public void Score_AnyGroups_AsTheScalarReference(long? memory)
    {
        using var model = new OpenModel(new RandomCheckpointSpec());
        using Transformer transformer = model.Load(new TransformerOptions { MemoryBytes = memory });
        var scorer = new LikelihoodScorer(transformer);
        LikelihoodResult[][] found = scorer.Score(Groups, cancellationToken: TestContext.Current.CancellationToken);
        AssertAsReference(model.Reference, Groups, found);

        // 1 2 once, then 3 4 5, 3 and 3 9 9 9; 7 8 is shared, then 9 10 2 and 11 2; and so on: fewer than the 36 tokens of the requests by themselves.
        Assert.Equal(2 + 3 + 1 + 4 + 2 + 3 + 2 + 1 + 1 + 1 + 1 + 2 + 2 + 1 + 1, scorer.ForwardTokens);
    }

    /// <summary>Examples in front of every question pass once for a batch.</summary>
    [Fact]
    public void Score_CommonExamples_ComputedOnce()
    {
        using var model = new OpenModel(new RandomCheckpointSpec());
        using Transformer transformer = model.Load();
        int[] examples = [.. Enumerable.Range(0, 40).Select(i => i * 7 % 24)];
        LikelihoodRequest[][] groups = [.. Enumerable.Range(0, 5).Select(i => new LikelihoodRequest[] { new([.. examples, i, 3, 4], 42), new([.. examples, i, 3, 9, 2], 42) })];
        var scorer = new LikelihoodScorer(transformer);
        LikelihoodResult[][] found = scorer.Score(groups, cancellationToken: TestContext.Current.CancellationToken);
        AssertAsReference(model.Reference, groups, found);

        // 40 once; the question of each, its last token excepted; that token for both answers, and the first of two tokens of the second.
        Assert.Equal(40 + (5 * (1 + 1 + 2)), scorer.ForwardTokens);
    }

    [Fact]
    public void Score_ModelOfNoNumbers_Throws()
    {
        using LoadedModel model = LoadedModel.Random(edit: folder => LoadedModel.Fill(folder, TensorNames.FinalNorm, float.NaN));
        Assert.Throws<NonFiniteLossException>(() => new LikelihoodScorer(model.Transformer).Score(Groups, cancellationToken: TestContext.Current.CancellationToken));
    }

    /// <summary>A continuation that the model would write itself.</summary>
    [Fact]
    public void Score_LikeliestTokens_Greedy()
    {
        using var model = new OpenModel(new RandomCheckpointSpec());
        using Transformer transformer = model.Load();
        int[] ids = [4, 2];
        for (int i = 0; i < 3; i++)
        {
            double[] last = model.Reference.Logits(ids)[^1];
            ids = [.. ids, Array.IndexOf(last, last.Max())];
        }

        LikelihoodRequest[][] groups = [[new(ids, 2), new([.. ids[..4], (ids[4] + 1) % 24], 2)]];
        LikelihoodResult[] found = new LikelihoodScorer(transformer).Score(groups, cancellationToken: TestContext.Current.CancellationToken)[0];
        Assert.Equal([true, false], found.Select(result => result.IsGreedy));
    }

    private static void AssertAsReference(ReferenceModel reference, LikelihoodRequest[][] groups, LikelihoodResult[][] found)
    {
        for (int group = 0; group < groups.Length; group++)
        {
            for (int i = 0; i < groups[group].Length; i++)
            {
                LikelihoodRequest request = groups[group][i];
                double[][] logits = reference.Logits(request.Ids);
                double expected = -reference.Losses(request.Ids).Skip(request.Start - 1).Sum();
                bool isGreedy = Enumerable.Range(request.Start, request.Ids.Length - request.Start).All(t => logits[t - 1][request.Ids[t]] == logits[t - 1].Max());
                Assert.Equal(expected, found[group][i].LogLikelihood, 1e-4);
                Assert.Equal(isGreedy, found[group][i].IsGreedy);
            }
        }
    }
}
