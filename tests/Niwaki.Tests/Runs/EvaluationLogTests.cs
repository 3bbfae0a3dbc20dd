using Niwaki.Runs;
using Niwaki.Tests.Formats;

namespace Niwaki.Tests.Runs;

public sealed class EvaluationLogTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private int _runs;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void GetOrRun_NewKeys_RunsAndRecords()
    {
        using Journal journal = Journal.Open(_folder["j"], "avx2");
        var log = new EvaluationLog(journal);
        Assert.Equal(Outcome(1), log.GetOrRun("a", () => Run(1)));
        Assert.Equal(Outcome(2), log.GetOrRun("b", () => Run(2)));
        Assert.Equal(2, _runs);
        Assert.Equal(["a", "b"], journal.Entries.Select(entry => entry.Key));
        Assert.Equal((0, 2, false), (log.Recorded, log.Count, log.IsReplaying));
        Assert.Equal((30, 1.5), (log.Tokens, log.Seconds)); // 10 + 20 tokens, 0.5 + 1 seconds
    }

    [Fact]
    public void GetOrRun_RecordedKeys_AreNotRunAgain()
    {
        Record("a", "b");
        using Journal journal = Journal.Open(_folder["j"], "avx2");
        var log = new EvaluationLog(journal);
        Assert.True(log.IsReplaying);
        Assert.Equal(Outcome(0), log.GetOrRun("a", () => Run(7)));
        Assert.Equal(Outcome(1), log.GetOrRun("b", () => Run(7)));
        Assert.Equal(0, _runs);
        Assert.False(log.IsReplaying);
        Assert.Equal(Outcome(9), log.GetOrRun("c", () => Run(9)));
        Assert.Equal((1, 2, 3), (_runs, log.Recorded, log.Count));
        Assert.Equal(100, log.Tokens); // 0 + 10 + 90
    }

    [Fact]
    public void GetOrRun_SameKeyTwice_GivesTheFirstOutcomeAndCountsOnce()
    {
        using Journal journal = Journal.Open(_folder["j"], "avx2");
        var log = new EvaluationLog(journal);
        log.GetOrRun("a", () => Run(1));
        Assert.Equal(Outcome(1), log.GetOrRun("a", () => Run(2)));
        Assert.Equal((1, 10), (_runs, log.Tokens));
    }

    [Theory]
    [InlineData("x")] // unknown
    [InlineData("b")] // recorded, but later
    public void GetOrRun_AnotherKeyThanRecorded_Throws(string key)
    {
        Record("a", "b");
        using Journal journal = Journal.Open(_folder["j"], "avx2");
        var log = new EvaluationLog(journal);
        var error = Assert.Throws<ReplayMismatchException>(() => log.GetOrRun(key, () => Run(1)));
        Assert.StartsWith($"j, line 2: evaluation 'a' is recorded, expected '{key}' at this place.", error.Message, StringComparison.Ordinal);
        Assert.Equal((2, "a", key), (error.Line, error.RecordedKey, error.RequestedKey));
        Assert.Equal(0, _runs);
    }

    [Fact]
    public void GetOrRun_RunThrows_RecordsNothingAndCanBeAskedAgain()
    {
        using Journal journal = Journal.Open(_folder["j"], "avx2");
        var log = new EvaluationLog(journal);
        Assert.Throws<OperationCanceledException>(() => log.GetOrRun("a", () => throw new OperationCanceledException()));
        Assert.Empty(journal.Entries);
        Assert.Equal(Outcome(3), log.GetOrRun("a", () => Run(3)));
    }

    [Fact]
    public void GetOrRun_KilledAtEveryByte_EndsInTheSameFile()
    {
        string[] keys = ["dense", "a", "b", "c"];
        Record(keys);
        byte[] whole = File.ReadAllBytes(_folder["j"]);
        for (int length = 0; length < whole.Length; length++)
        {
            File.WriteAllBytes(_folder["j"], whole[..length]);
            Record(keys);
            Assert.Equal(whole, File.ReadAllBytes(_folder["j"]));
        }
    }

    private void Record(params string[] keys)
    {
        using Journal journal = Journal.Open(_folder["j"], "avx2");
        var log = new EvaluationLog(journal);
        foreach ((int i, string key) in keys.Index())
        {
            log.GetOrRun(key, () => Outcome(i));
        }
    }

    private EvaluationRecord Run(int number)
    {
        _runs++;
        return Outcome(number);
    }

    private static EvaluationRecord Outcome(int number) => new(1.0 / (number + 3), 10 * number, 0.5 * number);
}
