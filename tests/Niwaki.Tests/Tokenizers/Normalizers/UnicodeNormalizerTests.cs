using System.Text;
using Niwaki.Numerics;
using Niwaki.Tokenizers.Normalizers;

namespace Niwaki.Tests.Tokenizers.Normalizers;

public sealed class UnicodeNormalizerTests
{
    [Theory]
    [InlineData(NormalizationForm.FormC, "e\u0301 \u212B \u1E9B\u0323", "é Å \u1E9B\u0323")]
    [InlineData(NormalizationForm.FormD, "é Å \u1E9B\u0323", "e\u0301 A\u030A \u017F\u0323\u0307")]
    [InlineData(NormalizationForm.FormKC, "ﬁ ² Ａ \u1E9B\u0323", "fi 2 A \u1E69")]
    [InlineData(NormalizationForm.FormKD, "ﬁ é", "fi e\u0301")]
    [InlineData(NormalizationForm.FormC, "\u1112\u1161\u11AB\u1100\u1173\u11AF", "한글")] // letters of Hangul compose by a formula
    [InlineData(NormalizationForm.FormD, "한글", "\u1112\u1161\u11AB\u1100\u1173\u11AF")]
    [InlineData(NormalizationForm.FormC, "하\u11AB", "한")]
    [InlineData(NormalizationForm.FormC, "a\u0307\u0323", "\u1EA1\u0307")] // sorted by class first: dot below is 220, dot above 230
    [InlineData(NormalizationForm.FormC, "a\u0323\u0323", "\u1EA1\u0323")] // the second of one class is blocked
    [InlineData(NormalizationForm.FormC, "\u0958", "\u0915\u093C")]       // excluded from composition
    [InlineData(NormalizationForm.FormC, "\U0001D15E", "\U0001D157\U0001D165")]
    [InlineData(NormalizationForm.FormC, "\U00011099\U000110BA", "\U0001109A")]
    [InlineData(NormalizationForm.FormC, "\uFFFEe\u0301", "\uFFFEé")] // a code point that is no character; the runtime refuses it
    public void Normalize_ExamplesOfTheStandard_AsGiven(NormalizationForm form, string text, string expected) =>
        Assert.Equal(expected, new UnicodeNormalizer(form).Normalize(text));

    [Fact]
    public void Normalize_NothingToDo_IsTheSameString()
    {
        string text = "plain text, déjà vu, 日本語 🦙";
        Assert.Same(text, new UnicodeNormalizer(NormalizationForm.FormC).Normalize(text));
    }

    [Fact]
    public void Normalize_LongRunOfMarks_IsSortedStably()
    {
        // 40 times (above, below): all dots below (class 220) come first, then all above (230); the first below composes with the a.
        string marks = string.Concat(Enumerable.Repeat("\u0307\u0323", 40));
        string expected = "\u1EA1" + new string('\u0323', 39) + new string('\u0307', 40);
        Assert.Equal(expected, new UnicodeNormalizer(NormalizationForm.FormC).Normalize("a" + marks));
    }

    [Theory]
    [InlineData(NormalizationForm.FormC)]
    [InlineData(NormalizationForm.FormD)]
    [InlineData(NormalizationForm.FormKC)]
    [InlineData(NormalizationForm.FormKD)]
    public void Normalize_AllCharactersAndRandomSequences_EqualTheRuntime(NormalizationForm form)
    {
        Assert.SkipUnless("e\u0301".Normalize() == "é", "This machine has no Unicode data of ICU to compare with.");
        var normalizer = new UnicodeNormalizer(form);
        List<Rune> changing = [];
        for (int code = 0; code < UnicodeMappings.Limit; code++)
        {
            if (!Rune.TryCreate(code, out Rune rune) || IsNoCharacter(code) || IsNewerThanTheData(code))
            {
                continue;
            }

            string text = rune.ToString();
            Assert.Equal(text.Normalize(form), normalizer.Normalize(text));
            if (UnicodeMappings.Instance.ClassOf(code) != 0 || UnicodeMappings.Instance.IsSecond(code) || text != text.Normalize(NormalizationForm.FormKD))
            {
                changing.Add(rune);
            }
        }

        var random = new SeededRandom(4);
        for (int round = 0; round < 10_000; round++)
        {
            string text = string.Concat(Enumerable.Range(0, 1 + random.NextInt(6)).Select(_ =>
                random.NextInt(4) == 0 ? "x" : changing[random.NextInt(changing.Count)].ToString()));
            Assert.Equal(text.Normalize(form), normalizer.Normalize(text));
        }
    }

    /// <summary>Whether a code point is set aside for ever; the runtime refuses to normalise it.</summary>
    private static bool IsNoCharacter(int code) => (code & 0xFFFE) == 0xFFFE || code is >= 0xFDD0 and <= 0xFDEF;

    /// <summary>Whether the runtime knows a change for a character that Unicode 14 does not.</summary>
    private static bool IsNewerThanTheData(int code)
    {
        string text = new Rune(code).ToString();
        bool isKnown = UnicodeMappings.Instance.Decomposes(code, compatibility: true);
        return !isKnown && text.Normalize(NormalizationForm.FormKD) != text;
    }
}
