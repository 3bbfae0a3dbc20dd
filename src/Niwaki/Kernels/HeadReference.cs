namespace Niwaki.Kernels;

/// <summary>Another model whose predictions a trained model is to stay near, a few tokens at a time.</summary>
/// <param name="Logits">Gives its logits.</param>
/// <param name="Weight">λ: what the divergence of a token counts beside its loss; 0 or more.</param>
/// <param name="DivergencesNats">[tokens], KL(reference‖model) of every scored token, written; 0 where none is scored.</param>
public sealed record HeadReference(ReferenceLogits Logits, float Weight, float[] DivergencesNats);
