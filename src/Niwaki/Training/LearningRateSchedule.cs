namespace Niwaki.Training;

/// <summary>The learning rate of every step: up along a line, then down to a share of the peak at the last step.</summary>
/// <param name="Kind">How it falls.</param>
/// <param name="Peak">Largest rate, above 0.</param>
/// <param name="Steps">Steps of the training, 1 or more.</param>
/// <param name="WarmUpSteps">Steps until the peak is reached, 0 or more.</param>
/// <param name="FinalShare">Rate of the last step as a share of the peak, 0 to 1.</param>
public readonly record struct LearningRateSchedule(ScheduleKind Kind, double Peak, long Steps, long WarmUpSteps, double FinalShare = 0.1)
{
    /// <summary>The rate of a step.</summary>
    /// <remarks>Step w of w warm-up steps has the peak; after it p, the share of the other steps done, gives final + (1 - final) · (1 - p), or · (1 + cos πp) / 2.</remarks>
    /// <param name="step">Number of the step, 1 for the first.</param>
    public double Rate(long step)
    {
        if (step < WarmUpSteps)
        {
            return Peak * step / WarmUpSteps;
        }

        double passed = Steps <= WarmUpSteps ? 1 : Math.Clamp((double)(step - WarmUpSteps) / (Steps - WarmUpSteps), 0, 1);
        double left = Kind switch
        {
            ScheduleKind.Cosine => (1 + Math.Cos(Math.PI * passed)) / 2,
            ScheduleKind.Linear => 1 - passed,
            _ => 1,
        };
        return Peak * (FinalShare + ((1 - FinalShare) * left));
    }
}
