using System.Globalization;
using Niwaki.Healing;
using Niwaki.Models;

namespace Niwaki.Cli.Output;

/// <summary>Shows sub-layers that were trained alone as lines on the error stream.</summary>
/// <param name="terminal">Where to write.</param>
internal sealed class ReconstructionDisplay(Terminal terminal) : IProgress<ReconstructedSubLayer>
{
    /// <inheritdoc />
    public void Report(ReconstructedSubLayer value)
    {
        ArgumentNullException.ThrowIfNull(value);
        string name = value.SubLayer == SubLayer.Attention ? "attention" : "MLP";
        terminal.Error.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"block {value.Block + 1} of {value.Blocks}, {name}: error {value.ErrorBefore:F4} of what is missing before, {value.ErrorAfter:F4} after"));
    }
}
