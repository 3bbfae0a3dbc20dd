namespace Niwaki.Evaluation;

/// <summary>A model gave a token a loss that is no finite number: its weights or activations overflow, so that nothing it says can be measured.</summary>
public sealed class NonFiniteLossException : NiwakiException
{
    /// <summary>Makes an error.</summary>
    /// <param name="window">Index of the window.</param>
    /// <param name="position">Position of the predicted token in its window.</param>
    /// <param name="lossNats">The loss.</param>
    public NonFiniteLossException(int window, int position, float lossNats)
        : base(FormattableString.Invariant(
            $"Window {window}, token {position}: loss is {lossNats}, expected a finite number. Check the weights: activations overflow or are no numbers."))
    {
        Window = window;
        Position = position;
        LossNats = lossNats;
    }

    /// <summary>Index of the window.</summary>
    public int Window { get; }

    /// <summary>Position of the predicted token in its window.</summary>
    public int Position { get; }

    /// <summary>The loss.</summary>
    public float LossNats { get; }
}
