using Niwaki.Formats;

namespace Niwaki.Tests.Formats;

public sealed class AtomicFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void WriteAllText_NewAndExistingFile_HoldsTheTextAlone()
    {
        AtomicFile.WriteAllText(_folder["a.txt"], "a longer first text");
        AtomicFile.WriteAllText(_folder["a.txt"], "zweiter: ü");
        Assert.Equal("zweiter: ü"u8.ToArray(), File.ReadAllBytes(_folder["a.txt"]));
        Assert.Equal(["a.txt"], _folder.Names);
    }

    [Fact]
    public void Write_CallbackFails_KeepsTheOldFileAndNothingElse()
    {
        _folder.Write("a.txt", "old");
        Assert.Throws<TimeoutException>(() => AtomicFile.Write(_folder["a.txt"], stream =>
        {
            stream.Write(new byte[3 << 20]); // more than any buffer, so that bytes are on disk
            throw new TimeoutException();
        }));
        Assert.Equal("old", File.ReadAllText(_folder["a.txt"]));
        Assert.Equal(["a.txt"], _folder.Names);
    }

    [Fact]
    public void Write_WhileWriting_TheOldFileIsStillThere()
    {
        _folder.Write("a.txt", "old");
        AtomicFile.Write(_folder["a.txt"], stream =>
        {
            stream.Write("new"u8);
            stream.Flush();
            Assert.Equal("old", File.ReadAllText(_folder["a.txt"]));
        });
        Assert.Equal("new", File.ReadAllText(_folder["a.txt"]));
    }

    [Fact]
    public void Write_TargetIsAFolder_ThrowsAndRemovesTheTemporaryFile()
    {
        Directory.CreateDirectory(_folder["a"]);
        Assert.ThrowsAny<SystemException>(() => AtomicFile.WriteAllText(_folder["a"], "x")); // IOException or UnauthorizedAccessException
        Assert.Equal(["a"], _folder.Names);
    }

    [Fact]
    public void Write_NoSuchFolder_Throws() =>
        Assert.Throws<DirectoryNotFoundException>(() => AtomicFile.WriteAllText(Path.Combine(_folder["absent"], "a.txt"), "x"));

    [Fact]
    public void Copy_Link_CopiesWhatItPointsTo()
    {
        // The cache of the Hugging Face hub consists of links.
        _folder.Write("blob", "content");
        File.CreateSymbolicLink(_folder["link"], _folder["blob"]);
        AtomicFile.Copy(_folder["link"], _folder["copy"]);
        File.Delete(_folder["blob"]);
        Assert.Equal("content", File.ReadAllText(_folder["copy"]));
        Assert.Null(new FileInfo(_folder["copy"]).LinkTarget);
    }
}
