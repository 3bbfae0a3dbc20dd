using System.Diagnostics;
using Niwaki.Evaluation;
using Niwaki.Export.HuggingFace;
using Niwaki.Models;
using Niwaki.Tests.Formats;
using Niwaki.Tests.Models;

namespace Niwaki.Tests.Export.HuggingFace;

/// <summary>Exports every case once and has <c>tests/python/verify_hf.py</c> run all folders in one process, which takes seconds to start.</summary>
public sealed class PythonRun : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly Lazy<IReadOnlyDictionary<string, string>?> _lines;

    public PythonRun() => _lines = new Lazy<IReadOnlyDictionary<string, string>?>(Run);

    /// <summary>The line that the script printed for a case; null where there is no Python with torch.</summary>
    public string? LineOf(string name) => _lines.Value?.GetValueOrDefault(name, "no line");

    public void Dispose() => _folder.Dispose();

    private Dictionary<string, string>? Run()
    {
        if (FindPython() is not { } python)
        {
            return null;
        }

        string[] arguments = [.. ExportCase.All.SelectMany(Export), .. Wrong("llama-uniform"), .. Wrong("qwen2-hetero-hf"), .. Wrong("llama-nemotron-nas")];
        (int _, string output) = Start(python, [RepositoryFiles.Get("tests", "python", "verify_hf.py"), .. arguments]);
        return output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => (Name: line.Split(' ', 3).ElementAtOrDefault(1)?.TrimEnd(':') ?? "", Line: line))
            .GroupBy(pair => Path.GetFileName(pair.Name)).ToDictionary(group => group.Key, group => group.Last().Line, StringComparer.Ordinal);
    }

    private string[] Export(ExportCase item)
    {
        using var model = new OpenModel(item.Spec);
        string target = _folder[item.Name], logits = _folder[item.Name + ".safetensors"];
        HuggingFaceExport.Plan(model.Checkpoint, model.Config, item.Profile).Write(target, cancellationToken: TestContext.Current.CancellationToken);
        using Transformer transformer = model.Load();
        LogitFile.Write(logits, transformer, model.Windows(40)[0], cancellationToken: TestContext.Current.CancellationToken);
        return [target, logits];
    }

    /// <summary>A folder with the logits of another model, which must be found out.</summary>
    private string[] Wrong(string name)
    {
        string copy = _folder["wrong-" + name];
        Directory.CreateDirectory(copy);
        foreach (string file in Directory.EnumerateFiles(_folder[name]))
        {
            File.Copy(file, Path.Combine(copy, Path.GetFileName(file)));
        }

        return [copy, _folder["qwen3-uniform.safetensors"]];
    }

    /// <summary>A Python that can import torch; Debian's package is one for the system's own.</summary>
    private static string? FindPython() => ((string[])["/usr/bin/python3", "python3"]).FirstOrDefault(python =>
    {
        try
        {
            return Start(python, ["-c", "import torch"]).ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    });

    private static (int ExitCode, string Output) Start(string program, IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(program) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        foreach (string argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        using Process process = Process.Start(start)!;
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        _ = error.Result;
        return (process.ExitCode, output);
    }
}
