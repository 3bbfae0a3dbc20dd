using Niwaki.Kernels;
using Niwaki.Kernels.Cpu;
using Niwaki.Tensors;

namespace Niwaki.Tests.Kernels;

public sealed class MatMulInt16Tests
{
    [Theory]
    [InlineData(1, 64, 16)]
    [InlineData(7, 600, 33)]
    [InlineData(64, 1100, 100)]
    public void Apply_NormalOperands_ErrorAsDocumented(int rows, int inputs, int outputs)
    {
        // Rounding to 4095 and 8191 steps of a largest value near 2.7 sigma (64 draws) has errors of 2.7 / 4095 / sqrt(12) = 1.9e-4 and half of it,
        // together 2.1e-4 of a product of sigma 1; sums keep the ratio.
        using var team = new ThreadTeam(2);
        foreach (ElementType type in MatMulReference.AllTypes)
        {
            using var reference = new MatMulReference(type, rows, inputs, outputs);
            using PackedWeights weights = PackedWeights.Pack(team, [new WeightSlice(reference.Weights)], PackedFormat.Int16);
            Assert.InRange(RelativeError(reference, MatMulReference.Apply(team, reference.X, rows, weights)), 1e-5, 4e-4);
        }
    }

    [Fact]
    public void Apply_ScalarTwin_SameBitsAsTheFastestPath()
    {
        using var team = new ThreadTeam(1);
        foreach (int inputs in (int[])[1, 63, 64, 65, 130, 512, 513, 1100])
        {
            for (int rows = 1; rows <= 9; rows++)
            {
                using var reference = new MatMulReference(ElementType.F32, rows, inputs, 19);
                using PackedWeights fast = PackedWeights.Pack(team, [new WeightSlice(reference.Weights)], PackedFormat.Int16);
                using PackedWeights slow =
                    PackedWeights.Pack(team, [new WeightSlice(reference.Weights)], PackedFormat.Int16, KernelPath.Scalar);
                float[] expected = MatMulReference.Apply(team, reference.X, rows, slow, accumulate: true, initial: 1);
                float[] actual = MatMulReference.Apply(team, reference.X, rows, fast, accumulate: true, initial: 1);
                MatMulReference.AssertSameBits(expected, actual, $"{rows} rows, {inputs} inputs");
            }
        }
    }

    [Fact]
    public unsafe void Apply_LargestValuesOfOneSign_DoNotOverflow()
    {
        // Every product of the group is 4095 * 8191; 64 of them are 2,146,697,... and must stay below 2^31.
        using var team = new ThreadTeam(1);
        float[] ones = new float[128];
        Array.Fill(ones, 1f);
        fixed (float* p = ones)
        {
            using PackedWeights weights = PackedWeights.Pack(team, [new WeightSlice(new WeightView(p, ElementType.F32, 1, 128))], PackedFormat.Int16);
            Assert.Equal(128f, MatMulReference.Apply(team, ones, 1, weights)[0], 1e-3f);
        }
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void Apply_ActivationNotFinite_NaNInItsRowOnly(float value)
    {
        using var team = new ThreadTeam(2);
        using var reference = new MatMulReference(ElementType.F32, 5, 100, 20);
        using PackedWeights weights = PackedWeights.Pack(team, [new WeightSlice(reference.Weights)], PackedFormat.Int16);
        reference.X[(2 * 100) + 70] = value;
        float[] y = MatMulReference.Apply(team, reference.X, 5, weights);
        for (int i = 0; i < y.Length; i++)
        {
            Assert.Equal(i / 20 == 2, float.IsNaN(y[i]));
        }
    }

    [Fact]
    public void Apply_TinyAndZeroGroups_CountAsZero()
    {
        using var team = new ThreadTeam(1);
        using var reference = new MatMulReference(ElementType.F32, 1, 64, 16);
        using PackedWeights weights = PackedWeights.Pack(team, [new WeightSlice(reference.Weights)], PackedFormat.Int16);
        float[] tiny = new float[64];
        tiny[5] = 1e-40f;
        Assert.All(MatMulReference.Apply(team, tiny, 1, weights), y => Assert.Equal(0f, y));
    }

    private static double RelativeError(MatMulReference reference, float[] y)
    {
        double error = 0;
        double norm = 0;
        for (int row = 0; row < reference.Rows; row++)
        {
            for (int output = 0; output < reference.Outputs; output++)
            {
                double sum = 0;
                for (int k = 0; k < reference.Inputs; k++)
                {
                    sum += (double)reference.X[(row * reference.Inputs) + k] * reference.W[(output * reference.Inputs) + k];
                }

                double difference = y[(row * reference.Outputs) + output] - sum;
                error += difference * difference;
                norm += sum * sum;
            }
        }

        return Math.Sqrt(error / norm);
    }
}
