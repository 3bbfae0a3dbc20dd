namespace Niwaki.Training;

/// <summary>Sums of one batch.</summary>
/// <param name="LossNats">Losses of all scored tokens.</param>
/// <param name="DivergenceNats">KL(dense‖model) of all scored tokens; 0 without a teacher.</param>
/// <param name="HiddenDifference">Σ over blocks of the mean squared difference of the streams, tokens summed; 0 without.</param>
internal readonly record struct BatchLoss(double LossNats, double DivergenceNats, double HiddenDifference)
{
    public static BatchLoss operator +(BatchLoss left, BatchLoss right) =>
        new(left.LossNats + right.LossNats, left.DivergenceNats + right.DivergenceNats, left.HiddenDifference + right.HiddenDifference);
}
