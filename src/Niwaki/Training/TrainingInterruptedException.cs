namespace Niwaki.Training;

/// <summary>A training ended before its last step; tells what is kept of it.</summary>
public sealed class TrainingInterruptedException : NiwakiException
{
    /// <summary>Makes an error.</summary>
    /// <param name="message">What happened and what is kept.</param>
    /// <param name="innerException">What ended the training; null: nothing but what the message says.</param>
    public TrainingInterruptedException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }
}
