namespace Niwaki.Tests.Structure;

public sealed class FolderTreeTests
{
    private const string Readme = """
        # Name

        ## Where things are

        ```
        src/           code
          One/         first
          Two/         second
        tests/         tests
        ```
        """;

    [Fact]
    public void Readme_Tree_EqualsTheFolders()
    {
        string[] ignored = [.. File.ReadAllLines(RepositoryFiles.Get(".gitignore")).Where(line => line.EndsWith('/')).Select(line => line.Trim('/'))];
        IReadOnlyList<string> listed = FolderTree.Parse(File.ReadAllText(RepositoryFiles.Get("README.md")));
        Findings.AssertNone(FolderTree.Differences(listed, FolderTree.Existing(RepositoryFiles.Root, ignored)));
        Assert.Contains("src/Niwaki/Tensors", listed);
    }

    [Fact]
    public void Parse_TreeOfTwoLevels_JoinsPaths() => Assert.Equal(["src", "src/One", "src/Two", "tests"], FolderTree.Parse(Readme));

    [Theory]
    [InlineData("# Name\n")]
    [InlineData("## Where things are\n\nnothing\n")]
    [InlineData("## Where things are\n```\nsrc      code\n```\n")] // no slash
    [InlineData("## Where things are\n```\nsrc/     code\n    One/ two levels down\n```\n")]
    public void Parse_NoTree_Throws(string readme) => Assert.Throws<FormatException>(() => FolderTree.Parse(readme));

    [Fact]
    public void Differences_FolderMissingOnEitherSide_IsReported()
    {
        IReadOnlyList<string> listed = FolderTree.Parse(Readme);
        Assert.Single(FolderTree.Differences(listed, ["src", "src/One", "tests"])); // README too long
        Assert.Single(FolderTree.Differences(listed, ["src", "src/One", "src/Two", "src/Three", "tests"])); // README too short
        Assert.Empty(FolderTree.Differences(listed, ["src", "src/One", "src/Two", "tests", "tests/Inner"])); // 'tests' is not opened
    }

    [Fact]
    public void Existing_IgnoredAndEmptyFolders_AreLeftOut()
    {
        string root = Directory.CreateTempSubdirectory("niwaki-tree-").FullName;
        try
        {
            Directory.CreateDirectory(Path.Combine(root, "src", "obj"));
            Directory.CreateDirectory(Path.Combine(root, "src", "Kernels"));
            Directory.CreateDirectory(Path.Combine(root, "empty", "below"));
            File.WriteAllText(Path.Combine(root, "src", "obj", "a.txt"), "");
            File.WriteAllText(Path.Combine(root, "src", "Kernels", "b.cs"), "");
            Assert.Equal(["src", "src/Kernels"], FolderTree.Existing(root, ["obj"]));
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }
}
