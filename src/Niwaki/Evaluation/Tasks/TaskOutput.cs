namespace Niwaki.Evaluation.Tasks;

/// <summary>What a task asks of a model.</summary>
public enum TaskOutput
{
    /// <summary>Which of several continuations is likeliest.</summary>
    MultipleChoice,

    /// <summary>How likely a single continuation is, and whether the model would write it.</summary>
    LogLikelihood,

    /// <summary>A text, written until a stop.</summary>
    GenerateUntil,
}
