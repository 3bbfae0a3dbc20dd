using System.Globalization;
using Niwaki.Formats;
using Niwaki.Formats.Gguf;

namespace Niwaki.Export.Gguf;

/// <summary>A vocabulary as GGUF holds it: texts, types and, by kind, scores or merges.</summary>
internal sealed class GgufVocabulary
{
    /// <summary><c>llama</c> (pieces with scores) or <c>gpt2</c> (byte-level with merges).</summary>
    public required string Model { get; init; }

    /// <summary>Id of the pre-tokenizer.</summary>
    public required string PreTokenizer { get; init; }

    /// <summary>Rows of the embedding table.</summary>
    public required int Rows { get; init; }

    /// <summary>Added tokens that have no row.</summary>
    public List<string> LeftOut { get; } = [];

    /// <summary>Texts by id.</summary>
    public List<string> Tokens { get; } = [];

    /// <summary>Types by id, see <see cref="GgufKeys"/>.</summary>
    public List<int> Types { get; } = [];

    /// <summary>Scores by id; null for a byte-level vocabulary.</summary>
    public List<float>? Scores { get; init; }

    /// <summary>Merges, left and right with a blank between; null for pieces.</summary>
    public string[]? Merges { get; init; }

    /// <summary>Whether a blank goes in front of every text.</summary>
    public bool AddsSpacePrefix { get; init; }

    /// <summary>Puts a token at an id; ids between get no text yet.</summary>
    public void Set(int id, string token, int type, float score = 0)
    {
        while (Tokens.Count <= id)
        {
            Tokens.Add("");
            Types.Add(GgufKeys.Unused);
            Scores?.Add(UnreachableScore);
        }

        Tokens[id] = token;
        Types[id] = type;
        if (Scores is { } scores)
        {
            scores[id] = score;
        }
    }

    /// <summary>The score of what no merge makes.</summary>
    public const float UnreachableScore = -1e6f;

    /// <summary>Gives every row of the embedding a token: llama.cpp wants as many as rows.</summary>
    /// <param name="folder">Path that errors name.</param>
    /// <exception cref="ModelFormatException">There are more tokens than rows.</exception>
    public void Pad(string folder)
    {
        if (Tokens.Count > Rows)
        {
            throw new ModelFormatException(
                folder, "tokenizer", $"has {MessageText.Count(Tokens.Count)} tokens", $"at most the {MessageText.Count(Rows)} rows of the embedding table");
        }

        if (Rows > 0 && Tokens.Count < Rows)
        {
            Set(Rows - 1, "", GgufKeys.Unused, UnreachableScore);
        }

        for (int id = 0; id < Rows; id++)
        {
            if (Tokens[id].Length == 0)
            {
                Tokens[id] = string.Create(CultureInfo.InvariantCulture, $"[PAD{id}]");
            }
        }
    }
}
