namespace Niwaki.Plans;

/// <summary>Elements of the tensors of a model.</summary>
/// <param name="Total">All elements; a tied output head counts once.</param>
/// <param name="Prunable">Those of attention and MLP matrices: no norms, biases, embeddings and output head. Sparsity is a share of these.</param>
public readonly record struct ParameterCount(long Total, long Prunable);
