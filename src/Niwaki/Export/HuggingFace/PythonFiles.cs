using System.Reflection;
using Niwaki.Formats;
using Niwaki.Plans;

namespace Niwaki.Export.HuggingFace;

/// <summary>The Python files that lie beside the weights of profiles which no stock class can read by itself.</summary>
internal static class PythonFiles
{
    /// <summary>Module of the config of heterogeneous models.</summary>
    public const string ConfigurationModule = "configuration_niwaki";

    /// <summary>Module of the model code.</summary>
    public const string ModelingModule = "modeling_niwaki";

    /// <summary>Module of the config for DeciLMForCausalLM.</summary>
    public const string DeciLmConfigurationModule = "configuration_decilm";

    /// <summary>Names of the files of a profile.</summary>
    /// <param name="profile">The profile.</param>
    public static IReadOnlyList<string> Of(ShapeProfile profile) => profile switch
    {
        ShapeProfile.HeteroHf => [ConfigurationModule + ".py", ModelingModule + ".py"],
        ShapeProfile.NemotronNas => [DeciLmConfigurationModule + ".py"],
        _ => [],
    };

    /// <summary>Writes a file, the same bytes every time.</summary>
    /// <param name="name">One of the names.</param>
    /// <param name="folder">Target; exists.</param>
    public static void Write(string name, string folder)
    {
        using Stream stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(name)
            ?? throw new InvalidOperationException($"Resource '{name}' is not in the library, expected one of its Python files.");
        AtomicFile.Write(Path.Combine(folder, name), stream.CopyTo);
    }
}
