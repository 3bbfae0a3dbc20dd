using Niwaki.Formats;
using Niwaki.Formats.Safetensors;
using Niwaki.Numerics;

namespace Niwaki.Tests.Formats.Safetensors;

/// <summary>Small valid files with a few bytes changed: the reader gives a table that fits the file, or its own error.</summary>
public sealed class SafetensorsMutationTests
{
    private const string Header = """
        {"__metadata__":{"format":"pt"},
        "x.w":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},
        "y":{"dtype":"BF16","shape":[4],"data_offsets":[24,32]}}
        """;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    public void Open_BytesFlipped_ValidTableOrFormatError(int flips)
    {
        using var folder = new TemporaryFolder();
        byte[] valid = SafetensorsBytes.File(Header, 32);
        var random = new SeededRandom(20, flips);
        int accepted = 0;
        for (int i = 0; i < 1_000; i++)
        {
            byte[] mutated = [.. valid];
            for (int flip = 0; flip < flips; flip++)
            {
                mutated[random.NextInt(mutated.Length)] ^= (byte)(1 << random.NextInt(8));
            }

            accepted += Opens(folder.Write("m.safetensors", mutated)) ? 1 : 0;
        }

        // Flips in the data change no table; some must be refused. Otherwise this test looks at nothing.
        Assert.InRange(accepted, 1, 999);
    }

    [Fact]
    public void Open_TokensExchanged_ValidTableOrFormatError()
    {
        // Whole pieces of JSON get further into the checks than single bits do.
        string[] pieces =
        [
            "0", "-1", "24", "9223372036854775807", "1e999", "[]", "{}", "[0,24]", "null", "\"F16\"", "\"shape\"", "\"\"", "\\ud800", ",", ":", "\0",
        ];
        using var folder = new TemporaryFolder();
        var random = new SeededRandom(21);
        int refused = 0;
        for (int i = 0; i < 1_000; i++)
        {
            int at = random.NextInt(Header.Length);
            int length = random.NextInt(Math.Min(6, Header.Length - at));
            string mutated = Header.Remove(at, length).Insert(at, pieces[random.NextInt(pieces.Length)]);
            refused += Opens(folder.Write("m.safetensors", SafetensorsBytes.File(mutated, 32))) ? 0 : 1;
        }

        Assert.InRange(refused, 500, 999);
    }

    [Fact]
    public void Open_HostileLengthAndOffsets_AllocatesLittle()
    {
        using var folder = new TemporaryFolder();
        string path = folder.Write("m.safetensors", SafetensorsBytes.File(
            """{"a":{"dtype":"U8","shape":[9223372036854775807],"data_offsets":[0,9223372036854775807]}}""", 0));
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Throws<ModelFormatException>(() => SafetensorsFile.Open(path));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
    }

    /// <summary>Opens, and when that works checks that the table covers the file exactly.</summary>
    private static bool Opens(string path)
    {
        try
        {
            using SafetensorsFile file = SafetensorsFile.Open(path);
            long end = file.ByteLength - file.Entries.Sum(entry => entry.ByteLength);
            foreach (SafetensorsEntry entry in file.Entries)
            {
                Assert.Equal(end, entry.ByteOffset);
                end += entry.ByteLength;
            }

            return true;
        }
        catch (ModelFormatException)
        {
            return false;
        }
    }
}
