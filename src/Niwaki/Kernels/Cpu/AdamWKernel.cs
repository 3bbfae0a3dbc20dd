using System.Numerics;
using Niwaki.Tensors;

namespace Niwaki.Kernels.Cpu;

/// <summary>Rows of weights through one step of AdamW.</summary>
internal readonly unsafe struct AdamWKernel : IForBody
{
    private readonly TensorView<float> _weights;
    private readonly TensorView<float> _gradients;
    private readonly TensorView<float> _firstMoment;
    private readonly TensorView<float> _secondMoment;
    private readonly float _gradientFactor;
    private readonly float _beta1;
    private readonly float _beta2;
    private readonly float _newShare1;
    private readonly float _newShare2;
    private readonly float _kept;
    private readonly float _stepSize;
    private readonly float _secondFactor;
    private readonly float _epsilon;

    public AdamWKernel(
        TensorView<float> weights, TensorView<float> gradients, TensorView<float> firstMoment, TensorView<float> secondMoment, AdamStep step)
    {
        _weights = weights;
        _gradients = gradients;
        _firstMoment = firstMoment;
        _secondMoment = secondMoment;
        _gradientFactor = (float)step.GradientFactor;
        _beta1 = (float)step.Beta1;
        _beta2 = (float)step.Beta2;
        _newShare1 = (float)(1 - step.Beta1);
        _newShare2 = (float)(1 - step.Beta2);
        _kept = (float)(1 - (step.LearningRate * step.WeightDecay));
        _stepSize = (float)(step.LearningRate / (1 - Math.Pow(step.Beta1, step.Number)));
        _secondFactor = (float)(1 / (1 - Math.Pow(step.Beta2, step.Number)));
        _epsilon = (float)step.Epsilon;
    }

    public void Execute(int first, int end)
    {
        for (int row = first; row < end; row++)
        {
            float* w = _weights.RowPointer(row);
            float* g = _gradients.RowPointer(row);
            float* m = _firstMoment.RowPointer(row);
            float* v = _secondMoment.RowPointer(row);
            int i = 0;
            for (; i <= _weights.Columns - Vector<float>.Count; i += Vector<float>.Count)
            {
                Vector<float> gradient = Vector.Load(g + i) * _gradientFactor;
                Vector<float> mean = (Vector.Load(m + i) * _beta1) + (gradient * _newShare1);
                Vector<float> square = (Vector.Load(v + i) * _beta2) + (gradient * gradient * _newShare2);
                Vector.Store(mean, m + i);
                Vector.Store(square, v + i);
                Vector<float> root = Vector.SquareRoot(square * _secondFactor) + new Vector<float>(_epsilon);
                Vector.Store((Vector.Load(w + i) * _kept) - (mean * _stepSize / root), w + i);
            }

            for (; i < _weights.Columns; i++)
            {
                float gradient = g[i] * _gradientFactor;
                m[i] = (m[i] * _beta1) + (gradient * _newShare1);
                v[i] = (v[i] * _beta2) + (gradient * gradient * _newShare2);
                w[i] = (w[i] * _kept) - (m[i] * _stepSize / (MathF.Sqrt(v[i] * _secondFactor) + _epsilon));
            }
        }
    }
}
