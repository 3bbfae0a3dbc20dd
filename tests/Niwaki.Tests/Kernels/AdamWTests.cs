using Niwaki.Kernels;
using Niwaki.Tensors;

namespace Niwaki.Tests.Kernels;

public sealed class AdamWTests : IDisposable
{
    private readonly ThreadTeam _team = new(3);

    public void Dispose() => _team.Dispose();

    [Fact]
    public void Update_FirstStep_MovesByTheRateAndDecays()
    {
        // In the first step m / (1 - β1) = g and v / (1 - β2) = g²: a weight moves by rate · sign(g), and 0.1 · 0.5 of it decays.
        // 2 · 0.95 - 0.1 = 1.8; -1 · 0.95 + 0.1 = -0.85; with a gradient of 0 only the decay: 4 · 0.95 = 3.8.
        using var w = GuardedMatrix.From([2, -1, 4]);
        using var g = GuardedMatrix.From([3, -0.01f, 0]);
        using var m = new GuardedMatrix(1, 3);
        using var v = new GuardedMatrix(1, 3);
        AdamW.Update(_team, w.View, g.View, m.View, v.View, new AdamStep(0.1, 0.9, 0.99, 1e-8, 0.5, 1, 1));
        Close.Assert([1.8f, -0.85f, 3.8f], w.ToArray(), 0, 1e-5);
        Close.Assert([0.3f, -0.001f, 0], m.ToArray(), 0, 1e-5);
        Close.Assert([0.09f, 1e-6f, 0], v.ToArray(), 0, 1e-5);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(3, 37)]
    [InlineData(1, 20_000)]
    public void Update_ManySteps_EqualsTwin(int rows, int columns)
    {
        using var w = GuardedMatrix.Normal(rows, columns, 1);
        using var m = new GuardedMatrix(rows, columns);
        using var v = new GuardedMatrix(rows, columns);
        double[] weights = CentralDifference.Widen(w), first = new double[weights.Length], second = new double[weights.Length];
        for (int t = 1; t <= 5; t++)
        {
            var step = new AdamStep(0.01 * t, 0.9, 0.95, 1e-8, 0.1, 0.3, t);
            using var g = GuardedMatrix.Normal(rows, columns, t + 1);
            AdamW.Update(_team, w.View, g.View, m.View, v.View, step);
            double[] gradients = CentralDifference.Widen(g);
            for (int i = 0; i < weights.Length; i++)
            {
                double gradient = gradients[i] * step.GradientFactor;
                first[i] = (step.Beta1 * first[i]) + ((1 - step.Beta1) * gradient);
                second[i] = (step.Beta2 * second[i]) + ((1 - step.Beta2) * gradient * gradient);
                double mean = first[i] / (1 - Math.Pow(step.Beta1, t));
                double root = Math.Sqrt(second[i] / (1 - Math.Pow(step.Beta2, t)));
                weights[i] -= step.LearningRate * ((step.WeightDecay * weights[i]) + (mean / (root + step.Epsilon)));
            }
        }

        w.AssertGuardsIntact();
        m.AssertGuardsIntact();
        v.AssertGuardsIntact();
        Close.Assert([.. weights.Select(value => (float)value)], w.ToArray(), 1e-5, 1e-5);
    }

    [Fact]
    public void Update_WrongShapesOrStep_Throw()
    {
        using var w = new GuardedMatrix(2, 3);
        using var other = new GuardedMatrix(3, 2);
        var step = new AdamStep(0.1, 0.9, 0.99, 1e-8, 0, 1, 1);
        Assert.Throws<ShapeMismatchException>(() => AdamW.Update(_team, w.View, other.View, w.View, w.View, step));
        Assert.Throws<ShapeMismatchException>(() => AdamW.Update(_team, w.View, w.View, w.View, other.View, step));
        Assert.Throws<ArgumentOutOfRangeException>(() => AdamW.Update(_team, w.View, w.View, w.View, w.View, step with { Number = 0 }));
    }
}
