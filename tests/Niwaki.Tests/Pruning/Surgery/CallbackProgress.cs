using Niwaki.Pruning.Surgery;

namespace Niwaki.Tests.Pruning.Surgery;

/// <summary>Passes reports on at once and on the same thread, so that a test can fail in the middle of the work.</summary>
internal sealed class CallbackProgress(Action<SurgeryProgress> report) : IProgress<SurgeryProgress>
{
    public void Report(SurgeryProgress value) => report(value);
}
