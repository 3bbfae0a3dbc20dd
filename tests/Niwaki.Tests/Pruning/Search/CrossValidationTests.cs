using Niwaki.Pruning.Search;

namespace Niwaki.Tests.Pruning.Search;

public sealed class CrossValidationTests
{
    [Theory]
    [InlineData(10, false, 5)]
    [InlineData(14, true, 5)]
    [InlineData(7, false, 5)]
    [InlineData(4, true, 2)]
    public void Folds_Rows_PartThemOnce(int rows, bool pairs, int folds)
    {
        IReadOnlyList<(int[] Train, int[] Test)> found = CrossValidation.Folds(rows, pairs, 5);

        Assert.Equal(folds, found.Count);
        Assert.Equal(Enumerable.Range(0, rows), found.SelectMany(fold => fold.Test));
        Assert.All(found, fold => Assert.Equal(rows, fold.Train.Length + fold.Test.Length));
        Assert.All(found, fold => Assert.True(!pairs || fold.Test[0] % 2 == 0));
    }

    [Fact]
    public void Folds_OnePair_TrainAndTestAreAll()
    {
        (int[] train, int[] test) = Assert.Single(CrossValidation.Folds(2, pairs: true, 5));
        Assert.Equal(train, test);
    }
}
