namespace Niwaki.Tests.Structure;

public sealed class SourceRulesTests
{
    private const int LongestFile = 400;
    private const int LongestMethod = 60;

    /// <summary>Methods longer than the limit, and why each of them is easier to read in one piece.</summary>
    private static readonly Dictionary<string, string> LongMethods = [];

    [Fact]
    public void Product_Files_AreShort()
    {
        Findings.AssertNone(SourceRules.LongFiles(SourceFile.Product, LongestFile));
        Findings.AssertShare(95, SourceFile.Product.Count(file => file.LineCount <= 300), SourceFile.Product.Count, "files of 300 lines or fewer");
    }

    [Fact]
    public void Product_Methods_AreShort()
    {
        IReadOnlyList<(string Name, string Place, int Lines)> methods = SourceRules.Methods(SourceFile.Product);
        (string Name, string Place, int Lines)[] tooLong = [.. methods.Where(method => method.Lines > LongestMethod)];
        Findings.AssertNone(
        [
            .. from method in tooLong
               where !LongMethods.ContainsKey(method.Name)
               select $"{method.Place}: {method.Name} has {method.Lines} lines, expected {LongestMethod} at most. Split it, or list it with a reason.",
            .. from name in LongMethods.Keys.Except(tooLong.Select(method => method.Name))
               select $"{name} is not longer than {LongestMethod} lines. Remove it from LongMethods.",
        ]);
        Findings.AssertShare(99, methods.Count - tooLong.Length, methods.Count, $"methods of {LongestMethod} lines or fewer");
        Findings.AssertShare(95, methods.Count(method => method.Lines <= 40), methods.Count, "methods of 40 lines or fewer");
    }

    [Fact]
    public void Product_Files_HoldOneType()
    {
        IReadOnlyList<string> crowded = SourceRules.CrowdedFiles(SourceFile.Product);
        int all = SourceFile.Product.Count;
        Findings.AssertShare(95, all - crowded.Count, all, $"files with one type ({string.Join(" ", crowded)})");
    }

    [Fact]
    public void Product_SwitchedOffWarnings_AreFewerThanTen() => Findings.AssertNone(SourceRules.SwitchedOffWarnings(SourceFile.Product).Skip(9));

    [Theory]
    [InlineData("src")]
    [InlineData("tests")]
    [InlineData("benchmarks")]
    public void Repository_Namespaces_EqualFolders(string folder)
    {
        IReadOnlyList<SourceFile> files = SourceFile.ReadAll(folder);
        Assert.NotEmpty(files);
        Findings.AssertNone(SourceRules.MisplacedFiles(files));
        Findings.AssertNone(SourceRules.EmptyFolderNames(files));
    }

    [Fact]
    public void Product_TensorParameters_HaveShapes() => Findings.AssertNone(TensorDocumentation.MissingShapes(SourceFile.Product));

    [Fact]
    public void Product_ErrorMessages_CarryValues()
    {
        IReadOnlyList<(string Place, bool HasValue)> errors = ErrorMessages.Find(SourceFile.Product);
        string without = string.Join(" ", errors.Where(error => !error.HasValue).Select(error => error.Place));
        Findings.AssertShare(80, errors.Count(error => error.HasValue), errors.Count, $"errors with a value (without: {without})");
    }

    [Fact]
    public void LongFiles_OneLineTooMany_IsReported()
    {
        Assert.Empty(SourceRules.LongFiles([File(string.Concat(Enumerable.Repeat("// x\n", 5)))], 5));
        Assert.Single(SourceRules.LongFiles([File(string.Concat(Enumerable.Repeat("// x\n", 6)))], 5));
    }

    [Fact]
    public void Methods_AttributeBodyAndComment_CountsWithoutTheDocComment()
    {
        // attribute, signature, brace, statement, brace: 5 lines
        SourceFile file = File("""
            class A
            {
                /// <summary>Not counted.</summary>
                [X]
                void M()
                {
                    N();
                }

                int NoBody { get; set; }
            }
            """);
        (string name, string place, int lines) = Assert.Single(SourceRules.Methods([file]));
        Assert.Equal(("A.M", "src/Niwaki/Tensors/File.cs(4)", 5), (name, place, lines));
    }

    [Fact]
    public void Methods_SyntaxOfTheNewestLanguage_IsUnderstood()
    {
        SourceFile file = File("""
            class A(int[] x)
            {
                int[] P => [.. x, 1];
                int Q { get => field; set; }
                void M(params ReadOnlySpan<int> y) { }
            }
            """);
        Assert.Empty(file.Root.GetDiagnostics());
        Assert.Equal(["A.P", "A.Q", "A.M"], SourceRules.Methods([file]).Select(method => method.Name));
    }

    [Fact]
    public void CrowdedFiles_TwoTypes_IsReported()
    {
        Assert.Single(SourceRules.CrowdedFiles([File("namespace N;\nclass A { class Inner; }\nenum B { }\n")]));
        Assert.Empty(SourceRules.CrowdedFiles([File("namespace N;\nclass A { class Inner; }\n")]));
    }

    [Fact]
    public void MisplacedFiles_NamespaceOfAnotherFolder_IsReported()
    {
        Assert.Single(SourceRules.MisplacedFiles([File("namespace Niwaki.Kernels;\n")]));
        Assert.Empty(SourceRules.MisplacedFiles([File("namespace Niwaki.Tensors;\n")]));
    }

    [Fact]
    public void EmptyFolderNames_FolderUtils_IsReported()
    {
        Assert.Single(SourceRules.EmptyFolderNames([new SourceFile("src/Niwaki/Kernels/Utils/Angle.cs", "")]));
    }

    [Fact]
    public void SwitchedOffWarnings_DisableAndRestore_CountsOne()
    {
        Assert.Single(SourceRules.SwitchedOffWarnings([File("#pragma warning disable CA1000\nclass A;\n#pragma warning restore CA1000\n")]));
    }

    [Theory]
    [InlineData("", 1)] // no comment at all
    [InlineData("/// <param name=\"x\">The values.</param>\n", 1)] // no shape
    [InlineData("/// <param name=\"y\">Y, [rows, columns].</param>\n", 1)] // the shape of another
    [InlineData("/// <param name=\"x\">X, [rows, columns].</param>\n", 0)]
    [InlineData("/// <inheritdoc />\n", 0)] // written where the contract is
    public void MissingShapes_Comment_Counts(string comment, int expected)
    {
        SourceFile file = File($$"""
            public class A
            {
            {{comment}}public void M(TensorView<float> x) { }
            internal void N(TensorView<float> x) { }
            }
            """);
        Assert.Equal(expected, TensorDocumentation.MissingShapes([file]).Count);
    }

    [Theory]
    [InlineData("throw new E(\"Bad tensor.\");", false)]
    [InlineData("throw new E();", false)]
    [InlineData("throw new E(nameof(x), \"Bad \" + \"tensor.\");", false)]
    [InlineData("throw new E($\"Rank is {x}, expected 2.\");", true)]
    [InlineData("throw new E(nameof(x), x, \"Expected 2.\");", true)]
    [InlineData("throw Broken(\"rank\");", true)]
    [InlineData("y = x ?? throw new E(\"No x.\");", false)]
    [InlineData("E.ThrowIfNegative(x);", true)]
    public void Find_OneError_TellsWhetherItCarriesAValue(string statement, bool expected)
    {
        Assert.Equal(expected, Assert.Single(ErrorMessages.Find([File($"class A {{ void M() {{ {statement} }} }}")])).HasValue);
    }

    [Fact]
    public void Find_ErrorPassedOn_IsNotCounted() => Assert.Empty(ErrorMessages.Find([File("class A { void M() { try { } catch { throw; } } }")]));

    private static SourceFile File(string text) => new("src/Niwaki/Tensors/File.cs", text);
}
