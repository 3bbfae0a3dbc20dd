using Niwaki.Models;
using Niwaki.Pruning.Decisions;
using Niwaki.Pruning.Surgery;

namespace Niwaki.Pruning;

/// <summary>Tells what happens in front of the search and behind it as progress of the run.</summary>
/// <param name="progress">Told.</param>
/// <param name="stage">What is being done.</param>
/// <param name="tokens">Tokens of a text in all; 0 where none is written.</param>
internal sealed class StageProgress(IProgress<PruningProgress> progress, string stage, long tokens = 0) : IProgress<PassProgress>, IProgress<SurgeryProgress>, IProgress<long>
{
    /// <inheritdoc />
    public void Report(PassProgress value) => progress.Report(new PruningProgress(stage, value.Done, value.LossNats, value.Tokens));

    /// <inheritdoc />
    public void Report(SurgeryProgress value) => progress.Report(new PruningProgress(stage, value.TotalBytes == 0 ? 1 : (double)value.Bytes / value.TotalBytes));

    /// <inheritdoc />
    public void Report(long value) => progress.Report(new PruningProgress(stage, Math.Min(1, (double)value / tokens), null, value));
}
