using Niwaki.Tensors;

namespace Niwaki.Kernels;

/// <summary>Writes the logits of a reference model for some consecutive tokens.</summary>
/// <param name="firstToken">The first of them.</param>
/// <param name="logits">[tokens, vocabulary], float32, to be written; not kept.</param>
public delegate void ReferenceLogits(int firstToken, TensorView<float> logits);
