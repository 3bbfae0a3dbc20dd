namespace Niwaki.Tests.Kernels;

/// <summary>Comparison of float32 results.</summary>
internal static class Close
{
    /// <summary>Every element: equal, both NaN, or within absolute + relative · |expected|.</summary>
    public static void Assert(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual, double absolute, double relative)
    {
        Xunit.Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++)
        {
            float e = expected[i];
            float a = actual[i];
            bool same = e.Equals(a) || e == a || Math.Abs((double)a - e) <= absolute + (relative * Math.Abs((double)e));
            Xunit.Assert.True(same, $"Element {i} is {a}, expected {e}.");
        }
    }
}
