using Niwaki.Datasets;
using Niwaki.Evaluation;
using Niwaki.Tests.Generation;
using Niwaki.Tokenizers;

namespace Niwaki.Tests.Evaluation;

public sealed class TokenScoresTests
{
    private static readonly string Folder = RepositoryFiles.Get("samples", "novels-4m");

    private readonly Tokenizer _tokenizer = Tokenizer.Load(Folder);

    [Fact]
    public void Measure_Text_LogProbabilitiesOfTheLogits()
    {
        using LoadedModel model = LoadedModel.Novels();
        int[] ids = _tokenizer.Encode("The clock on the mantelpiece struck nine.");
        IReadOnlyList<TokenScore> scores = Measure(model, ids);
        Assert.Equal(ids, scores.Select(score => score.Id));
        Assert.Equal(ids.Select(_tokenizer.TokenText), scores.Select(score => score.Text));
        Assert.Null(scores[0].LogProbability);
        float[][] logits = model.Logits(ids);
        for (int i = 1; i < ids.Length; i++)
        {
            double max = logits[i - 1].Max();
            double expected = logits[i - 1][ids[i]] - max - Math.Log(logits[i - 1].Sum(z => Math.Exp(z - max)));
            Assert.Equal(expected, scores[i].LogProbability!.Value, 1e-4);
        }
    }

    [Fact]
    public void Measure_TextLongerThanTheContext_EveryTokenOnce()
    {
        using LoadedModel model = LoadedModel.Novels();
        int[] ids = _tokenizer.Encode(TextFile.Read(RepositoryFiles.Get("samples", "text", "evening-post.txt")))[..600];
        IReadOnlyList<TokenScore> scores = Measure(model, ids);
        Assert.Equal(ids, scores.Select(score => score.Id));
        Assert.All(scores.Skip(1), score => Assert.InRange(score.LogProbability!.Value, -60, 0));

        // The context is 256: the second window begins with token 255 and gives token 256 its score behind that one token only.
        double expected = -model.Losses([[ids[255], ids[256]]])[0][0];
        Assert.Equal(expected, scores[256].LogProbability!.Value, 1e-4);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void Measure_NothingToPredict_NoScores(int tokens)
    {
        using LoadedModel model = LoadedModel.Novels();
        IReadOnlyList<TokenScore> scores = Measure(model, new int[tokens]);
        Assert.Equal(tokens, scores.Count);
        Assert.All(scores, score => Assert.Null(score.LogProbability));
    }

    private IReadOnlyList<TokenScore> Measure(LoadedModel model, int[] ids) =>
        TokenScores.Measure(model.Transformer, _tokenizer, ids, cancellationToken: TestContext.Current.CancellationToken);
}
