namespace Niwaki.Healing;

/// <summary>A model cannot be healed as asked: the dense model is not known, or belongs to another one.</summary>
public sealed class HealingException : NiwakiException
{
    /// <summary>Makes an error.</summary>
    /// <param name="message">What was found, what was expected, and the next step.</param>
    public HealingException(string message)
        : base(message)
    {
    }
}
