using System.Text.Json;
using System.Text.Json.Nodes;
using Niwaki.Export.Gguf;
using Niwaki.Formats.Gguf;
using Niwaki.Formats.HuggingFace;
using Niwaki.Models;
using Niwaki.Tests.Cli;
using Niwaki.Tests.Export.Gguf;
using Niwaki.Tests.Formats;

namespace Niwaki.Tests.Evaluation;

/// <summary>Perplexity by protocol <c>llamacpp</c> beside what a stock llama.cpp gives for the same GGUF: its ids, its logits, the rule of its tool.</summary>
public sealed class StockLlamaPerplexityTests
{
    private const int Chunk = 96;
    private const int Chunks = 6;

    /// <summary>Byte-level BPE and SentencePiece with a begin of text, which takes the first place of every chunk, and without one.</summary>
    [Theory]
    [InlineData("novels-4m", true)]
    [InlineData("novels-4m", false)]
    [InlineData("stories260K", true)]
    public void Eval_LlamaCpp_AsLlamaCpp(string name, bool begins)
    {
        using var folder = new TemporaryFolder();
        string model = name == "novels-4m" ? CommandRunner.Sample : RepositoryFiles.SharedOrSkip("models", name);
        model = begins ? model : WithoutBegin(model, folder["model"]);
        string gguf = folder["model.gguf"];
        using (Checkpoint checkpoint = Checkpoint.Open(model))
        {
            GgufExport.Plan(checkpoint, ModelConfigReader.Read(checkpoint), new GgufExportOptions { Type = GgufTensorType.F32 })
                .Write(gguf, null, TestContext.Current.CancellationToken);
        }

        (double perplexity, double error) = Expected(gguf, File.ReadAllText(CommandRunner.Text), begins);
        foreach (string path in (string[])[gguf, model])
        {
            JsonElement json = CommandRunner.Run(
                "eval", path, "--file", CommandRunner.Text, "--protocol", "llamacpp", "--window", $"{Chunk}", "--limit", $"{Chunks}", "--json").Json;
            Assert.Equal("llamacpp-96", json.GetProperty("name").GetString());
            Assert.Equal(Chunks * 47, json.GetProperty("tokens").GetInt32());
            double found = json.GetProperty("perplexity").GetDouble();
            TestContext.Current.TestOutputHelper?.WriteLine("{0} ± {1}, llama.cpp {2} ± {3}", found, json.GetProperty("perplexityError"), perplexity, error);

            // A begin of text too many or too few moves it by 1e-3.
            Assert.InRange(found / perplexity, 1 - 1e-5, 1 + 1e-5);
            Assert.InRange(json.GetProperty("perplexityError").GetDouble() / error, 1 - 1e-5, 1 + 1e-5);
        }
    }

    /// <summary>A copy whose tokenizer adds nothing.</summary>
    private static string WithoutBegin(string model, string copy)
    {
        Directory.CreateDirectory(copy);
        foreach (string file in Directory.GetFiles(model))
        {
            File.Copy(file, Path.Combine(copy, Path.GetFileName(file)));
        }

        Change(Path.Combine(copy, "tokenizer.json"), "post_processor", null);
        Change(Path.Combine(copy, "tokenizer_config.json"), "add_bos_token", false);
        return copy;
    }

    private static void Change(string path, string field, JsonNode? value)
    {
        JsonNode json = JsonNode.Parse(File.ReadAllText(path))!;
        json[field] = value;
        File.WriteAllText(path, json.ToJsonString());
    }

    /// <summary>
    /// The rule of its tool: ids with a begin of text where the model wants one, chunks of n, the first id of each replaced by it, the logits of positions n/2 to
    /// n − 2 scored on the id behind; ± is the perplexity times the root of (mean of squares − square of mean) / (count − 1).
    /// </summary>
    private static (double Perplexity, double Error) Expected(string gguf, string text, bool begins)
    {
        using StockLlama peer = StockLlama.Load(gguf);
        int[] ids = peer.Tokenize(text, addSpecial: true);
        Assert.Equal(begins ? 1 : 0, peer.Tokenize("", addSpecial: true).Length);
        double sum = 0, squares = 0;
        int count = 0;
        for (int start = 0; start < Chunk * Chunks; start += Chunk)
        {
            int[] chunk = ids[start..(start + Chunk)];
            chunk[0] = begins ? ids[0] : chunk[0];
            float[] logits = peer.Logits(chunk);
            int vocabulary = logits.Length / Chunk;
            for (int position = Chunk / 2; position < Chunk - 1; position++)
            {
                double[] row = [.. logits.Skip(position * vocabulary).Take(vocabulary).Select(logit => (double)logit)];
                double largest = row.Max();
                double loss = largest + Math.Log(row.Sum(logit => Math.Exp(logit - largest))) - row[ids[start + position + 1]];
                sum += loss;
                squares += loss * loss;
                count++;
            }
        }

        double mean = sum / count;
        return (Math.Exp(mean), Math.Exp(mean) * Math.Sqrt(((squares / count) - (mean * mean)) / (count - 1)));
    }
}
