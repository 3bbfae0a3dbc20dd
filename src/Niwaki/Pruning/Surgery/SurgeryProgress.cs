namespace Niwaki.Pruning.Surgery;

/// <summary>How far the writing of a cut model has come.</summary>
/// <param name="Tensor">Name of the tensor just written.</param>
/// <param name="Tensors">Tensors written.</param>
/// <param name="TotalTensors">Tensors that there will be.</param>
/// <param name="Bytes">Bytes of the tensors written.</param>
/// <param name="TotalBytes">Bytes that they will have.</param>
public readonly record struct SurgeryProgress(string Tensor, int Tensors, int TotalTensors, long Bytes, long TotalBytes);
