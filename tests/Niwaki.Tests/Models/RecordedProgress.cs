namespace Niwaki.Tests.Models;

/// <summary>Keeps what is reported, in its order and at once.</summary>
internal sealed class RecordedProgress<T> : IProgress<T>
{
    public List<T> Reports { get; } = [];

    public void Report(T value) => Reports.Add(value);
}
