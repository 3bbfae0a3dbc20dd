namespace Niwaki.Evaluation.Likelihood;

/// <summary>Whether prompts begin with the begin-of-text token.</summary>
public enum BeginOfTextMode
{
    /// <summary>Where the tokenizer adds it to every text by itself.</summary>
    Auto,

    /// <summary>Wherever the tokenizer has one.</summary>
    On,

    /// <summary>Never; an empty prompt still begins with it, since there must be something to predict from.</summary>
    Off,
}
