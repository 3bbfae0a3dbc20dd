using Niwaki.Kernels.Cpu;

namespace Niwaki.Tests.Kernels.Cpu;

public sealed unsafe class VectorMathTests
{
    [Fact]
    public void Exp_NormalResults_AtMostOneUlpOff()
    {
        // e^x is a normal float32 for x from ln(2^-126) = -87.336 to ln(max) = 88.722.
        const int Count = 400_000;
        float[] x = new float[Count];
        for (int i = 0; i < Count; i++)
        {
            x[i] = (float)(-87.336 + (176.058 * i / (Count - 1)));
        }

        AssertExp<Lanes512>(x);
        AssertExp<Lanes256>(x);
        AssertExp<Lanes128>(x);

        static void AssertExp<TLanes>(float[] x)
            where TLanes : unmanaged, ILanes<TLanes>
        {
            float[] y = Map<TLanes>(x, exp: true);
            double worst = 0;
            for (int i = 0; i < x.Length; i++)
            {
                double exact = Math.Exp(x[i]);
                double ulp = MathF.BitIncrement((float)exact) - (double)(float)exact;
                worst = Math.Max(worst, Math.Abs(y[i] - exact) / ulp);
            }

            Assert.InRange(worst, 0, 1);
        }
    }

    [Theory]
    [InlineData(0f, 1f)]
    [InlineData(float.NegativeInfinity, 0f)]
    [InlineData(float.MinValue, 0f)]
    [InlineData(-104f, 0f)] // 6.8e-46 is less than half of the smallest float32, 1.4e-45
    [InlineData(-103f, 1.4012985e-45f)] // 1.85e-45 rounds to the smallest float32
    [InlineData(88.73f, float.PositiveInfinity)]
    [InlineData(float.MaxValue, float.PositiveInfinity)]
    [InlineData(float.PositiveInfinity, float.PositiveInfinity)]
    [InlineData(float.NaN, float.NaN)]
    public void Exp_SpecialValue_ExactResult(float x, float expected)
    {
        Assert.Equal(expected, Map<Lanes512>([x], exp: true)[0]);
        Assert.Equal(expected, Map<Lanes256>([x], exp: true)[0]);
        Assert.Equal(expected, Map<Lanes128>([x], exp: true)[0]);
    }

    [Fact]
    public void Exp_SubnormalResults_WithinTheSmallestFloat()
    {
        for (float x = -103; x < -87; x += 0.37f)
        {
            Assert.Equal(Math.Exp(x), Map<Lanes512>([x], exp: true)[0], tolerance: 1.5e-45);
        }
    }

    [Fact]
    public void Silu_AnyWidth_EqualsTwin()
    {
        float[] x = new float[2001];
        for (int i = 0; i < x.Length; i++)
        {
            x[i] = (i - 1000) * 0.08f;
        }

        float[] expected = Array.ConvertAll(x, VectorMath.SiluScalar);
        Close.Assert(expected, Map<Lanes512>(x, exp: false), 1e-37, 4e-7);
        Close.Assert(expected, Map<Lanes256>(x, exp: false), 1e-37, 4e-7);
        Close.Assert(expected, Map<Lanes128>(x, exp: false), 1e-37, 4e-7);
    }

    [Fact]
    public void SumAcross_WholeNumbers_ExactSum()
    {
        // 0 + 1 + ... + 15 = 120, + 7 = 28, + 3 = 6
        Assert.Equal(120, Lanes512.SumAcross(Lanes512.Indices));
        Assert.Equal(28, Lanes256.SumAcross(Lanes256.Indices));
        Assert.Equal(6, Lanes128.SumAcross(Lanes128.Indices));
        Assert.Equal(15, Lanes512.MaxAcross(Lanes512.Indices));
        Assert.Equal(7, Lanes256.MaxAcross(Lanes256.Indices));
        Assert.Equal(3, Lanes128.MaxAcross(Lanes128.Indices));
    }

    private static float[] Map<TLanes>(float[] x, bool exp)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        float[] y = new float[x.Length];
        fixed (float* source = x, target = y)
        {
            for (int i = 0; i < x.Length; i += TLanes.Count)
            {
                int count = Math.Min(TLanes.Count, x.Length - i);
                TLanes value = count == TLanes.Count ? TLanes.Load(source + i) : PartialLanes.Load<TLanes>(source + i, count);
                TLanes result = exp ? VectorMath.Exp(value) : VectorMath.Silu(value);
                PartialLanes.Store(result, target + i, count);
            }
        }

        return y;
    }
}
