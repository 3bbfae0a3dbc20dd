using Niwaki.Formats;
using Niwaki.Tests.Formats;
using Niwaki.Tokenizers;

namespace Niwaki.Tests.Tokenizers;

public sealed class TokenizerTests
{
    private const string SpecialS = """[{ "id": 1, "content": "<s>", "special": true, "normalized": false }]""";
    private const string Template = """
        {
          "type": "TemplateProcessing",
          "single": [{ "SpecialToken": { "id": "<s>" } }, { "Sequence": { "id": "A" } }, { "SpecialToken": { "id": "end" } }],
          "special_tokens": { "<s>": { "id": "<s>", "ids": [1] }, "end": { "id": "end", "ids": [15, 4] } }
        }
        """;

    private const string LlamaDecoder = """
        {
          "type": "Sequence",
          "decoders": [
            { "type": "Replace", "pattern": { "String": "▁" }, "content": " " }, { "type": "ByteFallback" }, { "type": "Fuse" },
            { "type": "Strip", "content": " ", "start": 1, "stop": 0 }
          ]
        }
        """;

    [Fact]
    public void Load_FolderWithoutFiles_ThrowsNamingBothFiles()
    {
        using var folder = new TemporaryFolder();
        var error = Assert.Throws<ModelFormatException>(() => Tokenizer.Load(folder.Path));
        Assert.Contains("'tokenizer.json'", error.Message, StringComparison.Ordinal);
        Assert.Contains("'tokenizer.model'", error.Message, StringComparison.Ordinal);
        Assert.Equal(folder.Path, error.File);
    }

    [Fact]
    public void Load_BothFiles_ReadsTheJson()
    {
        using var folder = new TemporaryFolder();
        folder.Write("tokenizer.json", MadeUpTokenizer.Write(MadeUpTokenizer.Characters, null));
        folder.Write("tokenizer.model", [0xFF]); // broken: reading it would throw
        Assert.Equal([7], Tokenizer.Load(folder.Path).Encode("abc"));
    }

    [Fact]
    public void Encode_SpecialTokensWanted_AreAroundTheText()
    {
        Tokenizer tokenizer = MadeUpTokenizer.Load(parts: [("added_tokens", SpecialS), ("post_processor", Template)]);
        Assert.Equal([1, 7, 15, 4], tokenizer.Encode("abc"));
        Assert.Equal([7], tokenizer.Encode("abc", addSpecialTokens: false));
        Assert.Equal([1, 15, 4], tokenizer.Encode(""));
        Assert.Equal(1, tokenizer.BeginOfText);
        Assert.True(tokenizer.AddsBeginOfText);
    }

    [Fact]
    public void Encode_SpecialTokenInText_IsOneIdWithoutMergesAcross()
    {
        // Without the token "abc" would be 7; cut by it, "ab" is 6 and "c" is 4.
        Tokenizer tokenizer = MadeUpTokenizer.Load(parts: ("added_tokens", SpecialS));
        Assert.Equal([6, 1, 4], tokenizer.Encode("ab<s>c"));
    }

    [Theory]
    [InlineData('\uD800')] // a high surrogate alone
    [InlineData('\uDC00')] // a low one alone
    [InlineData('\uFFFD')]
    public void Encode_UnpairedSurrogate_CountsAsReplacementCharacter(char surrogate)
    {
        // U+FFFD is EF BF BD in UTF-8; ids of this model are bytes.
        Tokenizer tokenizer = MadeUpTokenizer.Load(MadeUpTokenizer.Bytes(), null, ("pre_tokenizer", """{ "type": "ByteLevel", "add_prefix_space": false }"""));
        Assert.Equal([0x61, 0xEF, 0xBF, 0xBD, 0x62], tokenizer.Encode($"a{surrogate}b"));
    }

    [Fact]
    public void Encode_ManyThreads_SameIdsAsOne()
    {
        Tokenizer tokenizer = MadeUpTokenizer.Load();
        string[] texts = [.. Enumerable.Range(0, 200).Select(i => string.Concat(Enumerable.Range(0, i).Select(k => "abc1!"[(i * k) % 5])))];
        int[][] expected = [.. texts.Select(text => tokenizer.Encode(text))];
        Parallel.For(0, texts.Length, i => Assert.Equal(expected[i], tokenizer.Encode(texts[i])));
    }

    [Fact]
    public void Decode_SpecialTokens_AreSkippedOrWritten()
    {
        Tokenizer tokenizer = MadeUpTokenizer.Load(parts: [("added_tokens", SpecialS), ("decoder", LlamaDecoder)]);
        Assert.Equal("abc a", tokenizer.Decode([1, 7, 8]));
        Assert.Equal("<s>abc a", tokenizer.Decode([1, 7, 8], skipSpecialTokens: false));
    }

    [Fact]
    public void Decode_IdWithoutToken_IsNothing() =>
        Assert.Equal("abc", MadeUpTokenizer.Load(parts: ("decoder", LlamaDecoder)).Decode([99, 7, 1_000_000]));

    [Fact]
    public void Decode_NegativeId_Throws() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => MadeUpTokenizer.Load().Decode([-1]));

    [Fact]
    public void ByteLength_KindsOfTokens_CountsTheirText()
    {
        Tokenizer tokenizer = MadeUpTokenizer.Load(parts:
        [
            ("added_tokens", """
                [
                  { "id": 1, "content": "<s>", "special": true, "normalized": false },
                  { "id": 17, "content": "<café>", "special": false, "normalized": false }
                ]
                """),
            ("decoder", LlamaDecoder),
        ]);
        Assert.Equal(0, tokenizer.ByteLength(1));  // special
        Assert.Equal(3, tokenizer.ByteLength(7));  // abc
        Assert.Equal(2, tokenizer.ByteLength(8));  // ▁a: a blank and a letter
        Assert.Equal(1, tokenizer.ByteLength(13)); // <0xC3>: one byte
        Assert.Equal(4, tokenizer.ByteLength(16)); // 𝐀: four bytes of UTF-8
        Assert.Equal(7, tokenizer.ByteLength(17)); // <café>: six characters, one of two bytes
        Assert.Equal(0, tokenizer.ByteLength(18)); // no token
        Assert.Equal(18, tokenizer.VocabularySize);
    }

    [Fact]
    public void ByteLength_ByteLevel_OneForEachCharacterOfTheAlphabet()
    {
        // "Ġa" stands for " a", id 256.
        Tokenizer tokenizer = MadeUpTokenizer.Load(MadeUpTokenizer.Bytes("Ġ a"), null, ("decoder", """{ "type": "ByteLevel" }"""));
        Assert.Equal(2, tokenizer.ByteLength(256));
        Assert.Equal(1, tokenizer.ByteLength(0xE2));
        Assert.Equal(" a", tokenizer.TokenText(256));
        Assert.Equal("<0xE2>", tokenizer.TokenText(0xE2));
    }

    [Fact]
    public void TokenText_KindsOfTokens_IsReadable()
    {
        Tokenizer tokenizer = MadeUpTokenizer.Load(parts: [("added_tokens", SpecialS), ("decoder", LlamaDecoder)]);
        Assert.Equal("<s>", tokenizer.TokenText(1));
        Assert.Equal(" a", tokenizer.TokenText(8));
        Assert.Equal("<0xC3>", tokenizer.TokenText(13));
        Assert.Equal("", tokenizer.TokenText(500));
    }

    [Fact]
    public void TryGetId_Content_FindsTokensAndAddedTokens()
    {
        Tokenizer tokenizer = MadeUpTokenizer.Load(parts: ("added_tokens", """[{ "id": 30, "content": "<end>", "special": true }]"""));
        Assert.True(tokenizer.TryGetId("<end>", out int id));
        Assert.Equal(30, id);
        Assert.True(tokenizer.TryGetId("abc", out id));
        Assert.Equal(7, id);
        Assert.False(tokenizer.TryGetId("nothing", out _));
        Assert.Equal([30], tokenizer.SpecialIds);
    }

    [Fact]
    public void Load_SettingsBeside_NameBeginAndEnd()
    {
        using var folder = new TemporaryFolder();
        folder.Write("tokenizer.json", MadeUpTokenizer.Write(MadeUpTokenizer.Characters, null, ("added_tokens", SpecialS)));
        folder.Write("tokenizer_config.json", """{ "bos_token": { "content": "<s>", "lstrip": false }, "eos_token": "!" }""");
        Tokenizer tokenizer = Tokenizer.Load(folder.Path);
        Assert.Equal(1, tokenizer.BeginOfText);
        Assert.Equal(15, tokenizer.EndOfText);
        Assert.False(tokenizer.AddsBeginOfText); // no template adds it
    }

    // The template is <s> (1), the text, and the ids 15 and 4.
    [Theory]
    [InlineData(false, """{ "tokenizer_class": "LlamaTokenizerFast", "bos_token": "<s>", "add_bos_token": true }""", new[] { 1, 7 })]
    [InlineData(false, """{ "tokenizer_class": "GemmaTokenizer", "bos_token": "<s>", "eos_token": "!", "add_bos_token": true, "add_eos_token": true }""", new[] { 1, 7, 15 })]
    [InlineData(true, """{ "tokenizer_class": "CodeLlamaTokenizer", "bos_token": "<s>", "eos_token": "!", "add_bos_token": false, "add_eos_token": false }""", new[] { 7 })]
    [InlineData(true, """{ "tokenizer_class": "LlamaTokenizer", "bos_token": "<s>", "eos_token": "!", "add_bos_token": null, "add_eos_token": true }""", new[] { 1, 7, 15 })]
    [InlineData(true, """{ "tokenizer_class": "LlamaTokenizer", "eos_token": "absent", "add_bos_token": false, "add_eos_token": false }""", new[] { 1, 7, 15, 4 })]
    [InlineData(true, """{ "tokenizer_class": "PreTrainedTokenizerFast", "bos_token": "<s>", "add_bos_token": false }""", new[] { 1, 7, 15, 4 })]
    [InlineData(false, """{ "bos_token": "<s>", "add_bos_token": true }""", new[] { 7 })]
    public void Encode_FlagsOfTheSettings_WriteTheTemplateAnewForSomeClasses(bool hasTemplate, string settings, int[] expected)
    {
        using var folder = new TemporaryFolder();
        (string Name, string Json)[] parts = hasTemplate ? [("added_tokens", SpecialS), ("post_processor", Template)] : [("added_tokens", SpecialS)];
        folder.Write("tokenizer.json", MadeUpTokenizer.Write(MadeUpTokenizer.Characters, null, parts));
        folder.Write("tokenizer_config.json", settings);
        Tokenizer tokenizer = Tokenizer.Load(folder.Path);
        Assert.Equal(expected, tokenizer.Encode("abc"));
        Assert.Equal([7], tokenizer.Encode("abc", addSpecialTokens: false));
    }
}
