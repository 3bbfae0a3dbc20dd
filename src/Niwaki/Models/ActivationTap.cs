using Niwaki.Tensors;

namespace Niwaki.Models;

/// <summary>Receives activations while a pass runs, to keep statistics of them.</summary>
/// <remarks>Called on the thread that runs the pass, in the order of the tokens. The view is valid during the call only.</remarks>
/// <param name="point">Place in the block.</param>
/// <param name="block">Index of the block.</param>
/// <param name="activations">Activations of some consecutive tokens, [tokens, width of the place], float32. Read only.</param>
public delegate void ActivationTap(TapPoint point, int block, TensorView<float> activations);
