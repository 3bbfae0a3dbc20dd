using System.Globalization;
using Niwaki.Formats;
using Niwaki.Formats.Gguf;
using Niwaki.Models;

namespace Niwaki.Export.Gguf;

/// <summary>The Modelfile with which <c>ollama create</c> takes a GGUF file in.</summary>
internal static class Modelfile
{
    private const string FileName = "Modelfile";
    private const string FirstLine = "# Written by niwaki export.";

    /// <summary>Writes it beside the file; under the file's own name where a Modelfile of somebody else is there.</summary>
    /// <returns>Its path.</returns>
    public static string Write(string ggufPath, ModelConfig config)
    {
        string folder = Path.GetDirectoryName(Path.GetFullPath(ggufPath))!;
        string path = Path.Combine(folder, FileName);
        if (File.Exists(path) && !IsOurs(path))
        {
            path = Path.Combine(folder, $"{Path.GetFileNameWithoutExtension(ggufPath)}.{FileName}");
        }

        AtomicFile.WriteAllText(path, Text(ggufPath, config));
        return path;
    }

    private static string Text(string ggufPath, ModelConfig config)
    {
        using var file = GgufFile.Open(ggufPath);
        bool hasTemplate = file.Metadata.Find(GgufKeys.ChatTemplate) is not null;

        // Without a template Ollama would wrap the prompt in one of its own making.
        string template = hasTemplate ? "" : "TEMPLATE \"{{ .Prompt }}\"\n";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{FirstLine}\nFROM ./{Path.GetFileName(ggufPath)}\n{template}PARAMETER num_ctx {Math.Min(config.ContextLength, 8192)}\n");
    }

    private static bool IsOurs(string path)
    {
        using var reader = new StreamReader(path);
        return reader.ReadLine() == FirstLine;
    }
}
