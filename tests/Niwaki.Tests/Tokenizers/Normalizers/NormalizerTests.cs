using System.Text;
using Niwaki.Tokenizers.Normalizers;

namespace Niwaki.Tests.Tokenizers.Normalizers;

public sealed class NormalizerTests
{
    [Theory]
    [InlineData("ABC ÄÖ Ж𐐀", "abc äö ж𐐨")]
    [InlineData("\u0130", "i\u0307")] // the one character whose lower case is two
    [InlineData("ΟΔΟΣ", "οδοσ")]     // no final sigma: character by character
    public void Lowercase_Text_CharacterByCharacter(string text, string expected) => Assert.Equal(expected, new LowercaseNormalizer().Normalize(text));

    [Theory]
    [InlineData(NormalizationForm.FormC, "é")]
    [InlineData(NormalizationForm.FormD, "e\u0301")]
    public void Unicode_Accent_ComposesOrDecomposes(NormalizationForm form, string expected)
    {
        Assert.Equal(expected, new UnicodeNormalizer(form).Normalize("é"));
        Assert.Equal(expected, new UnicodeNormalizer(form).Normalize("e\u0301"));
    }

    [Fact]
    public void Unicode_Compatibility_Folds() => Assert.Equal("fi 2 A", new UnicodeNormalizer(NormalizationForm.FormKC).Normalize("ﬁ ² Ａ"));

    [Theory]
    [InlineData(true, true, "a b")]
    [InlineData(true, false, "a b\u3000\n")]
    [InlineData(false, true, " \ta b")]
    [InlineData(false, false, " \ta b\u3000\n")]
    public void Strip_Sides_AsAsked(bool left, bool right, string expected) =>
        Assert.Equal(expected, new StripNormalizer(left, right).Normalize(" \ta b\u3000\n"));

    [Fact]
    public void Sequence_Llama_PrependsAndReplaces()
    {
        var normalizer = new SequenceNormalizer([new PrependNormalizer("▁"), new ReplaceNormalizer(" ", "▁")]);
        Assert.Equal("▁a▁▁b", normalizer.Normalize("a  b"));
        Assert.Equal("", normalizer.Normalize(""));
    }

    [Theory]
    [InlineData(true, false, true, " a  b ", "▁▁a▁▁b▁")]
    [InlineData(true, true, true, " a  b ", "▁a▁b")]
    [InlineData(false, true, true, " a  b ", "a▁b")]
    [InlineData(false, false, false, " a", " a")]
    [InlineData(true, true, true, "   ", "")]
    [InlineData(true, false, true, "", "")]
    public void SentencePiece_Options_TreatBlanksAsNamed(bool prefix, bool removes, bool escapes, string text, string expected) =>
        Assert.Equal(expected, new SentencePieceNormalizer(prefix, removes, escapes).Normalize(text));
}
