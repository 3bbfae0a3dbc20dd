using System.Runtime.CompilerServices;
using Niwaki.Kernels;
using Niwaki.Tensors;

namespace Niwaki.Tests.Kernels;

public sealed unsafe class PackedMemoryTests
{
    [Fact]
    public void Take_UntilNothingIsLeft_HandsOutWholeCacheLines()
    {
        using var memory = new PackedMemory(192);

        byte* first = memory.Take(65);
        byte* second = memory.Take(64);

        Assert.True((nint)first % 64 == 0 && second == first + 128);
        Assert.Equal(0, memory.FreeBytes);
        Assert.True(memory.Take(1) == null);
        Assert.True(memory.Take(0) != null);
    }

    // Every type and format, whole panels or not: what is asked for beforehand is what packing takes.
    [Theory]
    [InlineData(PackedFormat.Stored)]
    [InlineData(PackedFormat.Int16)]
    public void BytesFor_EveryType_IsWhatPackingTakes(PackedFormat format)
    {
        using var team = new ThreadTeam(2);
        foreach (ElementType type in MatMulReference.AllTypes)
        {
            using var matrix = new MatMulReference(type, 1, 96, 50);
            using var memory = new PackedMemory(2 * PackedMemory.BytesFor(50, 96, type, format));

            using PackedWeights first = PackedWeights.Pack(team, [new WeightSlice(matrix.Weights)], format, memory);
            using PackedWeights second = PackedWeights.Pack(team, [new WeightSlice(matrix.Weights)], format, memory);

            Assert.Equal(0, memory.FreeBytes);
        }
    }

    [Fact]
    public void Pack_InSharedMemory_SameBitsAsInItsOwn()
    {
        using var team = new ThreadTeam(2);
        foreach (ElementType type in MatMulReference.AllTypes)
        {
            using var matrix = new MatMulReference(type, 3, 96, 50);
            using PackedWeights own = PackedWeights.Pack(team, [new WeightSlice(matrix.Weights)]);
            using var memory = new PackedMemory(PackedMemory.BytesFor(50, 96, type, PackedFormat.Stored));
            using PackedWeights shared = PackedWeights.Pack(team, [new WeightSlice(matrix.Weights)], PackedFormat.Stored, memory);
            using PackedWeights beside = PackedWeights.Pack(team, [new WeightSlice(matrix.Weights)], PackedFormat.Stored, memory); // nothing was left for it

            float[] expected = MatMulReference.Apply(team, matrix.X, 3, own);

            MatMulReference.AssertSameBits(expected, MatMulReference.Apply(team, matrix.X, 3, shared), type.ToString());
            MatMulReference.AssertSameBits(expected, MatMulReference.Apply(team, matrix.X, 3, beside), type.ToString());
            Assert.Equal(own.ByteLength, shared.ByteLength);
        }
    }

    [Fact]
    public void Dispose_OfWeightsInSharedMemory_EndsTheirUse()
    {
        using var team = new ThreadTeam(1);
        using var matrix = new MatMulReference(ElementType.F32, 1, 96, 50);
        using var memory = new PackedMemory(PackedMemory.BytesFor(50, 96, ElementType.F32, PackedFormat.Stored));
        PackedWeights weights = PackedWeights.Pack(team, [new WeightSlice(matrix.Weights)], PackedFormat.Stored, memory);

        weights.Dispose();

        Assert.Throws<ObjectDisposedException>(() => MatMulReference.Apply(team, matrix.X, 1, weights));
    }

    [Fact]
    public void Dispose_BeforeTheWeightsInIt_EndsTheirUse()
    {
        using var team = new ThreadTeam(1);
        using var matrix = new MatMulReference(ElementType.F32, 1, 96, 50);
        var memory = new PackedMemory(PackedMemory.BytesFor(50, 96, ElementType.F32, PackedFormat.Stored));
        using PackedWeights weights = PackedWeights.Pack(team, [new WeightSlice(matrix.Weights)], PackedFormat.Stored, memory);

        memory.Dispose();

        Assert.Throws<ObjectDisposedException>(() => MatMulReference.Apply(team, matrix.X, 1, weights));
        Assert.Throws<ObjectDisposedException>(() => memory.Take(0));
    }

    // The finalizer of memory that nobody refers to would unmap it under a kernel.
    [Fact]
    public void Pack_InSharedMemory_KeepsItAlive()
    {
        using var team = new ThreadTeam(1);
        using PackedWeights weights = PackIntoNewMemory(team, out WeakReference memory);

        GC.Collect();
        GC.WaitForPendingFinalizers();

        Assert.True(memory.IsAlive);
    }

    /// <summary>A method of its own, so that no local of the test holds the memory.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static PackedWeights PackIntoNewMemory(ThreadTeam team, out WeakReference memory)
    {
        using var matrix = new MatMulReference(ElementType.F32, 1, 96, 50);
        var shared = new PackedMemory(PackedMemory.BytesFor(50, 96, ElementType.F32, PackedFormat.Stored));
        memory = new WeakReference(shared);
        return PackedWeights.Pack(team, [new WeightSlice(matrix.Weights)], PackedFormat.Stored, shared);
    }
}
