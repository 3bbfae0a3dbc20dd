using System.Text.Json;
using Niwaki.Formats;
using Niwaki.Generation;
using Niwaki.Models;
using Niwaki.Tokenizers;

namespace Niwaki.Reports;

/// <summary>Texts that a run's models wrote, kept in the run folder so that a report made again shows the same. File <see cref="FileName"/>.</summary>
/// <param name="Temperature">Sampling temperature; 0: the likeliest token each time.</param>
/// <param name="Seed">Seed of the sampling.</param>
/// <param name="Tokens">Most tokens of a text.</param>
/// <param name="Texts">The texts.</param>
public sealed record SampleTexts(double Temperature, long Seed, int Tokens, IReadOnlyList<SampleText> Texts)
{
    /// <summary>Name of the file in a run folder.</summary>
    public const string FileName = "samples.json";

    private const int MaxBytes = 1 << 22;

    /// <summary>Writes the texts to a file that appears whole or not at all.</summary>
    /// <param name="path">Target; its folder exists. An existing file is replaced.</param>
    /// <exception cref="IOException">The disk is full, or the target cannot be replaced.</exception>
    /// <exception cref="UnauthorizedAccessException">The target may not be written.</exception>
    public void Write(string path) => AtomicFile.WriteAllText(path, JsonSerializer.Serialize(this, SampleJson.Default.SampleTexts) + "\n");

    /// <summary>Reads texts.</summary>
    /// <param name="path">The file, at most 4 MiB.</param>
    /// <exception cref="ModelFormatException">The file is broken, or fields are missing or unknown.</exception>
    /// <exception cref="IOException">The file does not exist or cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read.</exception>
    public static SampleTexts Read(string path)
    {
        JsonElement root = StrictJson.ReadFile(path, MaxBytes);
        try
        {
            return root.Deserialize(SampleJson.Default.SampleTexts) ?? throw new ModelFormatException(path, "file", "is null", "sample texts");
        }
        catch (JsonException error)
        {
            throw new ModelFormatException(path, $"'{error.Path}'", $"does not fit ({MessageText.Shown(error.Message)})", "the fields of sample texts", innerException: error);
        }
    }

    /// <summary>Continues beginnings by one model.</summary>
    /// <param name="model">The model.</param>
    /// <param name="tokenizer">Its tokenizer.</param>
    /// <param name="prompts">Beginnings, token ids; those longer than the context leaves room for are cut.</param>
    /// <param name="options">How to sample.</param>
    /// <param name="tokens">Most tokens of a continuation.</param>
    /// <param name="cancellationToken">Ends the writing.</param>
    /// <returns>Continuations without their beginnings.</returns>
    /// <exception cref="OperationCanceledException">The writing was ended.</exception>
    public static IReadOnlyList<string> Continue(
        Transformer model, Tokenizer tokenizer, IReadOnlyList<int[]> prompts, SamplingOptions options, int tokens, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(tokenizer);
        ArgumentNullException.ThrowIfNull(prompts);
        int longest = Math.Max(1, model.Config.ContextLength - tokens);
        return [.. prompts.Select(prompt => tokenizer.Decode(
            [.. TextGenerator.Generate(model, prompt[..Math.Min(prompt.Length, longest)], options, tokens, model.Config.EndOfText, cancellationToken)]))];
    }
}
