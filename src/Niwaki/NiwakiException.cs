namespace Niwaki;

/// <summary>Base of every error that Niwaki reports about files, models, devices and workers.</summary>
/// <remarks>Errors of the caller (a wrong argument, a wrong shape) belong to the <see cref="ArgumentException"/> family instead.</remarks>
public abstract class NiwakiException : Exception
{
    /// <summary>Makes an error.</summary>
    /// <param name="message">What was found, what was expected, and the next step.</param>
    /// <param name="innerException">The cause, if another error led to this one.</param>
    protected NiwakiException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }
}
