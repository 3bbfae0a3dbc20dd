using System.Text;
using Niwaki.Numerics;
using Niwaki.Tokenizers;

namespace Niwaki.Tests.Tokenizers;

public sealed class StreamingDecoderTests
{
    [Fact]
    public void Add_BytesOfOneCharacter_TextComesWithTheLast()
    {
        // U+1F332 is F0 9F 8C B2 in UTF-8; ids of this model are bytes.
        StreamingDecoder decoder = ByteLevel().CreateStreamingDecoder();
        Assert.Equal("", decoder.Add(0xF0));
        Assert.Equal("", decoder.Add(0x9F));
        Assert.Equal("", decoder.Add(0x8C));
        Assert.Equal("🌲", decoder.Add(0xB2));
        Assert.Equal("a", decoder.Add('a'));
        Assert.Equal("", decoder.Finish());
    }

    [Fact]
    public void Finish_UnfinishedCharacter_BecomesReplacement()
    {
        StreamingDecoder decoder = ByteLevel().CreateStreamingDecoder();
        Assert.Equal("a", decoder.Add('a'));
        Assert.Equal("", decoder.Add(0xF0));
        Assert.Equal("\uFFFD", decoder.Finish());
    }

    [Fact]
    public void Add_ByteFallback_WholeCharactersOnly()
    {
        // é is C3 A9: ids 13 and 14. A lone C3 before another token is no character.
        StreamingDecoder decoder = Fallback().CreateStreamingDecoder();
        Assert.Equal("", decoder.Add(13));
        Assert.Equal("é", decoder.Add(14));
        Assert.Equal("", decoder.Add(13));
        Assert.Equal("\uFFFDa", decoder.Add(2));
        Assert.Equal("", decoder.Finish());
    }

    [Fact]
    public void Add_LeadingMetaspace_IsStrippedOnce()
    {
        StreamingDecoder decoder = Fallback().CreateStreamingDecoder();
        Assert.Equal("a", decoder.Add(8));  // ▁a at the beginning
        Assert.Equal(" a", decoder.Add(8)); // ▁a later
    }

    [Fact]
    public void Add_AnyIds_TextsTogetherEqualDecode()
    {
        var random = new SeededRandom(5);
        foreach (Tokenizer tokenizer in (Tokenizer[])[ByteLevel(), Fallback()])
        {
            for (int round = 0; round < 200; round++)
            {
                int[] ids = [.. Enumerable.Range(0, random.NextInt(20)).Select(_ => random.NextInt(tokenizer.VocabularySize))];
                StreamingDecoder decoder = tokenizer.CreateStreamingDecoder();
                var text = new StringBuilder();
                foreach (int id in ids)
                {
                    text.Append(decoder.Add(id));
                }

                text.Append(decoder.Finish());
                Assert.Equal(tokenizer.Decode(ids), text.ToString());
            }
        }
    }

    private static Tokenizer ByteLevel() => MadeUpTokenizer.Load(MadeUpTokenizer.Bytes(), null, ("decoder", """{ "type": "ByteLevel" }"""));

    private static Tokenizer Fallback() => MadeUpTokenizer.Load(parts: ("decoder", """
        {
          "type": "Sequence",
          "decoders": [
            { "type": "Replace", "pattern": { "String": "▁" }, "content": " " }, { "type": "ByteFallback" }, { "type": "Fuse" },
            { "type": "Strip", "content": " ", "start": 1, "stop": 0 }
          ]
        }
        """));
}
