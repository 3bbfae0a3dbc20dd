using System.Security.Cryptography;
using Niwaki.Formats.Hub;

namespace Niwaki.Tests.Formats.Hub;

public sealed class HubClientTests : IDisposable
{
    private static readonly byte[] Content = [.. Enumerable.Range(0, 200_000).Select(i => (byte)(i * 31))];

    private readonly TemporaryFolder _folder = new();
    private readonly LocalHub _hub = new();

    public HubClientTests() => _hub.Add("owner/set", "main", "test", Content);

    public void Dispose()
    {
        _hub.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void FetchParquet_File_ByItsChecksumAndOnce()
    {
        Assert.True(Fetch());
        Assert.Equal(Content, File.ReadAllBytes(_folder["sub/test.parquet"]));
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(Content)) + "\n", File.ReadAllText(_folder["sub/test.parquet.sha256"]));
        Assert.Equal(2, _hub.Asked.Count);

        Assert.False(Fetch());
        Assert.Equal(2, _hub.Asked.Count);
    }

    [Fact]
    public void FetchParquet_CacheChanged_FetchedAnew()
    {
        Fetch();
        File.WriteAllText(_folder["sub/test.parquet"], "changed");
        Assert.True(Fetch());
        Assert.Equal(Content, File.ReadAllBytes(_folder["sub/test.parquet"]));
    }

    /// <summary>A server that answers with the file at once names it by ETag.</summary>
    [Fact]
    public void FetchParquet_ChecksumInETag_Taken()
    {
        _hub.ChecksumHeader = "ETag";
        Assert.True(Fetch());
        Assert.False(Fetch());
    }

    [Fact]
    public void FetchParquet_WrongOrNoChecksum_NothingIsLeft()
    {
        _hub.Checksum = _ => new string('0', 64);
        Assert.Contains("200,000 bytes have the checksum", Message(), StringComparison.Ordinal);
        _hub.Checksum = _ => new string('0', 40); // git's name of a small file
        Assert.Contains("gives no checksum", Message(), StringComparison.Ordinal);
        _hub.Checksum = _ => null;
        Assert.Contains("gives no checksum", Message(), StringComparison.Ordinal);
        Assert.Empty(Directory.Exists(_folder["sub"]) ? Directory.GetFiles(_folder["sub"]) : []);
    }

    [Fact]
    public void FetchParquet_NotThere_SaysTheAddress()
    {
        _hub.Files.Clear();
        Assert.Contains("/datasets/owner/set/resolve/refs%2Fconvert%2Fparquet/main/test/0000.parquet: the hub answers 404", Message(), StringComparison.Ordinal);
    }

    [Fact]
    public void FetchParquet_RedirectsForEverOrToAnotherKind_Throws()
    {
        _hub.Redirect = _hub.Files.Keys.Single();
        Assert.Contains("redirects more than 8 times", Message(), StringComparison.Ordinal);
        _hub.Redirect = "file:///etc/passwd";
        Assert.Contains("expected an address over http", Message(), StringComparison.Ordinal);
    }

    [Fact]
    public void FetchParquet_NobodyAnswers_Throws()
    {
        using var client = new HubClient("http://127.0.0.1:1");
        HubException error = Assert.Throws<HubException>(() => client.FetchParquet("a/b", "c", "d", _folder["x"], TestContext.Current.CancellationToken));
        Assert.Contains("Is there a network?", error.Message, StringComparison.Ordinal);
        Assert.Contains("expected an address", Assert.Throws<HubException>(() => new HubClient("ftp://x")).Message, StringComparison.Ordinal);
    }

    private bool Fetch()
    {
        using var client = new HubClient(_hub.Endpoint + "/");
        return client.FetchParquet("owner/set", "main", "test", _folder["sub/test.parquet"], TestContext.Current.CancellationToken);
    }

    private string Message() => Assert.Throws<HubException>(() => Fetch()).Message;
}
