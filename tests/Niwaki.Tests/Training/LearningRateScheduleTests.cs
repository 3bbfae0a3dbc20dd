using Niwaki.Training;

namespace Niwaki.Tests.Training;

public sealed class LearningRateScheduleTests
{
    // 10 steps to the peak of 2, then 100 down to a tenth of it. Half-way down, at step 60: (1 + 0.1) / 2 of the peak along either curve.
    [Theory]
    [InlineData(ScheduleKind.Cosine, 1, 0.2)]
    [InlineData(ScheduleKind.Cosine, 10, 2)]
    [InlineData(ScheduleKind.Cosine, 60, 1.1)]
    [InlineData(ScheduleKind.Cosine, 110, 0.2)]
    [InlineData(ScheduleKind.Linear, 5, 1)]
    [InlineData(ScheduleKind.Linear, 60, 1.1)]
    [InlineData(ScheduleKind.Linear, 85, 0.65)]
    [InlineData(ScheduleKind.Linear, 110, 0.2)]
    [InlineData(ScheduleKind.Constant, 9, 1.8)]
    [InlineData(ScheduleKind.Constant, 110, 2)]
    public void Rate_OfStep_FollowsTheCurve(ScheduleKind kind, long step, double expected) =>
        Assert.Equal(expected, new LearningRateSchedule(kind, 2, 110, 10, 0.1).Rate(step), 1e-12);

    // A quarter of the way down a cosine: final + 0.9 · (1 + cos 45°) / 2 = 0.1 + 0.9 · 0.853553 = 0.868198.
    [Fact]
    public void Rate_QuarterOfCosine_AboveTheLine() =>
        Assert.Equal(0.8681980515339464, new LearningRateSchedule(ScheduleKind.Cosine, 1, 110, 10, 0.1).Rate(35), 1e-12);

    [Fact]
    public void Rate_NoWarmUp_BeginsNearThePeak() => Assert.Equal(0.75, new LearningRateSchedule(ScheduleKind.Linear, 1, 4, 0, 0).Rate(1), 1e-12);
}
