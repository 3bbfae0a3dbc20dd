using Niwaki.Formats;
using Niwaki.Runs;
using Niwaki.Tests.Formats;

namespace Niwaki.Tests.Runs;

public sealed class RecordedWindowsTests : IDisposable
{
    // Made with: python3 -c "import hashlib,struct; print(hashlib.sha256(struct.pack('<8i',2,3,0,1,2,9,8,7)).hexdigest())"
    private const string Hash = "56c93fe450f9eb3e27c2600986f975b3e6aae47c32c67db9b4f8c4506888e708";

    private const string Json =
        "{\"format\":\"niwaki-windows\",\"version\":1,\"source\":\"self\",\"file\":null,\"seed\":5,\"temperature\":0.7,\"topP\":0.95,"
        + "\"sha256\":\"" + Hash + "\",\"windows\":[[0,1,2],[9,8,7]]}";

    private static readonly RecordedWindows Small = new()
    {
        Source = TextSource.Self,
        Seed = 5,
        Temperature = 0.7,
        TopP = 0.95,
        Windows = [[0, 1, 2], [9, 8, 7]],
    };

    private readonly TemporaryFolder _folder = new();

    private string File => _folder["calibration.json"];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Write_SelfWrittenText_IsThisFile()
    {
        Small.Write(File);
        Assert.Equal(Json, System.IO.File.ReadAllText(File));
        Assert.Equal(["calibration.json"], _folder.Names);
    }

    [Fact]
    public void Read_WrittenFile_IsTheSame()
    {
        Small.Write(File);
        RecordedWindows read = RecordedWindows.Read(File, 10);
        Assert.Equal(Small.Windows, read.Windows);
        Assert.Equal((TextSource.Self, null, 5, 0.7, 0.95), (read.Source, read.File, read.Seed, read.Temperature, read.TopP));
    }

    [Fact]
    public void Read_WindowsOfAFile_KeepItsName()
    {
        new RecordedWindows { Source = TextSource.File, File = "a \"b\".txt", Windows = [[1, 1]] }.Write(File);
        RecordedWindows read = RecordedWindows.Read(File, 2);
        Assert.Equal((TextSource.File, "a \"b\".txt"), (read.Source, read.File));
    }

    [Theory]
    [InlineData("\"seed\":5", "\"seed\":5.5", "'seed' is 5.5, expected a whole number")]
    [InlineData("niwaki-windows", "niwaki-plan", "'format' is \"niwaki-plan\", expected \"niwaki-windows\"")]
    [InlineData("\"version\":1", "\"version\":2", "'version' is 2, expected 1")]
    [InlineData("\"self\"", "\"moon\"", "'source' is \"moon\", expected \"self\" or \"file\"")]
    [InlineData("\"file\":null", "\"file\":1", "'file' is 1, expected a text")]
    [InlineData("\"topP\":0.95,", "", "file has no 'topP'")]
    [InlineData("0.7", "\"x\"", "'temperature' is \"x\", expected a number")]
    [InlineData("[0,1,2]", "[0,1]", "window 1 has 3 tokens, expected 2, as the first one has")]
    [InlineData("[0,1,2]", "[0]", "window 0 is [0], expected an array of 2 or more")]
    [InlineData("[9,8,7]", "5", "window 1 is 5, expected an array of 2 or more")]
    [InlineData("[[0,1,2],[9,8,7]]", "[]", "'windows' is [], expected an array of 1 or more")]
    [InlineData("[9,8,7]", "[9,8,10]", "window 1, token 2 is 10, expected an id from 0 to 9")]
    [InlineData("[9,8,7]", "[9,-1,7]", "window 1, token 1 is -1, expected an id from 0 to 9")]
    [InlineData("[9,8,7]", "[9,8.5,7]", "window 1, token 1 is 8.5, expected an id from 0 to 9")]
    [InlineData("[9,8,7]", "[9,8,6]", "'windows' have SHA-256")]
    [InlineData("\"sha256\":\"", "\"sha256\":\"0", "'windows' have SHA-256 " + Hash + ", expected 0" + Hash)]
    public void Read_ChangedFile_SaysWhat(string old, string changed, string message)
    {
        _folder.Write("calibration.json", Json.Replace(old, changed, StringComparison.Ordinal));
        var error = Assert.Throws<ModelFormatException>(() => RecordedWindows.Read(File, 10));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_CutAtEveryByte_Throws()
    {
        for (int length = 0; length < Json.Length; length++)
        {
            _folder.Write("calibration.json", Json[..length]);
            Assert.Throws<ModelFormatException>(() => RecordedWindows.Read(File, 10));
        }
    }

    [Fact]
    public void Read_NotAnObject_Throws()
    {
        _folder.Write("calibration.json", "[]");
        Assert.Throws<ModelFormatException>(() => RecordedWindows.Read(File, 10));
    }

    [Fact]
    public void Write_UnevenOrMissingWindows_Throws()
    {
        int[][][] wrong = [[], [[1]], [[1, 2], [1, 2, 3]]];
        foreach (int[][] windows in wrong)
        {
            Assert.Throws<InvalidOperationException>(() => new RecordedWindows { Source = TextSource.Self, Windows = windows }.Write(File));
        }

        Assert.Empty(_folder.Names);
    }
}
