using Niwaki.Training;

namespace Niwaki.Tests.Training;

/// <summary>Parameters copied out, to compare them.</summary>
internal static class ParameterNumbers
{
    /// <summary>Those of all tensors, in the order of the layout.</summary>
    public static float[] Numbers(ModelParameters parameters) => [.. parameters.Layout.Tensors.SelectMany(tensor => Numbers(parameters, tensor))];

    /// <summary>Those of one tensor, row by row.</summary>
    public static float[] Numbers(ModelParameters parameters, ParameterTensor tensor) =>
        [.. Enumerable.Range(0, tensor.Rows).SelectMany(row => parameters[tensor][row].ToArray())];
}
