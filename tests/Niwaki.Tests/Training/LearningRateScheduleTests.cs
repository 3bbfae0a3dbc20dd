using Niwaki.Training;

namespace Niwaki.Tests.Training;

public sealed class LearningRateScheduleTests
{
    // Step 10 has the peak of 2; the hundred steps from it on fall to a tenth of it, of which the last keeps a hundredth of the way. Half-way down, at step 60: (1 + 0.1) / 2 of the peak
    // along either curve.
    [Theory]
    [InlineData(ScheduleKind.Cosine, 1, 0.2)]
    [InlineData(ScheduleKind.Cosine, 10, 2)]
    [InlineData(ScheduleKind.Cosine, 60, 1.1)]
    [InlineData(ScheduleKind.Linear, 5, 1)]
    [InlineData(ScheduleKind.Linear, 60, 1.1)]
    [InlineData(ScheduleKind.Linear, 85, 0.65)]
    [InlineData(ScheduleKind.Linear, 109, 0.218)]
    [InlineData(ScheduleKind.Constant, 9, 1.8)]
    [InlineData(ScheduleKind.Constant, 109, 2)]
    public void Rate_OfStep_FollowsTheCurve(ScheduleKind kind, long step, double expected) =>
        Assert.Equal(expected, new LearningRateSchedule(kind, 2, 109, 10, 0.1).Rate(step), 1e-12);

    // A quarter of the way down a cosine: final + 0.9 · (1 + cos 45°) / 2 = 0.1 + 0.9 · 0.853553 = 0.868198.
    [Fact]
    public void Rate_QuarterOfCosine_AboveTheLine() =>
        Assert.Equal(0.8681980515339464, new LearningRateSchedule(ScheduleKind.Cosine, 1, 109, 10, 0.1).Rate(35), 1e-12);

    [Fact]
    public void Rate_NoWarmUp_BeginsAtThePeak() =>
        Assert.Equal([1, 0.75, 0.5, 0.25], Enumerable.Range(1, 4).Select(step => new LearningRateSchedule(ScheduleKind.Linear, 1, 4, 0, 0).Rate(step)));

    // A step of rate 0 costs as much as any and changes nothing, least of all where it is the only one.
    [Theory]
    [InlineData(1, 0, 1)]
    [InlineData(1, 1, 1)]
    [InlineData(10, 10, 1)]
    [InlineData(3, 10, 0.3)]
    [InlineData(11, 10, 0.5)]
    public void Rate_OfTheLastStep_IsNeverZero(long steps, long warmUp, double expected) =>
        Assert.All([ScheduleKind.Linear, ScheduleKind.Cosine], kind => Assert.Equal(expected, new LearningRateSchedule(kind, 1, steps, warmUp, 0).Rate(steps), 1e-12));
}
