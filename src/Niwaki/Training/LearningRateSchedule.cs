namespace Niwaki.Training;

/// <summary>The learning rate of every step: up along a line, then down towards a share of the peak, which a step behind the last one would have.</summary>
/// <param name="Kind">How it falls.</param>
/// <param name="Peak">Largest rate, above 0.</param>
/// <param name="Steps">Steps of the training, 1 or more.</param>
/// <param name="WarmUpSteps">Steps until the peak is reached, 0 or more.</param>
/// <param name="FinalShare">Rate that the steps fall to as a share of the peak, 0 to 1; no step has a rate of 0.</param>
public readonly record struct LearningRateSchedule(ScheduleKind Kind, double Peak, long Steps, long WarmUpSteps, double FinalShare = 0.1)
{
    /// <summary>The rate of a step.</summary>
    /// <remarks>
    /// Step w of w warm-up steps has the peak, or the first of none. From it on p, the share of these steps that lies in front, gives final + (1 - final) · (1 - p), or · (1 + cos πp) / 2:
    /// the last of n has 1 / n of the way left, as in the published trainings.
    /// </remarks>
    /// <param name="step">Number of the step, 1 for the first.</param>
    public double Rate(long step)
    {
        long highest = Math.Max(1, WarmUpSteps);
        if (step < highest)
        {
            return Peak * step / highest;
        }

        double passed = Math.Clamp((double)(step - highest) / Math.Max(1, Steps - highest + 1), 0, 1);
        double left = Kind switch
        {
            ScheduleKind.Cosine => (1 + Math.Cos(Math.PI * passed)) / 2,
            ScheduleKind.Linear => 1 - passed,
            _ => 1,
        };
        return Peak * (FinalShare + ((1 - FinalShare) * left));
    }
}
