using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json.Nodes;

namespace Niwaki.Tests.Export.Gguf;

/// <summary>A stock llama.cpp in a process of its own: it ends its process where a model is broken, and the test must outlive that.</summary>
internal sealed class StockLlama : IDisposable
{
    /// <summary>Where this is set to 1, a test that cannot have llama.cpp fails instead of being skipped.</summary>
    private const string RequiredVariable = "NIWAKI_REQUIRE_LLAMA_CPP";

    private static readonly Lazy<(string? Folder, string Reason)> Library = new(Fetch);

    /// <summary>Processes that wait for their next user: starting one takes far longer than loading a small model.</summary>
    private static readonly ConcurrentBag<StockLlama> Idle = [];

    private readonly Process _process;
    private readonly StringBuilder _errors = new();

    private StockLlama()
    {
        string program = Path.Combine(AppContext.BaseDirectory, "Niwaki.LlamaCpp.dll");
        _process = Process.Start(new ProcessStartInfo("dotnet", [program, FolderOrSkip()])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        _process.ErrorDataReceived += (_, line) => _errors.AppendLine(line.Data);
        _process.BeginErrorReadLine();
    }

    /// <summary>Loads a model.</summary>
    /// <exception cref="InvalidOperationException">llama.cpp refuses it; the message says why.</exception>
    public static StockLlama Load(string model)
    {
        StockLlama llama = Codecs();
        try
        {
            llama.Ask(new JsonObject { ["op"] = "load", ["path"] = model });
            return llama;
        }
        catch
        {
            llama.Dispose();
            throw;
        }
    }

    /// <summary>The library without a model, for the encodings.</summary>
    public static StockLlama Codecs()
    {
        FolderOrSkip();
        while (Idle.TryTake(out StockLlama? waiting))
        {
            if (!waiting._process.HasExited)
            {
                return waiting;
            }
        }

        return new StockLlama();
    }

    /// <summary>Logits behind every token, [tokens, vocabulary] row by row.</summary>
    public float[] Logits(int[] ids, bool flashAttention = false) =>
        ToFloats(Ask(new JsonObject { ["op"] = "logits", ["ids"] = ToJson(ids), ["flash"] = flashAttention }));

    public int[] Tokenize(string text, bool addSpecial) =>
        [.. Ask(new JsonObject { ["op"] = "tokenize", ["text"] = text, ["special"] = addSpecial })["ids"]!.AsArray().Select(id => id!.GetValue<int>())];

    public byte[] Encode(int type, float[] values, int columns) => Convert.FromBase64String(
        Ask(new JsonObject { ["op"] = "encode", ["type"] = type, ["columns"] = columns, ["floats"] = ToText(values) })["bytes"]!.GetValue<string>());

    public float[] Decode(string name, byte[] bytes, int count) =>
        ToFloats(Ask(new JsonObject { ["op"] = "decode", ["name"] = name, ["count"] = count, ["bytes"] = Convert.ToBase64String(bytes) }));

    /// <summary>Leaves the process to the next user. It ends when this process does, since its input ends then.</summary>
    public void Dispose() => Idle.Add(this);

    private JsonNode Ask(JsonObject request)
    {
        try
        {
            _process.StandardInput.WriteLine(request.ToJsonString());
            _process.StandardInput.Flush();
        }
        catch (IOException)
        {
            // The process has ended; what it said comes below.
        }

        JsonNode answer = _process.StandardOutput.ReadLine() is { } line ? JsonNode.Parse(line)! : throw new InvalidOperationException(Ending());
        return answer["error"] is { } error ? throw new InvalidOperationException(error.GetValue<string>()) : answer;
    }

    /// <summary>How the process ended and what it said.</summary>
    private string Ending()
    {
        _process.WaitForExit();
        return $"llama.cpp ended with code {_process.ExitCode}: {_errors}";
    }

    private static string FolderOrSkip()
    {
        (string? folder, string reason) = Library.Value;
        if (folder is null && Environment.GetEnvironmentVariable(RequiredVariable) == "1")
        {
            throw new InvalidOperationException(reason);
        }

        Assert.SkipWhen(folder is null, reason);
        return folder!;
    }

    private static (string? Folder, string Reason) Fetch()
    {
        if (!OperatingSystem.IsLinux() || RuntimeInformation.ProcessArchitecture != Architecture.X64)
        {
            return (null, "The stock llama.cpp is fetched for Linux on x64 only.");
        }

        using var script = Process.Start(new ProcessStartInfo(RepositoryFiles.Get("scripts", "fetch-llama-cpp.sh"))
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        Task<string> errors = script.StandardError.ReadToEndAsync();
        string folder = script.StandardOutput.ReadToEnd().Trim();
        script.WaitForExit();
        return script.ExitCode == 0 ? (folder, "") : (null, $"A stock llama.cpp could not be fetched: {errors.GetAwaiter().GetResult().Trim()}");
    }

    private static JsonArray ToJson(int[] ids) => new([.. ids.Select(id => (JsonNode)id)]);

    private static string ToText(float[] values) => Convert.ToBase64String(MemoryMarshal.AsBytes<float>(values));

    private static float[] ToFloats(JsonNode answer) => MemoryMarshal.Cast<byte, float>(Convert.FromBase64String(answer["floats"]!.GetValue<string>())).ToArray();
}
