namespace Niwaki.Tensors;

/// <summary>A tensor handed to an operation has another shape than the operation needs. An error of the caller.</summary>
public sealed class ShapeMismatchException : ArgumentException
{
    /// <summary>Makes an error from both shapes.</summary>
    /// <param name="tensor">Name of the tensor, as the operation calls it.</param>
    /// <param name="found">The shape found, such as <c>[512, 64]</c>.</param>
    /// <param name="expected">The shape expected.</param>
    public ShapeMismatchException(string tensor, string found, string expected)
        : base($"Tensor '{tensor}' has shape {found}, expected {expected}.", tensor)
    {
        Found = found;
        Expected = expected;
    }

    /// <summary>The shape found.</summary>
    public string Found { get; }

    /// <summary>The shape expected.</summary>
    public string Expected { get; }
}
