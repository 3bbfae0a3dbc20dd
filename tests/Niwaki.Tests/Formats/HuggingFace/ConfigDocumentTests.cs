using System.Text;
using System.Text.Json.Nodes;
using Niwaki.Formats;
using Niwaki.Formats.HuggingFace;

namespace Niwaki.Tests.Formats.HuggingFace;

public sealed class ConfigDocumentTests
{
    private const string Example = """
        {
          "model_type": "llama",
          "hidden_size": -3,
          "vocab_size": 32000,
          "rms_norm_eps": 1e-05,
          "rope_theta": 500000,
          "tie_word_embeddings": false,
          "sliding_window": null,
          "architectures": ["A", "B"],
          "eos_token_id": [1, 2],
          "bos_token_id": 7,
          "mixed": [1, "x"],
          "rope_scaling": {"factor": 8.0, "rope_type": 5},
          "per_layer_config": {"1": {"intermediate_size": 10}, "0": {"intermediate_size": 20}},
          "bad_names": {"0": {}, "00": {}},
          "bad_range": {"2": {}},
          "bad_sign": {"-1": {}},
          "bad_item": {"0": 4}
        }
        """;

    private readonly ConfigDocument _config = Parse(Example);

    [Fact]
    public void Getters_FittingFields_GiveTheirValues()
    {
        Assert.Equal("llama", _config.GetString("model_type"));
        Assert.Equal(32_000, _config.GetInt32("vocab_size", 1, 1 << 20));
        Assert.Equal(1e-5, _config.GetDouble("rms_norm_eps", 0, 1));
        Assert.Equal(500_000, _config.GetDouble("rope_theta")); // a whole number is a number
        Assert.False(_config.GetBoolean("tie_word_embeddings"));
        Assert.Equal(["A", "B"], _config.GetStringsOrNull("architectures"));
        Assert.Equal([1, 2], _config.GetInt32sOrNull("eos_token_id", 0, 9));
        Assert.Equal([7], _config.GetInt32sOrNull("bos_token_id", 0, 9));
        Assert.Equal([1.0, 2.0], _config.GetDoublesOrNull("eos_token_id"));
        Assert.Equal(8.0, _config.GetObject("rope_scaling").GetDouble("factor"));
    }

    [Theory]
    [InlineData("sliding_window")] // null counts as absent
    [InlineData("no_such_field")]
    public void Getters_AbsentField_GiveNullOrSayMissing(string name)
    {
        Assert.False(_config.Has(name));
        Assert.Null(_config.GetInt32OrNull(name, 0, 9));
        Assert.Null(_config.GetDoubleOrNull(name));
        Assert.Null(_config.GetBooleanOrNull(name));
        Assert.Null(_config.GetStringOrNull(name));
        Assert.Null(_config.GetStringsOrNull(name));
        Assert.Null(_config.GetInt32sOrNull(name, 0, 9));
        Assert.Null(_config.GetDoublesOrNull(name));
        Assert.Null(_config.GetObjectOrNull(name));
        Assert.Null(_config.GetObjectsByIndexOrNull(name, 2));
        ModelFormatException error = Assert.Throws<ModelFormatException>(() => _config.GetInt32(name, 0, 9));
        Assert.Equal($"config.json: '{name}' is missing, expected a whole number from 0 to 9.", error.Message);
        Assert.Throws<ModelFormatException>(() => _config.GetDouble(name));
        Assert.Throws<ModelFormatException>(() => _config.GetBoolean(name));
        Assert.Throws<ModelFormatException>(() => _config.GetString(name));
        Assert.Throws<ModelFormatException>(() => _config.GetObject(name));
    }

    public static TheoryData<Func<ConfigDocument, object?>, string> Faults => new()
    {
        { c => c.GetInt32("hidden_size", 1, 1 << 20), "'hidden_size' is -3, expected a whole number from 1 to 1,048,576." },
        { c => c.GetInt32("rms_norm_eps", 0, 9), "'rms_norm_eps' is 1e-05, expected a whole number from 0 to 9." },
        { c => c.GetInt32("model_type", 0, 9), "'model_type' is \"llama\", expected a whole number from 0 to 9." },
        { c => c.GetInt32("tie_word_embeddings", 0, 9), "'tie_word_embeddings' is false, expected a whole number from 0 to 9." },
        { c => c.GetDouble("hidden_size", 0), "'hidden_size' is -3, expected a number of 0 or more." },
        { c => c.GetDouble("vocab_size", max: 1.5), "'vocab_size' is 32000, expected a number of 1.5 or less." },
        { c => c.GetDouble("vocab_size", 0, 1), "'vocab_size' is 32000, expected a number from 0 to 1." },
        { c => c.GetDouble("model_type"), "'model_type' is \"llama\", expected a number." },
        { c => c.GetBoolean("vocab_size"), "'vocab_size' is 32000, expected true or false." },
        { c => c.GetString("vocab_size"), "'vocab_size' is 32000, expected a text." },
        { c => c.GetObject("vocab_size"), "'vocab_size' is 32000, expected an object." },
        { c => c.GetStringsOrNull("model_type"), "'model_type' is \"llama\", expected a list." },
        { c => c.GetStringsOrNull("mixed"), "'mixed[0]' is 1, expected a text." },
        { c => c.GetDoublesOrNull("mixed"), "'mixed[1]' is \"x\", expected a number." },
        { c => c.GetInt32sOrNull("eos_token_id", 0, 1), "'eos_token_id[1]' is 2, expected a whole number from 0 to 1." },
        { c => c.GetInt32sOrNull("bos_token_id", 0, 1), "'bos_token_id' is 7, expected a whole number from 0 to 1, or a list of such." },
        { c => c.GetObject("rope_scaling").GetString("rope_type"), "'rope_scaling.rope_type' is 5, expected a text." },
        { c => c.GetObjectsByIndexOrNull("rope_scaling", 2), "'rope_scaling' has the name 'factor', expected names from 0 to 1." },
        { c => c.GetObjectsByIndexOrNull("bad_names", 2), "'bad_names' has the name '00', expected names from 0 to 1." },
        { c => c.GetObjectsByIndexOrNull("bad_range", 2), "'bad_range' has the name '2', expected names from 0 to 1." },
        { c => c.GetObjectsByIndexOrNull("bad_sign", 2), "'bad_sign' has the name '-1', expected names from 0 to 1." },
        { c => c.GetObjectsByIndexOrNull("bad_item", 2), "'bad_item.0' is 4, expected an object." },
        {
            c => c.GetObjectsByIndexOrNull("per_layer_config", 2)![1].GetInt32("intermediate_size", 11, 12),
            "'per_layer_config.1.intermediate_size' is 10, expected a whole number from 11 to 12."
        },
    };

    [Theory]
    [MemberData(nameof(Faults), DisableDiscoveryEnumeration = true)]
    public void Getters_WrongField_NameFileFieldFoundAndRule(Func<ConfigDocument, object?> get, string expected)
    {
        ModelFormatException error = Assert.Throws<ModelFormatException>(() => get(_config));
        Assert.Equal($"config.json: {expected}", error.Message);
    }

    [Fact]
    public void GetObjectsByIndexOrNull_NumberedObjects_AreSortedByNumber()
    {
        IReadOnlyDictionary<int, ConfigDocument> byIndex = _config.GetObjectsByIndexOrNull("per_layer_config", 2)!;
        Assert.Equal([0, 1], byIndex.Keys);
        Assert.Equal(20, byIndex[0].GetInt32("intermediate_size", 1, 100));
    }

    [Theory]
    [InlineData("[1]")]
    [InlineData("null")]
    [InlineData("3")]
    public void Parse_NotAnObject_Throws(string json)
    {
        ModelFormatException error = Assert.Throws<ModelFormatException>(() => Parse(json));
        Assert.Equal($"config.json: file holds {json}, expected a JSON object.", error.Message);
    }

    [Fact]
    public void With_ChangedAndNewFields_KeepsOrderSpellingAndUnknownFields()
    {
        ConfigDocument source = Parse("""{"b": 1e-05, "unknown": {"x": [1.50, "ü<&>"]}, "a": 1, "z": null}""");
        var changes = new Dictionary<string, JsonNode?> { ["a"] = 2, ["new"] = new JsonArray(1, 2), ["z"] = null, ["empty"] = null };
        using var stream = new MemoryStream();
        source.With(changes).WriteTo(stream);

        const string Expected = """
            {
              "b": 1e-05,
              "unknown": {
                "x": [
                  1.50,
                  "ü<&>"
                ]
              },
              "a": 2,
              "z": null,
              "new": [
                1,
                2
              ],
              "empty": null
            }

            """;
        Assert.Equal(Expected.ReplaceLineEndings("\n"), Encoding.UTF8.GetString(stream.ToArray()));
        Assert.Equal(1, source.GetInt32("a", 0, 9)); // the source did not change
    }

    [Fact]
    public void With_NumberThatIsNotFinite_Throws() =>
        Assert.Throws<ArgumentException>(() => _config.With(new Dictionary<string, JsonNode?> { ["x"] = double.NaN }));

    [Fact]
    public void Without_SomeFields_KeepsTheRest()
    {
        ConfigDocument rest = Parse("""{"a":1,"b":2,"c":3}""").Without("b", "absent");
        Assert.Equal(["a", "c"], rest.Names);
    }

    [Fact]
    public void With_NestedObject_KeepsThePathInErrors()
    {
        ConfigDocument nested = _config.GetObject("rope_scaling").With(new Dictionary<string, JsonNode?> { ["factor"] = "big" });
        ModelFormatException error = Assert.Throws<ModelFormatException>(() => nested.GetDouble("factor"));
        Assert.Equal("'rope_scaling.factor'", error.Item);
    }

    [Fact]
    public void WriteTo_Path_RoundTrips()
    {
        using var folder = new TemporaryFolder();
        _config.WriteTo(folder["config.json"]);
        ConfigDocument read = ConfigDocument.Read(folder["config.json"]);
        Assert.Equal(_config.Names, read.Names);
        Assert.Equal("1e-05", read.Root.GetProperty("rms_norm_eps").GetRawText());
        Assert.Equal(["config.json"], folder.Names);
    }

    private static ConfigDocument Parse(string json) => ConfigDocument.Parse(Encoding.UTF8.GetBytes(json), "folder/config.json");
}
