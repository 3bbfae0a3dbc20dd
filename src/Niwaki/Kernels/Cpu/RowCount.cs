namespace Niwaki.Kernels.Cpu;

/// <summary>Row counts of a micro-kernel as struct arguments: the JIT compiles the kernel for each and drops the rows that do not exist.</summary>
internal static class RowCount
{
    /// <summary>Rows of a tile.</summary>
    public interface IRowCount
    {
        /// <summary>1 to 6.</summary>
        public static abstract int Value { get; }
    }

    public readonly struct One : IRowCount
    {
        public static int Value => 1;
    }

    public readonly struct Two : IRowCount
    {
        public static int Value => 2;
    }

    public readonly struct Three : IRowCount
    {
        public static int Value => 3;
    }

    public readonly struct Four : IRowCount
    {
        public static int Value => 4;
    }

    public readonly struct Five : IRowCount
    {
        public static int Value => 5;
    }

    public readonly struct Six : IRowCount
    {
        public static int Value => 6;
    }
}
