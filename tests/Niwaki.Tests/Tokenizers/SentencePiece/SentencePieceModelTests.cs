using Niwaki.Formats;
using Niwaki.Tests.Formats;
using Niwaki.Tokenizers;
using static Niwaki.Tests.Tokenizers.SentencePiece.SentencePieceBuilder;

namespace Niwaki.Tests.Tokenizers.SentencePiece;

public sealed class SentencePieceModelTests
{
    // Ids: <unk> 0, <s> 1, </s> 2, ▁ 3, a 4, b 5, ▁a 6, ab 7, ▁ab 8, éa 9, <m> 10.
    private static SentencePieceBuilder Vocabulary() => new SentencePieceBuilder()
        .Piece("<unk>", 0, 2).Piece("<s>", 0, 3).Piece("</s>", 0, 3)
        .Piece("▁", -10).Piece("a", -11).Piece("b", -12)
        .Piece("▁a", -2).Piece("ab", -1).Piece("▁ab", -3).Piece("éa", -4).Piece("<m>", 0, 4);

    [Theory]
    [InlineData("a", new[] { 1, 6 })]
    [InlineData("ab", new[] { 1, 8 })]        // a+b has the larger score, then ▁+ab
    [InlineData("b a", new[] { 1, 3, 5, 6 })]
    [InlineData("aab", new[] { 1, 6, 7 })]
    [InlineData("", new[] { 1 })]
    public void Encode_Scores_LargestMergesFirst(string text, int[] expected) => Assert.Equal(expected, Load(Vocabulary()).Encode(text));

    [Fact]
    public void Encode_CharacterInsidePiecesOnly_MergesOrIsUnknown()
    {
        // é is no piece: "éa" is one, é alone is unknown, and neighbouring unknown characters share a token.
        Assert.Equal([3, 9], Load(Vocabulary()).Encode("éa", addSpecialTokens: false));
        Assert.Equal([3, 5, 0, 5], Load(Vocabulary()).Encode("béßéb", addSpecialTokens: false));
    }

    [Fact]
    public void Encode_UserDefinedPiece_IsNeverCutNorMerged() =>
        Assert.Equal([6, 10, 7], Load(Vocabulary()).Encode("a<m>ab", addSpecialTokens: false));

    [Fact]
    public void Encode_ControlPieceInText_IsPlainText() =>
        Assert.Equal([3, 0], Load(Vocabulary()).Encode("<s>", addSpecialTokens: false));

    [Fact]
    public void Encode_ByteFallback_BytesOfUnknownCharacters()
    {
        // é is C3 A9: ids 11 and 12; ß needs 9F, which is missing, and stays unknown.
        SentencePieceBuilder builder = Vocabulary().Piece("<0xC3>", 0, 6).Piece("<0xA9>", 0, 6);
        builder.Trainer.AddRange(Number(35, 1));
        Tokenizer tokenizer = Load(builder);
        Assert.Equal([3, 11, 12, 5, 0], tokenizer.Encode("ébß", addSpecialTokens: false));
        Assert.Equal("éb", tokenizer.Decode([3, 11, 12, 5]));
    }

    [Fact]
    public void Encode_EqualScores_LeftmostFirst()
    {
        // x+x and x+y have one score: "xxy" is (xx)y; with unequal scores in favour of xy it is x(xy).
        SentencePieceBuilder Make(float scoreOfXy) => new SentencePieceBuilder().Piece("<unk>", 0, 2)
            .Piece("x", -9).Piece("y", -9).Piece("xy", scoreOfXy).Piece("xx", -1).Piece("▁", -9);
        Assert.Equal([5, 4, 2], Load(Make(-1)).Encode("xxy"));
        Assert.Equal([5, 1, 3], Load(Make(-0.5f)).Encode("xxy"));
    }

    [Theory]
    [InlineData(" ab ", true, new[] { 8 })]
    [InlineData(" ab ", false, new[] { 3, 8, 3 })]
    public void Encode_ExtraBlanks_DroppedWhereTheFileSaysSo(string text, bool removes, int[] expected)
    {
        SentencePieceBuilder builder = Vocabulary();
        builder.Normalizer.AddRange(Number(4, removes ? 1 : 0));
        Assert.Equal(expected, Load(builder).Encode(text, addSpecialTokens: false));
    }

    [Fact]
    public void Decode_Pieces_BlanksAndMarkers()
    {
        Tokenizer tokenizer = Load(Vocabulary());
        Assert.Equal("ab a", tokenizer.Decode([1, 8, 6, 2]));
        Assert.Equal("<s> ab</s>", tokenizer.Decode([1, 8, 2], skipSpecialTokens: false));
        Assert.Equal([0, 1, 2], tokenizer.SpecialIds.Order());
        Assert.Equal(2, tokenizer.ByteLength(6));
    }

    [Fact]
    public void Load_SettingsBeside_DecideOnBeginAndEnd()
    {
        using var folder = new TemporaryFolder();
        folder.Write("tokenizer.model", Vocabulary().ToArray());
        folder.Write("tokenizer_config.json", """{ "add_bos_token": false, "add_eos_token": true, "bos_token": "<s>", "eos_token": "</s>" }""");
        Tokenizer tokenizer = Tokenizer.Load(folder.Path);
        Assert.Equal([6, 2], tokenizer.Encode("a"));
        Assert.Equal(1, tokenizer.BeginOfText);
        Assert.Equal(2, tokenizer.EndOfText);
        Assert.False(tokenizer.AddsBeginOfText);
    }

    [Theory]
    [InlineData(1, "unigram")]
    [InlineData(3, "word")]
    [InlineData(4, "char")]
    public void Load_OtherModelType_ThrowsNamingIt(int type, string name)
    {
        SentencePieceBuilder builder = Vocabulary();
        builder.Trainer.AddRange(Number(3, type));
        Assert.Contains(name, Assert.Throws<UnsupportedModelException>(() => Load(builder)).Found, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_CharacterMap_Throws()
    {
        SentencePieceBuilder builder = Vocabulary();
        builder.Normalizer.AddRange(Bytes(2, [1, 2, 3]));
        Assert.Contains("character map", Assert.Throws<UnsupportedModelException>(() => Load(builder)).Found, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_BlankAsSuffix_Throws()
    {
        SentencePieceBuilder builder = Vocabulary();
        builder.Trainer.AddRange(Number(24, 1));
        Assert.Contains("suffix", Assert.Throws<UnsupportedModelException>(() => Load(builder)).Subject, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_UnusedPiece_Throws() =>
        Assert.Contains("unused", Assert.Throws<UnsupportedModelException>(() => Load(Vocabulary().Piece("zz", 0, 5))).Found, StringComparison.Ordinal);

    /// <summary>What fills up a hole of a vocabulary is no text's piece, and has a place all the same.</summary>
    [Fact]
    public void Load_UnusedPieceThatNoMergeLeadsTo_KeepsItsId()
    {
        Tokenizer tokenizer = Load(Vocabulary().Piece("[PAD11]", 0, 5).Piece("aab", -9));
        Assert.Equal("[PAD11]", tokenizer.TokenText(11));
        Assert.DoesNotContain(11, tokenizer.Encode("[PAD11] aab"));
    }

    [Fact]
    public void Load_PieceTwice_Throws() => AssertFault(Vocabulary().Piece("ab"), "piece 11", "appears twice");

    [Fact]
    public void Load_NoUnknownPiece_Throws() => AssertFault(new SentencePieceBuilder().Piece("a"), "vocabulary", "has 0 pieces of type 'unknown'");

    [Fact]
    public void Load_ScoreNotFinite_Throws() => AssertFault(Vocabulary().Piece("zz", float.NaN), "piece 11", "has score NaN");

    [Fact]
    public void Load_TypeOutOfRange_Throws() => AssertFault(Vocabulary().Piece("zz", 0, 7), "piece 11", "type 7");

    [Fact]
    public void Load_EmptyPiece_Throws() => AssertFault(Vocabulary().Piece(""), "piece 11", "has 0 UTF-16 code units");

    [Fact]
    public void Load_LongPiece_Throws() => AssertFault(Vocabulary().Piece(new string('a', 513)), "piece 11", "has 513");

    [Fact]
    public void Load_PieceWithoutText_Throws()
    {
        ModelFormatException error = Assert.Throws<ModelFormatException>(() => Load(Bytes(1, Single(2, 1))));
        Assert.Equal("has no text", error.Found);
    }

    [Fact]
    public void Load_PieceNotUtf8_ThrowsWithItsPlace()
    {
        ModelFormatException error = Assert.Throws<ModelFormatException>(() => Load(Bytes(1, Bytes(1, [0xFF]))));
        Assert.Contains("not valid UTF-8", error.Found, StringComparison.Ordinal);
        Assert.Equal(3, error.BytePosition); // behind the keys and lengths of the piece and of its text: 2 + 1, before the length
    }

    [Fact]
    public void Load_RandomBytes_NeverFailsInAnotherWay()
    {
        // Seeded mutations of a whole file: it loads, or it is refused with the error of the format.
        byte[] original = Vocabulary().ToArray();
        var random = new Niwaki.Numerics.SeededRandom(77);
        for (int round = 0; round < 300; round++)
        {
            byte[] bytes = [.. original];
            for (int i = 0; i < 3; i++)
            {
                bytes[random.NextInt(bytes.Length)] = (byte)random.NextInt(256);
            }

            bytes = bytes[..(bytes.Length - (round % 3 == 0 ? random.NextInt(bytes.Length) : 0))];
            try
            {
                Load(bytes).Encode("ab é a");
            }
            catch (NiwakiException)
            {
                // refused
            }
        }
    }

    private static Tokenizer Load(SentencePieceBuilder builder) => Load(builder.ToArray());

    private static Tokenizer Load(byte[] bytes)
    {
        using var folder = new TemporaryFolder();
        folder.Write("tokenizer.model", bytes);
        return Tokenizer.Load(folder.Path);
    }

    private static void AssertFault(SentencePieceBuilder builder, string item, string found)
    {
        var error = Assert.Throws<ModelFormatException>(() => Load(builder));
        Assert.Contains(item, error.Item, StringComparison.Ordinal);
        Assert.Contains(found, error.Found, StringComparison.Ordinal);
        Assert.EndsWith("tokenizer.model", error.File, StringComparison.Ordinal);
    }
}
