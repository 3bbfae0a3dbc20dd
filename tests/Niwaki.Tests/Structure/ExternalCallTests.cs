namespace Niwaki.Tests.Structure;

public sealed class ExternalCallTests
{
    [Fact]
    public void Library_FilesSocketsAndNativeCalls_OnlyWhereAllowed()
    {
        Findings.AssertNone(ExternalCalls.Violations(CompiledAssembly.Library.Uses, CompiledAssembly.Library.NativeFunctions));
        Findings.AssertNone(ExternalCalls.Violations(CompiledAssembly.CommandLine.Uses, CompiledAssembly.CommandLine.NativeFunctions));
    }

    [Theory]
    [InlineData("Niwaki.Models", "System.IO", "File", "OpenRead(System.String)")]
    [InlineData("Niwaki.Models", "System.IO", "FileStream", ".ctor(System.String)")]
    [InlineData("Niwaki.Pruning", "System.IO", "StreamReader", ".ctor(System.String)")]
    [InlineData("Niwaki.Plans", "System.IO", "FileInfo", "OpenWrite()")]
    [InlineData("Niwaki.Kernels", "System.IO.MemoryMappedFiles", "MemoryMappedFile", "CreateFromFile(System.String)")]
    [InlineData("Niwaki.Formats.Gguf", "System.Net.Http", "HttpClient", ".ctor()")]
    [InlineData("Niwaki.Runs", "System.Net.Sockets", "TcpClient", ".ctor()")]
    [InlineData("Niwaki.Kernels.Cuda", "System.Runtime.InteropServices", "NativeLibrary", "Load(System.String)")]
    public void Violations_CallFromElsewhere_IsReported(string user, string space, string type, string member)
    {
        Assert.Single(ExternalCalls.Violations([new TypeUse(user, "A", space, type, member)], []));
    }

    [Theory]
    [InlineData("Niwaki.Formats.Safetensors", "System.IO.MemoryMappedFiles", "MemoryMappedFile", "CreateFromFile(System.String)")]
    [InlineData("Niwaki.Formats.Hub", "System.Net.Http", "HttpClient", ".ctor()")]
    [InlineData("Niwaki.Models", "System.IO", "File", "Exists(System.String)")] // looks, but does not open
    [InlineData("Niwaki.Plans", "System.IO", "StreamReader", ".ctor(System.IO.Stream)")] // somebody else opened it
    [InlineData("Niwaki.Kernels.Cuda.Native", "System.Runtime.InteropServices", "NativeLibrary", "Load(System.String)")]
    public void Violations_CallFromTheRightPlace_IsNotReported(string user, string space, string type, string member)
    {
        Assert.Empty(ExternalCalls.Violations([new TypeUse(user, "A", space, type, member)], []));
    }

    [Fact]
    public void Violations_NativeFunctionElsewhere_IsReported()
    {
        Assert.Single(ExternalCalls.Violations([], [new TypeUse("Niwaki.Kernels.Cpu", "A", "native", "libm", "tanhf")]));
        Assert.Empty(ExternalCalls.Violations([], [new TypeUse("Niwaki.Kernels.Cuda.Native", "A", "native", "cuda", "cuInit")]));
    }
}
