using Niwaki.Datasets;
using Niwaki.Formats;
using Niwaki.Tokenizers;

namespace Niwaki.Tests.Datasets;

public class TextTokensTests
{
    private static readonly Tokenizer Sample = Tokenizer.Load(RepositoryFiles.Get("samples", "novels-4m"));

    [Fact]
    public void Encode_IdsInTheVocabulary_AsTheTokenizerGivesThem() =>
        Assert.Equal(Sample.Encode("It rained."), TextTokens.Encode(Sample, "It rained.", 4096, "model"));

    // The begin-of-text token has id 0, the letters of a byte-level tokenizer come after the special tokens: no letter has an id below 2.
    [Fact]
    public void Encode_IdBeyondTheVocabulary_Throws()
    {
        ModelFormatException error = Assert.Throws<ModelFormatException>(() => TextTokens.Encode(Sample, "It rained.", 2, "model"));

        Assert.Contains("ids below 2", error.Message, StringComparison.Ordinal);
    }

    // The id of a token that ends documents need not come from the tokenizer.
    [Fact]
    public void EncodeAll_EndOfTextBeyondTheVocabulary_Throws()
    {
        TextDocument[] documents = [new("a", "It rained."), new("b", "It rained.")];
        Assert.Equal(2, TextTokens.EncodeAll(Sample, documents, 4096, "m", 4095).Count(id => id == 4095));
        ModelFormatException error = Assert.Throws<ModelFormatException>(() => TextTokens.EncodeAll(Sample, documents, 4096, "m", 4096));
        Assert.Contains("has id 4096, expected an id below 4096", error.Message, StringComparison.Ordinal);
    }

    /// <summary>The sample's tokenizer begins with 0 and ends with 1.</summary>
    [Fact]
    public void CheckMarkers_EndBeyondTheVocabulary_Throws()
    {
        TextTokens.CheckMarkers(Sample, 2, "m");
        Assert.Contains("has id 1 as end of a text, expected ids below 1", Assert.Throws<ModelFormatException>(() => TextTokens.CheckMarkers(Sample, 1, "m")).Message, StringComparison.Ordinal);
    }
}
