using System.Diagnostics;
using System.Text.Json.Nodes;

namespace Niwaki.Benchmarks;

/// <summary>The program around a stock llama.cpp that the tests use, as a child process.</summary>
internal sealed class LlamaProcess : IDisposable
{
    private readonly Process _process;

    /// <summary>Starts it and loads a model.</summary>
    /// <param name="program">tests/Niwaki.LlamaCpp, built.</param>
    /// <param name="library">Folder of the library.</param>
    /// <param name="file">GGUF file.</param>
    /// <param name="repack">Whether it repacks weights.</param>
    public LlamaProcess(string program, string library, string file, bool repack)
    {
        _process = Process.Start(new ProcessStartInfo(program, [library]) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false })!;
        _process.ErrorDataReceived += (_, _) => { };
        _process.BeginErrorReadLine();
        Ask(new JsonObject { ["op"] = "load", ["path"] = file, ["repack"] = repack });
    }

    /// <summary>Asks one thing.</summary>
    public JsonNode Ask(JsonObject request)
    {
        _process.StandardInput.WriteLine(request.ToJsonString());
        _process.StandardInput.Flush();
        JsonNode answer = JsonNode.Parse(_process.StandardOutput.ReadLine() ?? throw new InvalidOperationException("llama.cpp ended."))!;
        return answer["error"] is { } error ? throw new InvalidOperationException(error.GetValue<string>()) : answer;
    }

    public void Dispose()
    {
        _process.StandardInput.Close();
        _process.WaitForExit();
        _process.Dispose();
    }
}
