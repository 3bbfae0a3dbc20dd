using System.Globalization;

namespace Niwaki.Reports;

/// <summary>Numbers as people read them.</summary>
public static class Quantity
{
    private static readonly string[] Units = ["B", "KiB", "MiB", "GiB", "TiB"];

    /// <summary>Bytes in the largest unit that leaves at least 1.</summary>
    /// <param name="bytes">Bytes.</param>
    public static string Bytes(long bytes)
    {
        double value = bytes;
        int unit = 0;
        while (value >= 1024 && unit < Units.Length - 1)
        {
            value /= 1024;
            unit++;
        }

        return string.Create(CultureInfo.InvariantCulture, $"{value:0.#} {Units[unit]}");
    }

    /// <summary>A count with separators.</summary>
    /// <param name="count">The count.</param>
    public static string Count(long count) => count.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>A share in per cent.</summary>
    /// <param name="share">The share; 1 is all.</param>
    public static string Share(double share) => share.ToString("0.0%", CultureInfo.InvariantCulture);

    /// <summary>A figure with some decimals.</summary>
    /// <param name="value">The figure.</param>
    /// <param name="decimals">Digits behind the point.</param>
    public static string Figure(double value, int decimals) => value.ToString("F" + decimals.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);

    /// <summary>What became of a figure, in per cent of what it was: <c>−30.0%</c>; a dash where it was 0.</summary>
    /// <param name="before">The figure before.</param>
    /// <param name="after">The figure after.</param>
    public static string Change(double before, double after) => before == 0 ? "-" : $"{(after >= before ? "+" : "−")}{Share(Math.Abs((after - before) / before))}";

    /// <summary>A figure with its sign and four decimals, such as a difference of losses.</summary>
    /// <param name="value">The figure.</param>
    public static string Signed(double value) => (value >= 0 ? "+" : "−") + Figure(Math.Abs(value), 4);

    /// <summary>A duration in its two largest units.</summary>
    /// <param name="seconds">Seconds.</param>
    public static string Duration(double seconds) => seconds switch
    {
        < 60 => string.Create(CultureInfo.InvariantCulture, $"{seconds:0.0} s"),
        < 3600 => string.Create(CultureInfo.InvariantCulture, $"{(int)(seconds / 60)} min {(int)(seconds % 60)} s"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{(long)(seconds / 3600)} h {(long)(seconds / 60) % 60} min"),
    };
}
