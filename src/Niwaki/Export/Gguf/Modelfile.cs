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
    private const string FromHere = "FROM ./";

    /// <summary>Bytes of a Modelfile that may be ours: its longest line holds the name of a file.</summary>
    private const int MaxBytes = 1 << 14;

    /// <summary>Writes it beside the file; under the file's own name where a Modelfile is there that is not as this program writes it.</summary>
    /// <returns>Its path.</returns>
    public static string Write(string ggufPath, ModelConfig config)
    {
        string folder = Path.GetDirectoryName(Path.GetFullPath(ggufPath))!;
        string text = Text(ggufPath, config);
        string path = Path.Combine(folder, FileName);
        for (int number = 1; File.Exists(path) && !IsOurs(path, text); number++)
        {
            string name = Path.GetFileNameWithoutExtension(ggufPath) + (number == 1 ? "" : string.Create(CultureInfo.InvariantCulture, $"-{number}"));
            path = Path.Combine(folder, $"{name}.{FileName}");
        }

        AtomicFile.WriteAllText(path, text);
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
            $"{FirstLine}\n{FromHere}{Path.GetFileName(ggufPath)}\n{template}PARAMETER num_ctx {Math.Min(config.ContextLength, 8192)}\n");
    }

    /// <summary>Whether a file is the text for this or another file beside it, line for line: somebody may have changed what begins as ours.</summary>
    private static bool IsOurs(string path, string text)
    {
        if (new FileInfo(path).Length > MaxBytes)
        {
            return false;
        }

        string[] found = File.ReadAllText(path).Split('\n'), expected = text.Split('\n');
        return found.Length == expected.Length
            && found.Index().All(line => line.Index == 1 ? IsFromHere(line.Item) : line.Item == expected[line.Index]);
    }

    private static bool IsFromHere(string line) =>
        line.StartsWith(FromHere, StringComparison.Ordinal) && line.LastIndexOf('/') == FromHere.Length - 1;
}
