namespace Niwaki.Runs;

/// <summary>The text that sub-models are judged by: section <c>calibration</c> of a recipe.</summary>
public sealed record CalibrationOptions
{
    /// <summary>Who writes the text. Default: the model. A recipe file that names a <see cref="File"/> need not say so.</summary>
    public TextSource Source { get; init; } = TextSource.Self;

    /// <summary>Path of a UTF-8 text file; exactly when <see cref="Source"/> is <see cref="TextSource.File"/>. Default: none.</summary>
    public string? File { get; init; }

    /// <summary>Number of windows, 1 to 1,048,576. Default 16.</summary>
    public int Windows { get; init; } = 16;

    /// <summary>Tokens of a window, 2 to 1,048,576; together with <see cref="Windows"/> at most 16,777,216. Default 128.</summary>
    public int Window { get; init; } = 128;

    /// <summary>Sampling temperature of self-written text, evaluation text included, 0 to 10; 0 takes the likeliest token. Default 1.</summary>
    public double Temperature { get; init; } = 1;

    /// <summary>
    /// Self-written text draws from the likeliest tokens that together have this probability, above 0, up to 1. Default 0.95.
    /// </summary>
    public double TopP { get; init; } = 0.95;
}
