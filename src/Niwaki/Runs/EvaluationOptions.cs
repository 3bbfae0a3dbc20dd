namespace Niwaki.Runs;

/// <summary>The text that the model is measured with before and after: section <c>evaluation</c> of a recipe.</summary>
public sealed record EvaluationOptions
{
    /// <summary>Windows of self-written text when <see cref="Windows"/> does not say: 16.</summary>
    public const int DefaultSelfWindows = 16;

    /// <summary>Who writes the text. Default: the model. A recipe file that names a <see cref="File"/> need not say so.</summary>
    public TextSource Source { get; init; } = TextSource.Self;

    /// <summary>Path of a UTF-8 text file; exactly when <see cref="Source"/> is <see cref="TextSource.File"/>. Default: none.</summary>
    public string? File { get; init; }

    /// <summary>
    /// Most windows, 1 to 1,048,576. Default none: every window of a file, <see cref="DefaultSelfWindows"/> of a self-written text.
    /// </summary>
    public int? Windows { get; init; }

    /// <summary>Tokens of a window, 2 to 1,048,576. Default 256.</summary>
    public int Window { get; init; } = 256;
}
