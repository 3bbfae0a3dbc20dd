namespace Niwaki.Tests.Structure;

public sealed class TypeRulesTests
{
    private static readonly CompiledType[] Types = [.. CompiledAssembly.Library.Types, .. CompiledAssembly.CommandLine.Types];

    [Fact]
    public void Library_Interfaces_HaveTwoImplementations() => Findings.AssertNone(TypeRules.NeedlessInterfaces(Types));

    [Fact]
    public void Library_RootNamespace_HoldsTheExceptionOnly() => Findings.AssertNone(TypeRules.RootTypes(Types));

    [Fact]
    public void Library_FolderNames_AreNotNamesOfTypes()
    {
        Findings.AssertNone(TypeRules.AmbiguousNamespaces([.. CompiledAssembly.Library.Uses, .. CompiledAssembly.CommandLine.Uses]));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void NeedlessInterfaces_FewerThanTwoImplementations_IsReported(int implementations)
    {
        Assert.Single(TypeRules.NeedlessInterfaces([Interface("N.I"), .. Enumerable.Range(0, implementations).Select(i => Class($"N.C{i}", "N.I"))]));
    }

    [Fact]
    public void NeedlessInterfaces_ImplementedThroughBaseClass_CountsTheClassesThatCanExist()
    {
        CompiledType middle = Class("N.Base", "N.I") with { IsAbstract = true };
        Assert.Empty(TypeRules.NeedlessInterfaces([Interface("N.I"), middle, Class("N.One", "N.Base"), Class("N.Two", "N.Base")]));
        Assert.Single(TypeRules.NeedlessInterfaces([Interface("N.I"), middle, Class("N.One", "N.Base")]));
    }

    [Fact]
    public void RootTypes_AnotherTypeInTheRoot_IsReported()
    {
        CompiledType exception = Class("Niwaki.NiwakiException", "System.Exception") with { Namespace = "Niwaki" };
        Assert.Empty(TypeRules.RootTypes([exception]));
        Assert.Single(TypeRules.RootTypes([exception, exception with { Name = "Niwaki.Globals" }]));
    }

    [Fact]
    public void AmbiguousNamespaces_FolderNamedLikeUsedType_IsReported()
    {
        Assert.Single(TypeRules.AmbiguousNamespaces([new TypeUse("Niwaki.Console", "A", "System", "Console", "")]));
        Assert.Empty(TypeRules.AmbiguousNamespaces([new TypeUse("Niwaki.Cli", "A", "System", "Console", "")]));
    }

    private static CompiledType Interface(string name) => new("N", name, true, true, []);

    private static CompiledType Class(string name, string baseType) => new("N", name, false, false, [baseType]);
}
