namespace Niwaki.Kernels;

/// <summary>How packed weights are stored and multiplied.</summary>
public enum PackedFormat
{
    /// <summary>Every weight at its own width (F32 4 bytes, BF16 and F16 2 bytes, Q8_0 34/32 bytes), widened exactly; products and sums in float32.</summary>
    Stored,

    /// <summary>
    /// Block fixed point: 13-bit weights with a scale for every output and 64 inputs, activations quantised to 14 bits with a scale for
    /// every row and 64 inputs, exact integer sums inside a group, float32 between groups.
    /// </summary>
    /// <remarks>
    /// Root mean square error over the root mean square of the product: about 2e-4 for normal weights and activations (TF32's order; measured
    /// 1.9e-4). The error of a group is relative to its largest value, so outliers cost the 63 inputs beside them precision.
    /// A row with an infinity or a NaN becomes NaN in every output. Weights take 2 bytes and 1/16 more for the scales. Fast with AVX2, and
    /// more so with AVX-VNNI; with AVX-512 about as fast as <see cref="Stored"/>; elsewhere a plain loop, slower than <see cref="Stored"/>.
    /// </remarks>
    Int16,
}
