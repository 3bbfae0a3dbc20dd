namespace Niwaki.Kernels;

/// <summary>The body of a parallel loop as a struct, so that a kernel with pointers needs no closure and the JIT can inline it.</summary>
public interface IForBody
{
    /// <summary>Does the iterations from <paramref name="first"/> up to, not including, <paramref name="end"/>.</summary>
    /// <param name="first">First iteration.</param>
    /// <param name="end">One past the last iteration.</param>
    public void Execute(int first, int end);
}
