namespace Niwaki.Formats.Parquet;

/// <summary>A leaf of the schema.</summary>
/// <param name="Name">Its path in the schema, with points between the names, for messages.</param>
/// <param name="Fields">Names that lead to it in a row; those that only make a list are left out.</param>
/// <param name="Type">How its values are stored.</param>
/// <param name="MostDefined">Definition level of a value that is there.</param>
/// <param name="ListDefined">Definition level from which on a list has an element; 0: the column holds no lists.</param>
internal sealed record ParquetColumn(string Name, IReadOnlyList<string> Fields, ParquetType Type, int MostDefined, int ListDefined)
{
    /// <summary>Whether a row holds a list.</summary>
    public bool IsList => ListDefined > 0;
}
