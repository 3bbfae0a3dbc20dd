namespace Niwaki.Tests.Structure;

public sealed class LayerTests
{
    private static readonly TypeUse[] AllUses = [.. CompiledAssembly.Library.Uses, .. CompiledAssembly.CommandLine.Uses];

    [Fact]
    public void Library_UsesBetweenFolders_PointDownTheLayers() => Findings.AssertNone(LayerTable.Violations(AllUses));

    [Fact]
    public void Library_Namespaces_HaveNoCycles() => Findings.AssertNone(NamespaceCycles.Find(AllUses));

    [Fact]
    public void Library_EveryFolder_IsInTheTable()
    {
        IEnumerable<string> folders = CompiledAssembly.Library.Types.Select(type => LayerTable.FolderOf(type.Namespace)).Where(folder => folder.Length > 0);
        Findings.AssertNone(folders.Except(LayerTable.Layers.Select(layer => layer.Folder)).Select(LayerTable.DescribeUnknown));
    }

    [Fact]
    public void Table_Permissions_PointToLowerLayers() => Findings.AssertNone(LayerTable.Contradictions(LayerTable.Layers));

    [Fact]
    public void Document_TableOfLayers_EqualsTheTestedOne()
    {
        string[] lines = File.ReadAllLines(RepositoryFiles.Get("docs", "architecture.md"));
        IEnumerable<Layer> built = LayerTable.Layers.Where(
            layer => layer.Folder == "Cli" || Directory.Exists(RepositoryFiles.Get("src", "Niwaki", layer.Folder)));
        foreach (Layer layer in built)
        {
            string name = layer.Folder == "Cli" ? "`Niwaki.Cli`" : $"`{layer.Folder}`";
            string[] row = Assert.Single(lines.Select(line => line.Split('|')), cells => cells.Length > 4 && cells[2].Contains(name, StringComparison.Ordinal));
            Assert.Equal(layer.Number.ToString(), row[1].Trim());
        }
    }

    [Theory]
    [InlineData("Niwaki.Tensors", "Niwaki.Kernels")] // up
    [InlineData("Niwaki.Kernels", "Niwaki.Formats")] // sideways
    [InlineData("Niwaki.Tensors", "Niwaki.Numerics")] // sideways at the bottom
    [InlineData("Niwaki.Datasets", "Niwaki.Models")] // down, but not granted
    [InlineData("Niwaki.Pruning.Scores", "Niwaki.Reports")] // up, from a subfolder
    [InlineData("Niwaki.Formats", "Niwaki.Cli")] // the library and its command line
    [InlineData("Niwaki.Attic", "Niwaki.Tensors")] // no such layer
    [InlineData("Niwaki.Kernels.Cpu", "Niwaki.Kernels.Cuda")] // device to device
    [InlineData("Niwaki.Kernels.Cuda.Native", "Niwaki.Kernels.Cpu")] // device to device, from a subfolder
    public void Violations_ForbiddenUse_IsReported(string user, string used)
    {
        Assert.Single(LayerTable.Violations([Use(user, used)]));
    }

    [Theory]
    [InlineData("Niwaki.Models", "Niwaki.Kernels")]
    [InlineData("Niwaki.Kernels", "Niwaki.Kernels.Cpu")]
    [InlineData("Niwaki.Pruning", "Niwaki.Tensors")]
    [InlineData("Niwaki.Cli.Commands", "Niwaki.Reports")]
    [InlineData("Niwaki.Formats", "Niwaki")] // the base of the exceptions
    [InlineData("Niwaki.Formats", "System.IO")]
    public void Violations_GrantedUse_IsNotReported(string user, string used)
    {
        Assert.Empty(LayerTable.Violations([Use(user, used)]));
    }

    [Fact]
    public void Contradictions_PermissionSidewaysOrUnknown_AreReported()
    {
        Layer[] layers = [new("Soil", 0, []), new("Root", 1, ["Soil", "Stem"]), new("Stem", 1, ["Leaf"])];
        Assert.Equal(2, LayerTable.Contradictions(layers).Count);
    }

    [Fact]
    public void Find_CircleOfThree_NamesTheWay()
    {
        TypeUse[] circle = [Use("Niwaki.A", "Niwaki.B"), Use("Niwaki.B", "Niwaki.C"), Use("Niwaki.C", "Niwaki.A")];
        IReadOnlyList<string> found = NamespaceCycles.Find([.. circle, Use("Niwaki.D", "Niwaki.A")]);
        Assert.Equal(3, found.Count);
        Assert.Equal("Niwaki.A -> Niwaki.B -> Niwaki.C -> Niwaki.A", found[0]);
    }

    [Fact]
    public void Find_SiblingsUseEachOther_IsReported()
    {
        Assert.Equal(2, NamespaceCycles.Find([Use("Niwaki.F.X", "Niwaki.F.Y"), Use("Niwaki.F.Y", "Niwaki.F.X")]).Count);
    }

    [Fact]
    public void Find_ParentAndChildUseEachOther_IsNotReported()
    {
        Assert.Empty(NamespaceCycles.Find([Use("Niwaki.F", "Niwaki.F.X"), Use("Niwaki.F.X", "Niwaki.F")]));
    }

    private static TypeUse Use(string user, string used) => new(user, "A", used, "B", "");
}
