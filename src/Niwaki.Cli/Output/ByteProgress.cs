namespace Niwaki.Cli.Output;

/// <summary>Shows bytes that are written.</summary>
/// <param name="display">Shows it.</param>
/// <param name="stage">What is being written.</param>
/// <param name="total">Bytes in all.</param>
internal sealed class ByteProgress(ProgressDisplay display, string stage, long total) : IProgress<long>
{
    /// <inheritdoc />
    public void Report(long value) => display.Report(stage, total == 0 ? 1 : Math.Min(1, (double)value / total), 0, null);
}
