namespace Niwaki.Export.HuggingFace;

/// <summary>How far the profile <c>padded</c> fills blocks up.</summary>
public enum PaddingTarget
{
    /// <summary>
    /// To the sizes that the fields of the whole model in <c>config.json</c> tell: those of the model before it was pruned where blocks differ. A model that was
    /// pruned to equal blocks keeps no others, so that nothing is filled up.
    /// </summary>
    Original,

    /// <summary>To the widest block.</summary>
    Widest,
}
