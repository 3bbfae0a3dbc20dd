using System.Text.Json.Nodes;
using Niwaki.Formats;
using Niwaki.Tokenizers;

namespace Niwaki.Tests.Tokenizers.HuggingFace;

/// <summary>One test for every fault and every unsupported part of a tokenizer.json.</summary>
public sealed class TokenizerJsonTests
{
    [Theory]
    [InlineData("""{ "a": -1 }""", "'a'", "has id -1", "from 0 to")]
    [InlineData("""{ "a": 4194304 }""", "'a'", "has id 4194304", "from 0 to 4,194,303")]
    [InlineData("""{ "a": 1.5 }""", "'a'", "has id 1.5", "a whole number")]
    [InlineData("""{ "a": "1" }""", "'a'", "has id \"1\"", "a whole number")]
    [InlineData("""{ "a": 1, "b": 1 }""", "'b'", "the id of 'a'", "an id of its own")]
    public void Load_BrokenVocabulary_Throws(string vocabulary, string item, string found, string expected)
    {
        ModelFormatException error = Fault($$"""{ "type": "BPE", "vocab": {{vocabulary}}, "merges": [] }""");
        Assert.Contains(item, error.Item, StringComparison.Ordinal);
        Assert.Contains(found, error.Found, StringComparison.Ordinal);
        Assert.Contains(expected, error.Expected, StringComparison.Ordinal);
        Assert.EndsWith("tokenizer.json", error.File, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"ab\"", "is \"ab\"", "one blank")]
    [InlineData("\"a b c\"", "is \"a b c\"", "one blank")]
    [InlineData("\" b\"", "is \" b\"", "one blank")]
    [InlineData("""["a", "b", "c"]""", "is [\"a\"", "two texts")]
    [InlineData("""["a", 1]""", "is [\"a\"", "two texts")]
    [InlineData("5", "is 5", "two texts")]
    [InlineData("""["a", "x"]""", "is [\"a\",\"x\"]", "has no 'x'")]
    [InlineData("""["b", "a"]""", "is [\"b\",\"a\"]", "has no 'ba'")] // the parts are tokens, their concatenation is not
    public void Load_BrokenMerge_Throws(string merge, string found, string expected)
    {
        ModelFormatException error = Fault($$"""{ "type": "BPE", "vocab": { "a": 0, "b": 1, "ab": 2 }, "merges": [["a", "b"], {{merge}}] }""");
        Assert.Equal("model merge 1", error.Item);
        Assert.Contains(found, error.Found, StringComparison.Ordinal);
        Assert.Contains(expected, error.Expected, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_MergeTwice_Throws()
    {
        ModelFormatException error = Fault("""{ "type": "BPE", "vocab": { "a": 0, "b": 1, "ab": 2 }, "merges": ["a b", "a b"] }""");
        Assert.Contains("not in the list already", error.Expected, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{ "type": "BPE", "vocab": { "a": 0 } }""", "'merges'")]
    [InlineData("""{ "type": "BPE", "vocab": { "a": 0 }, "merges": {} }""", "'merges'")]
    [InlineData("""{ "type": "BPE", "merges": [] }""", "vocab")]
    [InlineData("""{ "type": "BPE", "vocab": [], "merges": [] }""", "vocab")]
    [InlineData("""{ "type": "BPE", "vocab": { "a": 0 }, "merges": [], "unk_token": "x" }""", "'unk_token'")]
    public void Load_BrokenModel_ThrowsNamingTheField(string model, string item) => Assert.Contains(item, Fault(model).Item, StringComparison.Ordinal);

    [Theory]
    [InlineData("""[{ "id": 40, "content": "" }]""", "'content'", "not empty")]
    [InlineData("""[{ "id": -1, "content": "x" }]""", "id", "whole number")]
    [InlineData("""[{ "id": 9999999, "content": "x" }]""", "id", "whole number")]
    [InlineData("""[{ "id": 40, "content": "abc" }]""", "'abc'", "id 7, as in the vocabulary")]
    [InlineData("""[{ "id": 7, "content": "x" }]""", "'x'", "an id of its own")]
    [InlineData("""[{ "id": 40, "content": "x" }, { "id": 40, "content": "x" }]""", "'x'", "each added token once")]
    [InlineData("""[{ "id": 40, "content": "x" }, { "id": 40, "content": "y" }]""", "'y'", "an id of its own")]
    [InlineData("""[5]""", "added_tokens", "an object")]
    public void Load_BrokenAddedToken_Throws(string tokens, string item, string expected)
    {
        ModelFormatException error = Fault(MadeUpTokenizer.Characters, ("added_tokens", tokens));
        Assert.Contains(item, error.Item, StringComparison.Ordinal);
        Assert.Contains(expected, error.Expected, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""[{ "Sequence": { "id": "B" } }]""", "sequence 'A' only")]
    [InlineData("""[{ "SpecialToken": { "id": "<s>" } }]""", "exactly once")]
    [InlineData("""[{ "Sequence": { "id": "A" } }, { "Sequence": { "id": "A" } }]""", "exactly once")]
    [InlineData("""[{ "SpecialToken": { "id": "x" } }, { "Sequence": { "id": "A" } }]""", "an object")]
    [InlineData("""[{ "SpecialToken": { "id": "far" } }, { "Sequence": { "id": "A" } }]""", "ids of tokens")]
    [InlineData("""[{ "SpecialToken": { "id": "none" } }, { "Sequence": { "id": "A" } }]""", "a list of token ids")]
    public void Load_BrokenTemplate_Throws(string single, string expected)
    {
        string tokens = """{ "<s>": { "ids": [1] }, "far": { "ids": [99] }, "none": {} }""";
        string template = $$"""{ "type": "TemplateProcessing", "single": {{single}}, "special_tokens": {{tokens}} }""";
        Assert.Contains(expected, Fault(MadeUpTokenizer.Characters, ("post_processor", template)).Expected, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(32)]
    [InlineData(100_000)]
    public void Load_TemplateOfMoreThanSixtyFourIds_Throws(int mentions)
    {
        // Two ids each: 64 and 2 behind the text, or many more.
        string special = string.Concat(Enumerable.Repeat("""{ "SpecialToken": { "id": "x" } }, """, mentions));
        string single = $$"""[{{special}}{ "Sequence": { "id": "A" } }, { "SpecialToken": { "id": "x" } }]""";
        string template = $$"""{ "type": "TemplateProcessing", "single": {{single}}, "special_tokens": { "x": { "ids": [1, 2] } } }""";
        ModelFormatException error = Fault(MadeUpTokenizer.Characters, ("post_processor", template));
        Assert.Contains("'single'", error.Item, StringComparison.Ordinal);
        Assert.Equal("at most 64", error.Expected);
    }

    [Theory]
    [InlineData("normalizer", "normalizers", """{ "type": "NFC" }""")]
    [InlineData("pre_tokenizer", "pretokenizers", """{ "type": "WhitespaceSplit" }""")]
    [InlineData("decoder", "decoders", """{ "type": "Fuse" }""")]
    public void Load_MoreThanSixtyFourSteps_Throws(string part, string field, string step)
    {
        string Sequence(params string[] steps) => $$"""{ "type": "Sequence", "{{field}}": [{{string.Join(", ", steps)}}] }""";
        string Steps(int count) => Sequence([.. Enumerable.Repeat(step, count)]);
        foreach (string tooMany in (string[])[Steps(65), Steps(100_000), Sequence(Steps(60), Sequence(Steps(5)))])
        {
            ModelFormatException error = Fault(MadeUpTokenizer.Characters, (part, tooMany));
            Assert.Equal(part, error.Item);
            Assert.Equal("at most 64", error.Expected);
        }

        Tokenizer tokenizer = MadeUpTokenizer.Load(parts: (part, Sequence(Steps(60), Steps(4))));
        Assert.Equal("abc", tokenizer.Decode(tokenizer.Encode("abc")));
    }

    // 40 steps write the letter a as two: 2^40 of them; one writes each of 5,000 as 1,000: 5 million.
    [Theory]
    [InlineData(1, 40, 2)]
    [InlineData(5000, 1, 1000)]
    public void Load_AddedTokenThatTheNormalizerBlowsUp_Throws(int letters, int steps, int length)
    {
        string step = $$"""{ "type": "Replace", "pattern": { "String": "a" }, "content": "{{new string('a', length)}}" }""";
        string normalizer = $$"""{ "type": "Sequence", "normalizers": [{{string.Join(", ", Enumerable.Repeat(step, steps))}}] }""";
        string tokens = $$"""[{ "id": 20, "content": "x{{new string('a', letters)}}" }]""";
        ModelFormatException error = Fault(MadeUpTokenizer.Characters, ("added_tokens", tokens), ("normalizer", normalizer));
        Assert.Contains("added token 'xa", error.Item, StringComparison.Ordinal);
        Assert.Contains("4,194,304", error.Found, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("pre_tokenizer", """{ "type": "Split", "pattern": { "String": "" }, "behavior": "Isolated" }""", "pattern")]
    [InlineData("pre_tokenizer", """{ "type": "Split", "pattern": { "String": "x" }, "behavior": "Torn" }""", "behavior")]
    [InlineData("pre_tokenizer", """{ "type": "Split", "pattern": { "String": "x" } }""", "behavior")]
    [InlineData("pre_tokenizer", """{ "type": "Metaspace", "replacement": "ab" }""", "replacement")]
    [InlineData("pre_tokenizer", """{ "type": "Metaspace", "replacement": "_", "prepend_scheme": "last" }""", "prepend_scheme")]
    [InlineData("pre_tokenizer", """{ "pattern": "x" }""", "type")]
    [InlineData("normalizer", """{ "type": "Replace", "pattern": { "String": "" }, "content": "" }""", "pattern")]
    [InlineData("decoder", """{ "type": "Strip", "content": " ", "start": -1, "stop": 0 }""", "start")]
    [InlineData("decoder", """{ "type": "Strip", "content": "", "start": 1, "stop": 0 }""", "content")]
    public void Load_BrokenComponent_ThrowsNamingTheField(string part, string json, string item) =>
        Assert.Contains(item, Fault(MadeUpTokenizer.Characters, (part, json)).Item, StringComparison.Ordinal);

    [Theory]
    [InlineData("normalizer", """{ "type": "BertNormalizer" }""", "BertNormalizer", "NFC")]
    [InlineData("normalizer", """{ "type": "Sequence", "normalizers": [{ "type": "Precompiled" }] }""", "Precompiled", "NFC")]
    [InlineData("normalizer", """{ "type": "Replace", "pattern": { "Regex": "a+" }, "content": "" }""", "Regex", "String")]
    [InlineData("pre_tokenizer", """{ "type": "BertPreTokenizer" }""", "BertPreTokenizer", "Metaspace")]
    [InlineData("pre_tokenizer", """{ "type": "Split", "pattern": { "Regex": "\\p{Han}" }, "behavior": "Isolated" }""", "Han", "Oniguruma")]
    [InlineData("post_processor", """{ "type": "RobertaProcessing" }""", "RobertaProcessing", "TemplateProcessing")]
    [InlineData("decoder", """{ "type": "WordPiece" }""", "WordPiece", "ByteFallback")]
    [InlineData("decoder", """{ "type": "Replace", "pattern": { "Regex": "a+" }, "content": "" }""", "Regex", "String")]
    public void Load_UnsupportedComponent_ThrowsNamingTypeAndSupport(string part, string json, string found, string supported)
    {
        var error = Assert.Throws<UnsupportedModelException>(() => MadeUpTokenizer.Load(parts: (part, json)));
        Assert.Contains(part, error.Subject, StringComparison.Ordinal);
        Assert.Contains(found, error.Found, StringComparison.Ordinal);
        Assert.Contains(supported, error.Supported, StringComparison.Ordinal);
        Assert.Contains("tokenizer.json", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("type", "\"Unigram\"", "Unigram")]
    [InlineData("dropout", "0.1", "0.1")]
    [InlineData("continuing_subword_prefix", "\"##\"", "##")]
    [InlineData("end_of_word_suffix", "\"@@\"", "@@")]
    public void Load_UnsupportedModelOption_Throws(string field, string json, string found)
    {
        var error = Assert.Throws<UnsupportedModelException>(() => MadeUpTokenizer.Load(edit: model => model[field] = JsonNode.Parse(json)));
        Assert.Contains(found, error.Found, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_NoTypeOfModel_IsBytePairs() =>
        Assert.Equal([7], MadeUpTokenizer.Load(edit: model => model.Remove("type")).Encode("abc"));

    [Fact]
    public void Load_MergesAsTexts_SameAsPairs()
    {
        string[] merges = ["a b", "ab c", "b c", "▁ a", "1 1"];
        Tokenizer tokenizer = MadeUpTokenizer.Load(edit: model => model["merges"] = new JsonArray([.. merges.Select(merge => JsonValue.Create(merge))]));
        Assert.Equal([8, 7, 12], tokenizer.Encode("▁aabc11"));
    }

    [Fact]
    public void Encode_SequenceWithBytesInTheMiddle_NextStepSeesTheAlphabet()
    {
        // After ByteLevel the text is "aĠb"; the next step cuts at Ġ.
        const string Steps = """
            {
              "type": "Sequence",
              "pretokenizers": [
                { "type": "ByteLevel", "add_prefix_space": false, "use_regex": false },
                { "type": "Split", "pattern": { "String": "Ġ" }, "behavior": "Removed" }
              ]
            }
            """;
        Tokenizer tokenizer = MadeUpTokenizer.Load(MadeUpTokenizer.Bytes("a Ġ"), null, ("pre_tokenizer", Steps));
        Assert.Equal(['a', 'b'], tokenizer.Encode("a b").Select(id => (char)id));
    }

    [Fact]
    public void Encode_NormalizedAddedToken_IsFoundInTheNormalizedText()
    {
        // The token's own content is normalised too: looked for is "▁x", so that it counts at the beginning and behind a blank only.
        Tokenizer tokenizer = MadeUpTokenizer.Load(parts:
        [
            ("added_tokens", """[{ "id": 20, "content": "x", "normalized": true }]"""),
            ("normalizer", """
                {
                  "type": "Sequence",
                  "normalizers": [{ "type": "Prepend", "prepend": "▁" }, { "type": "Replace", "pattern": { "String": " " }, "content": "▁" }]
                }
                """),
        ]);
        Assert.Equal([20, 2, 20, 2], tokenizer.Encode("xa xa"));
        Assert.Equal([8, 0], tokenizer.Encode("ax"));
    }

    [Fact]
    public void Encode_NestedTemplates_TheLastIsOutermost()
    {
        static string Template(int id) => $$"""
            {
              "type": "TemplateProcessing",
              "single": [{ "SpecialToken": { "id": "x" } }, { "Sequence": { "id": "A" } }, { "SpecialToken": { "id": "x" } }],
              "special_tokens": { "x": { "ids": [{{id}}] } }
            }
            """;
        string sequence = $$"""{ "type": "Sequence", "processors": [{{Template(1)}}, { "type": "ByteLevel" }, {{Template(2)}}] }""";
        Assert.Equal([2, 1, 7, 1, 2], MadeUpTokenizer.Load(parts: ("post_processor", sequence)).Encode("abc"));
    }

    [Fact]
    public void Load_MutatedFile_LoadsOrIsRefused()
    {
        // A value of a file with every component is replaced by one of another kind; any other error would be a hole in the checks.
        string original = MadeUpTokenizer.Write(
            MadeUpTokenizer.Characters,
            null,
            ("added_tokens", """[{ "id": 1, "content": "<s>", "special": true, "normalized": false, "lstrip": true, "single_word": false }]"""),
            ("normalizer", """{ "type": "Sequence", "normalizers": [{ "type": "NFC" }, { "type": "Prepend", "prepend": "▁" }, { "type": "Strip" }] }"""),
            ("pre_tokenizer", """
                {
                  "type": "Sequence",
                  "pretokenizers": [
                    { "type": "Split", "pattern": { "Regex": "a+" }, "behavior": "Isolated", "invert": false },
                    { "type": "Metaspace", "replacement": "▁", "prepend_scheme": "first", "split": true }
                  ]
                }
                """),
            ("post_processor", """
                {
                  "type": "TemplateProcessing", "single": [{ "SpecialToken": { "id": "<s>" } }, { "Sequence": { "id": "A" } }],
                  "special_tokens": { "<s>": { "id": "<s>", "ids": [1] } }
                }
                """),
            ("decoder", """{ "type": "Sequence", "decoders": [{ "type": "Fuse" }, { "type": "Strip", "content": " ", "start": 1, "stop": 0 }] }"""));
        string[] values = ["null", "-1", "5", "1e300", "\"\"", "\"x\"", "\"Sequence\"", "[]", "[[]]", "{}", "{\"type\":\"Split\"}", "true", "[1,\"a\"]"];
        var random = new Niwaki.Numerics.SeededRandom(21);
        for (int round = 0; round < 400; round++)
        {
            JsonNode root = JsonNode.Parse(original)!;
            Replace(root, JsonNode.Parse(values[random.NextInt(values.Length)]), random);
            using var folder = new Niwaki.Tests.Formats.TemporaryFolder();
            folder.Write("tokenizer.json", root.ToJsonString());
            try
            {
                Tokenizer tokenizer = Tokenizer.Load(folder.Path);
                tokenizer.Decode(tokenizer.Encode("a abc <s>é11"));
            }
            catch (NiwakiException)
            {
                // refused
            }
        }
    }

    /// <summary>Goes down at random, and replaces what it comes to.</summary>
    private static void Replace(JsonNode node, JsonNode? value, Niwaki.Numerics.SeededRandom random)
    {
        while (true)
        {
            if (node is JsonObject { Count: > 0 } fields)
            {
                string name = fields.ElementAt(random.NextInt(fields.Count)).Key;
                if (fields[name] is not (JsonObject or JsonArray) || random.NextInt(4) == 0)
                {
                    fields[name] = value;
                    return;
                }

                node = fields[name]!;
            }
            else if (node is JsonArray { Count: > 0 } list)
            {
                int index = random.NextInt(list.Count);
                if (list[index] is not (JsonObject or JsonArray) || random.NextInt(4) == 0)
                {
                    list[index] = value;
                    return;
                }

                node = list[index]!;
            }
            else
            {
                return;
            }
        }
    }

    private static ModelFormatException Fault(string model, params (string Name, string Json)[] parts) =>
        Assert.Throws<ModelFormatException>(() => MadeUpTokenizer.Load(model, null, parts));
}
