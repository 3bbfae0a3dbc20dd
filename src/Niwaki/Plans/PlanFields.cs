namespace Niwaki.Plans;

/// <summary>Names in a plan file, the same for reading and writing.</summary>
internal static class PlanFields
{
    public const string FormatName = "niwaki-plan";
    public const int Version = 1;

    public const string Format = "format";
    public const string VersionField = "version";
    public const string Source = "source";
    public const string Name = "name";
    public const string StructureHash = "structure_hash";
    public const string ContentHash = "content_hash";
    public const string Method = "method";
    public const string Sparsity = "sparsity";
    public const string Seed = "seed";
    public const string Recipe = "recipe";
    public const string Blocks = "blocks";
    public const string Block = "block";
    public const string Heads = "heads";
    public const string KeyValueHeads = "key_value_heads";
    public const string Neurons = "neurons";
    public const string OutputBias = "output_bias";
    public const string DownBias = "down_bias";
}
