namespace Niwaki.Generation;

/// <summary>A model gave a token a logit that is no number: its weights or activations overflow, so that nothing can be chosen.</summary>
public sealed class NonFiniteLogitException : NiwakiException
{
    /// <summary>Makes an error.</summary>
    /// <param name="id">Token id.</param>
    /// <param name="logit">Its logit.</param>
    public NonFiniteLogitException(int id, float logit)
        : base(FormattableString.Invariant($"Logit {id} is {logit}, expected a number below +∞. Check the weights: activations overflow or are no numbers."))
    {
        Id = id;
        Logit = logit;
    }

    /// <summary>Token id.</summary>
    public int Id { get; }

    /// <summary>The logit.</summary>
    public float Logit { get; }
}
