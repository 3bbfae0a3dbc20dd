namespace Niwaki.Tests.Structure;

/// <summary>Which folder may use which. The same table, in words, stands in <c>docs/architecture.md</c>.</summary>
internal static class LayerTable
{
    /// <summary>Every folder of the library, and the command line.</summary>
    public static IReadOnlyList<Layer> Layers { get; } = Build();

    /// <summary>The folder that a namespace belongs to: <c>Kernels</c> for <c>Niwaki.Kernels.Cpu</c>, nothing for <c>Niwaki</c> itself.</summary>
    public static string FolderOf(string typeNamespace)
    {
        string[] parts = typeNamespace.Split('.');
        return parts.Length < 2 ? "" : parts[1];
    }

    /// <summary>What to do about a folder that has no row.</summary>
    public static string DescribeUnknown(string folder) =>
        $"Folder '{folder}' is in no layer. Add it to LayerTable and to the table in docs/architecture.md, with what it may use.";

    /// <summary>Checks uses against the table.</summary>
    /// <returns>One sentence for each violation.</returns>
    public static IReadOnlyList<string> Violations(IEnumerable<TypeUse> uses)
    {
        List<string> violations = [];
        foreach (TypeUse use in uses.Where(IsInside))
        {
            (string user, string used) = (FolderOf(use.UserNamespace), FolderOf(use.UsedNamespace));
            if (Find(user) is not { } layer)
            {
                violations.Add(DescribeUnknown(user));
            }
            else if (used != user && !layer.MayUse.Contains(used))
            {
                violations.Add($"{use}: '{user}' (layer {layer.Number}) may use {Join(layer.MayUse)}.");
            }
            else if (AreDevices(use.UserNamespace, use.UsedNamespace))
            {
                violations.Add($"{use}: the devices below 'Kernels' do not know each other.");
            }
        }

        return [.. violations.Distinct()];
    }

    /// <summary>Rows that contradict themselves: a permission that points up or sideways, or at a folder that has no row.</summary>
    public static IReadOnlyList<string> Contradictions(IReadOnlyList<Layer> layers) =>
    [
        .. from layer in layers
           from used in layer.MayUse
           where layers.SingleOrDefault(other => other.Folder == used) is not { } below || below.Number >= layer.Number
           select $"'{layer.Folder}' (layer {layer.Number}) is granted '{used}', expected a folder of a lower layer.",
    ];

    private static Layer? Find(string folder) => Layers.SingleOrDefault(layer => layer.Folder == folder);

    // NiwakiException, the only type of the root namespace, is for everybody.
    private static bool IsInside(TypeUse use) => use.UsedNamespace.StartsWith("Niwaki.", StringComparison.Ordinal) && use.UserNamespace != "Niwaki";

    private static bool AreDevices(string user, string used) =>
        (IsBelow(user, "Niwaki.Kernels.Cpu") && IsBelow(used, "Niwaki.Kernels.Cuda"))
        || (IsBelow(user, "Niwaki.Kernels.Cuda") && IsBelow(used, "Niwaki.Kernels.Cpu"));

    private static bool IsBelow(string typeNamespace, string ancestor) =>
        typeNamespace == ancestor || typeNamespace.StartsWith(ancestor + ".", StringComparison.Ordinal);

    private static string Join(IReadOnlyList<string> folders) => folders.Count == 0 ? "no other folder" : string.Join(", ", folders);

    private static List<Layer> Build()
    {
        List<Layer> layers =
        [
            new("Tensors", 0, []),
            new("Numerics", 0, []),
            new("Kernels", 1, ["Tensors", "Numerics"]),
            new("Formats", 1, ["Tensors", "Numerics"]),
            new("Tokenizers", 2, ["Tensors", "Numerics", "Formats"]),
            new("Models", 2, ["Tensors", "Numerics", "Kernels", "Formats"]),
            new("Datasets", 3, ["Tensors", "Numerics", "Tokenizers", "Formats"]),
            new("Generation", 3, ["Tensors", "Numerics", "Models", "Tokenizers"]),
            new("Plans", 3, ["Tensors", "Numerics", "Models", "Formats"]),
        ];
        AddRow(layers, 4, "Calibration", "Evaluation", "Runs", "Training");
        AddRow(layers, 5, "Pruning", "Healing");
        AddRow(layers, 6, "Export", "Workers");
        AddRow(layers, 7, "Reports");
        AddRow(layers, 8, "Cli");
        return layers;
    }

    /// <summary>Adds folders that may use everything below them, but not each other.</summary>
    private static void AddRow(List<Layer> layers, int number, params ReadOnlySpan<string> folders)
    {
        string[] below = [.. layers.Select(layer => layer.Folder)];
        foreach (string folder in folders)
        {
            layers.Add(new Layer(folder, number, below));
        }
    }
}
