using Niwaki.Generation;

namespace Niwaki.Tests.Generation;

public sealed class SamplingOptionsTests
{
    [Fact]
    public void Faults_Defaults_None() => Assert.Empty(new SamplingOptions().Faults());

    [Fact]
    public void Faults_EverythingWrong_OneSentenceEach() =>
        Assert.Equal(
            [
                "Temperature is -0.5, expected a number of 0 or more.",
                "TopK is -1, expected 0 (all tokens) or more.",
                "TopP is 95, expected a number above 0 and at most 1.",
            ],
            new SamplingOptions(-0.5, -1, 95).Faults());

    [Theory]
    [InlineData(double.NaN, 1)]
    [InlineData(double.PositiveInfinity, 1)]
    [InlineData(1, double.NaN)]
    [InlineData(1, 0)]
    public void Faults_NumberThatIsNone_Found(double temperature, double topP) =>
        Assert.Single(new SamplingOptions(temperature, 0, topP).Faults());
}
