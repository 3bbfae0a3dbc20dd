using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text.Json;
using Niwaki.Formats;

namespace Niwaki.Runs;

/// <summary>The token windows that a run worked with and how they came about, so that a resumed run sees the same text.</summary>
public sealed class RecordedWindows
{
    /// <summary>Most tokens of a text, 2^24: a hundred times the published ones, and 64 MiB as ids.</summary>
    internal const int MaxTokens = 1 << 24;

    private const string Format = "niwaki-windows";
    private const int Version = 1;

    /// <summary>Who wrote the text.</summary>
    public required TextSource Source { get; init; }

    /// <summary>The text file, as the recipe names it; null for self-written text.</summary>
    public string? File { get; init; }

    /// <summary>Seed that the text was drawn or the windows were chosen with.</summary>
    public long Seed { get; init; }

    /// <summary>Sampling temperature; of no meaning for a file.</summary>
    public double Temperature { get; init; }

    /// <summary>Share of the probability that was drawn from; of no meaning for a file.</summary>
    public double TopP { get; init; }

    /// <summary>Token ids, [windows][window]: at least one window, all of the same length of at least 2.</summary>
    public required int[][] Windows { get; init; }

    /// <summary>SHA-256 over count and length of the windows and all ids as little-endian int32: 64 lower-case hexadecimal digits.</summary>
    public string ContentHash()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Append(hash, [Windows.Length, Windows.Length == 0 ? 0 : Windows[0].Length]);
        foreach (int[] window in Windows)
        {
            Append(hash, window);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>Writes a JSON file that appears whole or not at all.</summary>
    /// <param name="path">Target; its folder exists. An existing file is replaced.</param>
    /// <exception cref="InvalidOperationException">There is no window, one is shorter than 2, or they differ in length.</exception>
    /// <exception cref="IOException">The disk is full, or the target cannot be replaced.</exception>
    /// <exception cref="UnauthorizedAccessException">The target may not be written.</exception>
    public void Write(string path)
    {
        if (Windows.Length == 0 || Windows.Any(window => window.Length < 2 || window.Length != Windows[0].Length))
        {
            throw new InvalidOperationException("Windows are missing or uneven, expected at least one, all of the same length of at least 2 tokens.");
        }

        AtomicFile.Write(path, stream =>
        {
            using Utf8JsonWriter json = new(stream);
            WriteTo(json);
        });
    }

    /// <summary>Reads a JSON file.</summary>
    /// <param name="path">The file, at most 256 MiB.</param>
    /// <param name="vocabularySize">Ids of the model run from 0 to this, exclusive.</param>
    /// <exception cref="ModelFormatException">
    /// The file is too large, is no such file, holds ids that the model does not have, or was changed since it was written.
    /// </exception>
    /// <exception cref="IOException">The file does not exist or cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read.</exception>
    public static RecordedWindows Read(string path, int vocabularySize)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentOutOfRangeException.ThrowIfLessThan(vocabularySize, 1);
        RecordedWindowsReader reader = new(path);
        reader.RequireFormat(Format, Version);
        var recorded = new RecordedWindows
        {
            Source = reader.Source(),
            File = reader.TextOrNull("file"),
            Seed = reader.Integer("seed"),
            Temperature = reader.Number("temperature"),
            TopP = reader.Number("topP"),
            Windows = reader.Windows("windows", vocabularySize),
        };
        string found = recorded.ContentHash();
        string? expected = reader.TextOrNull("sha256");
        return found == expected
            ? recorded
            : throw new ModelFormatException(
                path,
                "'windows'",
                $"have SHA-256 {found}",
                $"{MessageText.Shown(expected ?? "null")} as in 'sha256'",
                nextStep: "The file was changed after it was written: begin a new run.");
    }

    private void WriteTo(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("format", Format);
        json.WriteNumber("version", Version);
        json.WriteString("source", Source == TextSource.Self ? "self" : "file");
        json.WriteString("file", File);
        json.WriteNumber("seed", Seed);
        json.WriteNumber("temperature", Temperature);
        json.WriteNumber("topP", TopP);
        json.WriteString("sha256", ContentHash());
        json.WriteStartArray("windows");
        foreach (int[] window in Windows)
        {
            json.WriteStartArray();
            foreach (int id in window)
            {
                json.WriteNumberValue(id);
            }

            json.WriteEndArray();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void Append(IncrementalHash hash, ReadOnlySpan<int> values)
    {
        Span<byte> bytes = stackalloc byte[sizeof(int)];
        foreach (int value in values)
        {
            BinaryPrimitives.WriteInt32LittleEndian(bytes, value);
            hash.AppendData(bytes);
        }
    }
}
