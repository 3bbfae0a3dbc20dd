using Niwaki.Models;

namespace Niwaki.Cli.Output;

/// <summary>Shows passes over windows as a part of longer work.</summary>
/// <param name="display">Shows it.</param>
/// <param name="stage">What is being done.</param>
/// <param name="from">Share of the work that is done before.</param>
/// <param name="to">Share that is done afterwards.</param>
/// <param name="tokensBefore">Tokens that passed before.</param>
internal sealed class PassDisplay(ProgressDisplay display, string stage, double from = 0, double to = 1, long tokensBefore = 0) : IProgress<PassProgress>
{
    /// <inheritdoc />
    public void Report(PassProgress value) => display.Report(stage, from + (value.Done * (to - from)), tokensBefore + value.Tokens, value.LossNats);
}
