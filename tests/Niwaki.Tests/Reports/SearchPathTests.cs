using Niwaki.Formats;
using Niwaki.Plans;
using Niwaki.Reports;

namespace Niwaki.Tests.Reports;

public class SearchPathTests
{
    [Fact]
    public void Read_Bonsai_OnePointARoundUpToTheSparsityReached()
    {
        using var run = new FinishedRun("model");

        var facts = RunFacts.Read(run.Path);

        Assert.Equal(facts.Report.Rounds!.Count, facts.Search.Points.Count);
        Assert.All(facts.Search.Points, point => Assert.Equal(4, point.Count)); // Quick draws 4 masks a round
        Assert.All(facts.Search.Points, point => Assert.True(point.Low <= point.Median && point.Median <= point.High));
        Assert.True(facts.Search.Points[^1].Sparsity >= facts.Report.SparsityReached - 1e-9);
    }

    // Blocks of SmallModel hold 2,048 prunable parameters in attention and 4,608 in the MLP, of 13,312.
    [Fact]
    public void Read_DepthPath_SparsityIsThatOfTheUnits()
    {
        using var run = new FinishedRun("model", "--method", "depth", "--search", "greedy", "--units", "sublayer", "--full-path");
        File.WriteAllText(run["depth_path.csv"], "count,search,value,units\n1,greedy,8.5,1a\n2,greedy,8.75,1a 0m\n");

        var facts = RunFacts.Read(run.Path);

        Assert.Equal([2048.0 / 13312, 6656.0 / 13312], facts.Search.Points.Select(point => point.Sparsity));
        Assert.Equal([8.5, 8.75], facts.Search.Points.Select(point => point.Median));
    }

    [Theory]
    [InlineData("1,greedy,8.5,9a")]
    [InlineData("1,greedy,8.5,-1")]
    [InlineData("1,greedy,x,1a")]
    [InlineData("nonsense")]
    public void Read_BrokenDepthPath_Throws(string line)
    {
        using var run = new FinishedRun("model", "--method", "depth");
        File.WriteAllText(run["depth_path.csv"], $"count,search,value,units\n{line}\n");

        Assert.Throws<ModelFormatException>(() => RunFacts.Read(run.Path));
    }

    [Fact]
    public void Read_Magnitude_SaysThatNothingIsJudged()
    {
        using var run = new FinishedRun("model", "--method", "magnitude");

        Assert.Contains("judges no sequence", RunFacts.Read(run.Path).Search.Missing, StringComparison.Ordinal);
    }

    [Fact]
    public void Of_ValuesThatAreNotFinite_AreLeftOut()
    {
        Assert.Equal(new SearchPoint(0.5, 1, 2, 3, 3), SearchPoint.Of(0.5, [3, double.NaN, 1, double.PositiveInfinity, 2]));
        Assert.Null(SearchPoint.Of(0.5, [double.NaN]));
    }

    [Fact]
    public void Importance_DepthSearch_IsTheFirstStep()
    {
        using var run = new FinishedRun("model", "--method", "depth", "--search", "greedy", "--units", "sublayer");

        UnitImportance importance = RunFacts.Read(run.Path).Importance;

        Assert.True(importance.IsKnown);
        Assert.Equal(2, importance.SubLayers.Count);
        Assert.All(importance.SubLayers, row => Assert.True(row is [var attention, var mlp] && double.IsFinite(attention) && double.IsFinite(mlp)));
    }

    [Fact]
    public void Importance_Bonsai_IsThePriorOfTheFirstRound()
    {
        using var run = new FinishedRun("model");

        var facts = RunFacts.Read(run.Path);

        Assert.Equal([4, 4], facts.Importance.Groups.Select(values => values.Length));
        Assert.Equal([96, 96], facts.Importance.Neurons.Select(values => values.Length));
        Assert.Contains("wanda", facts.Importance.Measure, StringComparison.Ordinal);
        Assert.Equal(ParameterCounter.Count(facts.Source).Prunable, facts.Report.PrunableBefore);
    }
}
