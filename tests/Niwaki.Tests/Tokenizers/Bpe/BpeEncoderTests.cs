using Niwaki.Numerics;
using Niwaki.Tokenizers;

namespace Niwaki.Tests.Tokenizers.Bpe;

public sealed class BpeEncoderTests
{
    [Theory]
    [InlineData("abc", new[] { 7 })]
    [InlineData("bca", new[] { 9, 2 })]
    [InlineData("▁abc", new[] { 5, 7 })] // a+b and ab+c come before ▁+a
    [InlineData("▁a!", new[] { 8, 15 })]
    [InlineData("𝐀a", new[] { 16, 2 })]
    public void Encode_Merges_InOrderOfTheirRank(string text, int[] expected) => Assert.Equal(expected, MadeUpTokenizer.Load().Encode(text));

    [Fact]
    public void Encode_UnknownCharacters_OneTokenEach() => Assert.Equal([2, 0, 0, 3], MadeUpTokenizer.Load().Encode("aéßb"));

    [Fact]
    public void Encode_UnknownCharactersFused_OneTokenForTheRun() =>
        Assert.Equal([2, 0, 3, 0], MadeUpTokenizer.Load(edit: model => model["fuse_unk"] = true).Encode("aéßb🦙🦙"));

    [Fact]
    public void Encode_NoUnknownToken_CharactersAreLeftOutAndNeighboursMerge() =>
        Assert.Equal([6], MadeUpTokenizer.Load(edit: model => model["unk_token"] = null).Encode("aéb"));

    [Fact]
    public void Encode_ByteFallback_BytesWhereAllHaveTokens()
    {
        // é is C3 A9, both in the vocabulary; ß is C3 9F, the second is not.
        Tokenizer tokenizer = MadeUpTokenizer.Load(edit: model => model["byte_fallback"] = true);
        Assert.Equal([2, 13, 14, 0], tokenizer.Encode("aéß"));
    }

    [Fact]
    public void Encode_IgnoreMerges_WholePieceIsItsToken()
    {
        // "bcb" is no merge result, but a token: with ignore_merges it is taken as a whole.
        void Edit(System.Text.Json.Nodes.JsonObject model)
        {
            model["vocab"]!["bcb"] = 17;
        }

        Assert.Equal([9, 3], MadeUpTokenizer.Load(edit: Edit).Encode("bcb"));
        Tokenizer whole = MadeUpTokenizer.Load(edit: model =>
        {
            Edit(model);
            model["ignore_merges"] = true;
        });
        Assert.Equal([17], whole.Encode("bcb"));
        Assert.Equal([7, 3], whole.Encode("abcb")); // no token as a whole
    }

    [Fact]
    public void Encode_IgnoreMergesWithBytes_LooksTheBytesUp()
    {
        // " é" is Ġ Ã ©: a token by itself (id 256 + 1), although no merge makes it.
        string model = MadeUpTokenizer.Bytes("Ġ a");
        Tokenizer tokenizer = MadeUpTokenizer.Load(
            model,
            parsed =>
            {
                parsed["ignore_merges"] = true;
                parsed["vocab"]!["ĠÃ©"] = 257;
            },
            ("pre_tokenizer", """{ "type": "ByteLevel", "add_prefix_space": false }"""));
        Assert.Equal([256, 257], tokenizer.Encode(" a é"));
    }

    [Fact]
    public void Encode_TextWithoutPreTokenizer_SameIdsWithAndWithoutSafeCuts()
    {
        // A merge that involves the unknown token switches the cuts off, and never happens in these texts.
        Tokenizer cut = MadeUpTokenizer.Load(edit: model => model["fuse_unk"] = true);
        Tokenizer uncut = MadeUpTokenizer.Load(edit: model =>
        {
            model["fuse_unk"] = true;
            model["vocab"]!["<unk><s>"] = 17;
            model["merges"]!.AsArray().Add(new System.Text.Json.Nodes.JsonArray("<unk>", "<s>"));
        });
        var random = new SeededRandom(9);
        const string Alphabet = "abc▁1! éß";
        for (int round = 0; round < 500; round++)
        {
            string text = string.Concat(Enumerable.Range(0, random.NextInt(80)).Select(_ => Alphabet[random.NextInt(Alphabet.Length)]));
            Assert.Equal(uncut.Encode(text), cut.Encode(text));
        }
    }

    [Fact]
    public void Encode_MillionCharactersWithoutBlank_EqualsShortTextRepeated()
    {
        // 1+1 = 11 is the only merge of digits: a run of 2n ones gives n tokens, whatever its length.
        int[] ids = MadeUpTokenizer.Load().Encode(new string('1', 1_000_000));
        Assert.Equal(500_000, ids.Length);
        Assert.Equal([12], ids.Distinct());
    }
}
