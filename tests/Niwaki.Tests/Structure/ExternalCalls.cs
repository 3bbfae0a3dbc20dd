namespace Niwaki.Tests.Structure;

/// <summary>Which folders may reach out of the process: open files, open sockets, call native libraries.</summary>
internal static class ExternalCalls
{
    /// <summary>Folders that open files, and why. Everybody else is handed a stream, a buffer or a document.</summary>
    public static IReadOnlyDictionary<string, string> FileOpeners { get; } = new Dictionary<string, string>
    {
        ["Niwaki.Formats"] = "model files, and the atomic writer for everybody",
        ["Niwaki.Datasets"] = "texts to calibrate and to measure with",
        ["Niwaki.Training"] = "the log of a training, appended line by line",
        ["Niwaki.Runs"] = "the journal of a run, appended and flushed line by line, and its lock",
        ["Niwaki.Export"] = "files of other runtimes",
        ["Niwaki.Reports"] = "JSON, Markdown and HTML for readers",
        ["Niwaki.Workers"] = "the folder that many processes share",
        ["Niwaki.Cli"] = "prompts and texts named on the command line",
    };

    private static readonly string[] Sockets = ["Niwaki.Workers", "Niwaki.Formats.Hub"];
    private static readonly string[] Native = ["Niwaki.Kernels.Cuda.Native", "Niwaki.Tensors.Native"];

    /// <summary>Checks what compiled code calls outside of the assembly.</summary>
    /// <param name="uses">Uses of types; those of our own are passed over.</param>
    /// <param name="nativeFunctions">Declared native functions.</param>
    public static IReadOnlyList<string> Violations(IEnumerable<TypeUse> uses, IEnumerable<TypeUse> nativeFunctions) =>
    [
        .. from use in uses
           where OpensFile(use) && !IsBelowAny(use.UserNamespace, FileOpeners.Keys)
           select $"{use}: only {string.Join(", ", FileOpeners.Keys)} open files.",
        .. from use in uses
           where IsBelowAny(use.UsedNamespace, ["System.Net"]) && !IsBelowAny(use.UserNamespace, Sockets)
           select $"{use}: only {string.Join(", ", Sockets)} use the network.",
        .. from use in uses.Where(LoadsNativeLibrary).Concat(nativeFunctions)
           where !IsBelowAny(use.UserNamespace, Native)
           select $"{use}: only {string.Join(", ", Native)} call native libraries.",
    ];

    private static bool OpensFile(TypeUse use) => (use.UsedNamespace, use.Used) switch
    {
        ("System.IO.MemoryMappedFiles", _) or ("System.IO", "FileStream" or "RandomAccess") => true,
        ("System.IO", "File") => IsAnyOf(use.Member, "Open", "Read", "Write", "Append", "Create", "Copy"),
        ("System.IO", "FileInfo") => IsAnyOf(use.Member, "Open", "Append", "Create", "CopyTo"),
        ("System.IO", "StreamReader" or "StreamWriter") => use.Member.StartsWith(".ctor(System.String", StringComparison.Ordinal),
        _ => false,
    };

    private static bool LoadsNativeLibrary(TypeUse use) =>
        use.UsedNamespace == "System.Runtime.InteropServices"
        && (use.Used == "NativeLibrary" || use.Member.StartsWith("GetDelegateForFunctionPointer", StringComparison.Ordinal));

    private static bool IsAnyOf(string member, params ReadOnlySpan<string> beginnings)
    {
        foreach (string beginning in beginnings)
        {
            if (member.StartsWith(beginning, StringComparison.Ordinal))
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsBelowAny(string typeNamespace, IEnumerable<string> ancestors) =>
        ancestors.Any(ancestor => typeNamespace == ancestor || typeNamespace.StartsWith(ancestor + ".", StringComparison.Ordinal));
}
