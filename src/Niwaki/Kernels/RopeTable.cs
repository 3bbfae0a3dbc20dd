namespace Niwaki.Kernels;

/// <summary>cos and sin of every position and frequency (Su et al., 2021, equation 15), shared by all layers of a model.</summary>
/// <remarks>
/// Frequencies are computed in float64 and rounded to float32 once; the angle is the float32 product position · frequency, as reference
/// implementations have it, so that far positions turn by the angle that the model was trained with; its cos and sin are correctly rounded from
/// float64. Both are multiplied by <see cref="AttentionFactor"/>. Grows when a position beyond <see cref="Positions"/> is asked for; thread safe.
/// </remarks>
public sealed class RopeTable
{
    /// <summary>The most positions of a table, 2^24: up to there every position is a whole float32.</summary>
    /// <remarks>From a <see cref="RotaryDim"/> of 128 on there are fewer: as many as one array holds.</remarks>
    public const int MaximumPositions = 1 << 24;

    private readonly float[] _frequencies;
    private readonly float _attentionFactor;
    private readonly Lock _growing = new();
    private volatile float[] _rows = []; // [positions, 2, rotaryDim/2]: cos, then sin

    private RopeTable(float[] frequencies, float attentionFactor)
    {
        _frequencies = frequencies;
        _attentionFactor = attentionFactor;
    }

    /// <summary>Elements of a head that turn.</summary>
    public int RotaryDim => 2 * _frequencies.Length;

    /// <summary>Radians per position after scaling, [rotaryDim/2].</summary>
    public ReadOnlySpan<float> Frequencies => _frequencies;

    /// <summary>What cos and sin were multiplied by: 1 except with YaRN.</summary>
    public float AttentionFactor => _attentionFactor;

    /// <summary>Positions that the table holds now.</summary>
    public int Positions => _rows.Length / RotaryDim;

    /// <summary>Makes a table.</summary>
    /// <param name="options">Base, dimension and scaling.</param>
    /// <param name="positions">Positions to compute now, 0 to <see cref="MaximumPositions"/> or what one array holds; more are added on demand.</param>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of its range, or the positions are.</exception>
    public static RopeTable Create(RopeOptions options, int positions)
    {
        ArgumentNullException.ThrowIfNull(options);
        RopeOptions.ThrowIfInvalid(options);
        ArgumentOutOfRangeException.ThrowIfNegative(positions);
        double[] frequencies = new double[options.RotaryDim / 2];
        for (int i = 0; i < frequencies.Length; i++)
        {
            frequencies[i] = Math.Pow(options.Theta, -2.0 * i / options.RotaryDim);
        }

        options.Scaling?.Scale(frequencies, options.Theta);
        var table = new RopeTable(Array.ConvertAll(frequencies, f => (float)f), (float)(options.Scaling?.AttentionFactorOrOne ?? 1));
        table.Rows(positions);
        return table;
    }

    /// <summary>cos of one position, [rotaryDim/2].</summary>
    /// <param name="position">0 to <see cref="MaximumPositions"/> - 1, or what one array holds.</param>
    /// <exception cref="ArgumentOutOfRangeException">The position is out of range.</exception>
    public ReadOnlySpan<float> Cos(int position) => Row(position)[.._frequencies.Length];

    /// <summary>sin of one position, [rotaryDim/2].</summary>
    /// <param name="position">0 to <see cref="MaximumPositions"/> - 1, or what one array holds.</param>
    /// <exception cref="ArgumentOutOfRangeException">The position is out of range.</exception>
    public ReadOnlySpan<float> Sin(int position) => Row(position)[_frequencies.Length..];

    /// <summary>The pinned rows of at least so many positions, [positions, 2, rotaryDim/2]; stays valid when the table grows.</summary>
    internal float[] Rows(int positions)
    {
        int most = MostPositions(RotaryDim);
        if (positions > most)
        {
            throw new ArgumentOutOfRangeException(
                nameof(positions), positions, $"Rotary table: {positions} positions of {RotaryDim} elements asked for, expected at most {most}.");
        }

        if (positions > Positions)
        {
            lock (_growing)
            {
                if (positions > Positions)
                {
                    Grow(GrownPositions(positions, Positions, RotaryDim));
                }
            }
        }

        return _rows;
    }

    /// <summary>Positions of a table that grows: those asked for, or twice those held where an array has room for them.</summary>
    internal static int GrownPositions(int asked, int held, int rotaryDim) => (int)Math.Max(asked, Math.Min(2L * held, MostPositions(rotaryDim)));

    private static int MostPositions(int rotaryDim) => Math.Min(MaximumPositions, Array.MaxLength / rotaryDim);

    private ReadOnlySpan<float> Row(int position)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(position);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(position, MaximumPositions);
        return Rows(position + 1).AsSpan(position * RotaryDim, RotaryDim);
    }

    private void Grow(int positions)
    {
        float[] old = _rows;
        int pairs = _frequencies.Length;
        float[] rows = GC.AllocateUninitializedArray<float>(checked(positions * RotaryDim), pinned: true);
        old.CopyTo(rows.AsSpan());
        for (int position = old.Length / RotaryDim; position < positions; position++)
        {
            Span<float> row = rows.AsSpan(position * RotaryDim, RotaryDim);
            for (int i = 0; i < pairs; i++)
            {
                float angle = position * _frequencies[i];
                (double sin, double cos) = Math.SinCos(angle);
                row[i] = (float)(cos * _attentionFactor);
                row[pairs + i] = (float)(sin * _attentionFactor);
            }
        }

        _rows = rows;
    }
}
