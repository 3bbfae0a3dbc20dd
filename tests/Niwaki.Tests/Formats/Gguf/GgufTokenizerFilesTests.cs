using Niwaki.Formats.Gguf;
using Niwaki.Tokenizers;

namespace Niwaki.Tests.Formats.Gguf;

public sealed class GgufTokenizerFilesTests : IDisposable
{
    private static readonly string[] Bytes = [.. Enumerable.Range(0, 256).Select(i => $"<0x{i:X2}>")];

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>Pieces \u2581, a, b, ab, \u2581a with scores that prefer ab to \u2581a: " ab" is \u2581 ab, not \u2581a b.</summary>
    [Theory]
    [InlineData(true, new[] { 1, 259, 262 })]
    [InlineData(false, new[] { 1, 262 })]
    public void Load_Pieces_MergesByScore(bool addsSpace, int[] expected)
    {
        string[] tokens = ["<unk>", "<s>", "</s>", .. Bytes, "\u2581", "a", "b", "ab", "\u2581a", "[PAD264]"];
        int[] types = [2, 3, 3, .. Enumerable.Repeat(6, 256), 1, 1, 1, 1, 1, 5];
        float[] scores = [.. Enumerable.Repeat(0f, 262), -1, -2, 0];
        var tokenizer = Tokenizer.Load(Write(
            ("tokenizer.ggml.model", "llama"), ("tokenizer.ggml.tokens", tokens), ("tokenizer.ggml.token_type", types), ("tokenizer.ggml.scores", scores),
            ("tokenizer.ggml.bos_token_id", 1u), ("tokenizer.ggml.eos_token_id", 2u), ("tokenizer.ggml.unknown_token_id", 0u), ("tokenizer.ggml.add_space_prefix", addsSpace)));
        Assert.Equal(expected, tokenizer.Encode("ab"));
        Assert.Equal([1, .. addsSpace ? [259] : (int[])[], 3 + 0xC3, 3 + 0xA9], tokenizer.Encode("\u00e9"));
        Assert.Equal("ab", tokenizer.Decode(expected));
        Assert.Equal((1, 2), (tokenizer.BeginOfText, tokenizer.EndOfText));
    }

    [Fact]
    public void Load_BytePairs_MergesAndTakesSpecialTokens()
    {
        var tokenizer = Tokenizer.Load(Write([.. BytePairs]));
        Assert.Equal([4, 2, 3, 4, 0], tokenizer.Encode("<|b|>aba<|b|>!")[..5]);
    }

    public static TheoryData<string, string, object?> Faults { get; } = new()
    {
        { "tokenizer.ggml.model", "metadata 'tokenizer.ggml.model' is 'bert', expected 'gpt2' (byte-level BPE) or 'llama' (SentencePiece BPE)", "bert" },
        { "tokenizer.ggml.model", "tokenizer is missing, expected a vocabulary in the metadata", "none" },
        { "tokenizer.ggml.pre", "metadata 'tokenizer.ggml.pre' is 'default', expected one of 'gpt-2'", "default" },
        { "tokenizer.ggml.pre", "metadata 'tokenizer.ggml.pre' is 'missing'", null },
        { "tokenizer.ggml.tokens", "metadata 'tokenizer.ggml.tokens' is missing", null },
        { "tokenizer.ggml.tokens", "metadata 'tokenizer.ggml.tokens' is an array of 0 × String, expected 1 to", Array.Empty<string>() },
        { "tokenizer.ggml.tokens", "token 3 ('!') appears twice", new[] { "!", "a", "ab", "!", "<|b|>" } },
        { "tokenizer.ggml.token_type", "metadata 'tokenizer.ggml.token_type' is an array of 2 × Int32, expected a whole number or an array of 5", new[] { 1, 1 } },
        { "tokenizer.ggml.token_type", "metadata 'tokenizer.ggml.token_type' has 9 at place 4", new[] { 1, 1, 1, 1, 9 } },
        { "tokenizer.ggml.merges", "metadata 'tokenizer.ggml.merges' is missing", null },
        { "tokenizer.ggml.merges", "merge", new[] { "x y" } },
        { "tokenizer.ggml.bos_token_id", "metadata 'tokenizer.ggml.bos_token_id' is 5, expected a whole number from 0 to 4", 5u },
    };

    [Theory]
    [MemberData(nameof(Faults))]
    public void Load_BrokenVocabulary_SaysWhat(string key, string expected, object? value)
    {
        string path = Write([.. BytePairs.Where(entry => entry.Key != key), .. value is null ? [] : ((string, object)[])[(key, value)]]);
        NiwakiException error = Assert.ThrowsAny<NiwakiException>(() => Tokenizer.Load(path));
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.StartsWith("m.gguf", error.Message, StringComparison.Ordinal);
    }

    private static (string Key, object Value)[] BytePairs =>
    [
        ("tokenizer.ggml.model", "gpt2"), ("tokenizer.ggml.pre", "gpt-2"), ("tokenizer.ggml.tokens", new[] { "!", "b", "ab", "a", "<|b|>" }),
        ("tokenizer.ggml.token_type", new[] { 1, 1, 1, 1, 3 }), ("tokenizer.ggml.merges", new[] { "a b" }), ("tokenizer.ggml.bos_token_id", 4u), ("tokenizer.ggml.add_bos_token", false),
    ];

    private string Write(params (string Key, object Value)[] entries)
    {
        new GgufWriter([.. entries.Select(entry => KeyValuePair.Create(entry.Key, GgufValue.Of(entry.Value)))], [])
            .Write(_folder["m.gguf"], (_, _) => { }, TestContext.Current.CancellationToken);
        return _folder["m.gguf"];
    }
}
