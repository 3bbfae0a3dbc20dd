using System.IO.Compression;

namespace Niwaki.Formats.Parquet;

/// <summary>Unpacks pages.</summary>
internal static class ParquetCodec
{
    private static readonly string[] Names = ["uncompressed", "snappy", "gzip", "lzo", "brotli", "lz4", "zstd", "lz4_raw"];

    /// <summary>Unpacks bytes.</summary>
    /// <param name="codec">Number of the compression.</param>
    /// <param name="packed">Bytes; read to their end.</param>
    /// <param name="size">Bytes that they must give.</param>
    /// <exception cref="UnsupportedModelException">The compression is another one than none, snappy and gzip.</exception>
    public static byte[] Unpack(int codec, ParquetCursor packed, int size)
    {
        byte[] unpacked = codec switch
        {
            0 => packed.Take(packed.Left, "page").ToArray(),
            1 => Snappy.Unpack(packed, size),
            2 => Gzip(packed, size),
            _ => throw packed.Unsupported(
                "compression", codec < Names.Length ? $"is '{Names[codec]}'" : FormattableString.Invariant($"is codec {codec}"), "none, snappy or gzip", "Write the file anew with one of these."),
        };
        return unpacked.Length == size ? unpacked : throw packed.Fault("page", $"unpacks to {unpacked.Length} bytes", $"{size}, as its head says");
    }

    private static byte[] Gzip(ParquetCursor packed, int size)
    {
        using var source = new MemoryStream(packed.Take(packed.Left, "page").ToArray());
        using var gzip = new GZipStream(source, CompressionMode.Decompress);
        byte[] target = new byte[size];
        try
        {
            int read = gzip.ReadAtLeast(target, size, throwOnEndOfStream: false);
            return gzip.ReadByte() < 0 ? target[..read] : throw packed.Fault("page", $"unpacks to more than {size} bytes", $"{size}, as its head says");
        }
        catch (InvalidDataException exception)
        {
            throw packed.Fault("page", $"is no gzip ({exception.Message})", "a gzip stream");
        }
    }
}
