using System.Runtime.InteropServices;
using Niwaki.Numerics;
using Niwaki.Tensors;

namespace Niwaki.Tests.Structure;

public sealed partial class CompiledAssemblyTests
{
    private static readonly CompiledAssembly Tests = CompiledAssembly.Read("Niwaki.Tests.dll");

    [Fact]
    public void Read_TypeNamedOnlyInsideLambda_IsUsed()
    {
        Assert.Contains(Uses(), use => use is { UsedNamespace: "System.IO", Used: "File", Member: "OpenRead(System.String)" });
    }

    [Fact]
    public void Read_TypeOfInferredLocal_IsUsed()
    {
        // 'var' hides it from every reading of the source
        Assert.Contains(Uses(), use => use is { UsedNamespace: "Niwaki.Tensors", Used: "NativeBuffer`1" });
    }

    [Fact]
    public void Read_TypeArgument_IsUsed()
    {
        Assert.Contains(Uses(), use => use is { UsedNamespace: "System.Text", Used: "StringBuilder" });
    }

    [Fact]
    public void Read_AttributeOnMethod_IsUsed()
    {
        Assert.Contains(Uses(), use => use is { UsedNamespace: "Xunit", Used: "FactAttribute" });
    }

    [Fact]
    public void Read_MethodWithSwitchTable_FindsWhatFollows()
    {
        Assert.Contains(Uses(), use => use is { UsedNamespace: "Niwaki.Numerics", Used: "SeededRandom" });
    }

    [Fact]
    public void Read_NativeFunction_IsListed()
    {
        TypeUse function = Assert.Single(Tests.NativeFunctions, function => function.User == nameof(CompiledAssemblyTests));
        Assert.Equal(("no-such-library", nameof(Absent)), (function.Used, function.Member));
        Assert.Equal(
            ["PageMemory.Advise", "PageMemory.Map", "PageMemory.Unmap"],
            CompiledAssembly.Library.NativeFunctions.Select(native => $"{native.User}.{native.Member}").Order());
    }

    [Fact]
    public void Read_Library_HasTypesOfEveryFolderThatHoldsCode()
    {
        // src/Niwaki/FOLDER/.../file.cs
        IEnumerable<string> folders = SourceFile.ReadAll("src/Niwaki")
            .Select(file => file.Path.Split('/')[2..^1]).Where(path => path.Length > 0).Select(path => path[0]);
        Assert.Subset(CompiledAssembly.Library.Types.Select(type => LayerTable.FolderOf(type.Namespace)).ToHashSet(), folders.ToHashSet());
    }

    private static IEnumerable<TypeUse> Uses() => Tests.Uses.Where(use => use.User == nameof(CompiledAssemblyTests));

    /// <summary>Never called; its compiled form is what the tests read.</summary>
    internal static long Specimen(int choice)
    {
        Func<string, Stream> open = path => File.OpenRead(path);
        var view = MakeBuffer();
        List<System.Text.StringBuilder> texts = [];
        int length = choice switch
        {
            0 => 7,
            1 => 3,
            2 => 12,
            3 => 5,
            4 => 1,
            5 => 30,
            _ => 0,
        };
        return view.Length + length + texts.Count + open("").Length + (long)new SeededRandom(0).NextDouble() + Absent();
    }

    private static NativeBuffer<float> MakeBuffer() => new(1);

    [LibraryImport("no-such-library", EntryPoint = "absent")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Absent();
}
