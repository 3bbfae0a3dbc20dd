namespace Niwaki.Kernels.Cpu;

/// <summary>How many rows a member of the team takes at a time in operations that go row by row.</summary>
internal static class RowChunk
{
    // Some microseconds of work: many times what a ticket costs, and a short row or two run on the calling thread alone.
    private const int Elements = 16384;

    /// <summary>Rows of one ticket.</summary>
    /// <param name="columns">Elements of a row.</param>
    public static int Rows(int columns) => Math.Max(1, Elements / Math.Max(1, columns));
}
