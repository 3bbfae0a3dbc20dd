namespace Niwaki.Runs;

/// <summary>A key of a YAML file that is one record: how it is read, written and checked.</summary>
/// <typeparam name="TRecord">The record.</typeparam>
internal abstract class SchemaField<TRecord>
{
    /// <summary>Makes a field.</summary>
    /// <param name="path">The key, after its section and a point where it has one: <c>bonsai.ridge</c>.</param>
    /// <param name="elsewhere">What the published tools call it; someone may write that by mistake.</param>
    protected SchemaField(string path, IReadOnlyList<string> elsewhere)
    {
        int point = path.IndexOf('.', StringComparison.Ordinal);
        Path = path;
        Section = point < 0 ? "" : path[..point];
        Key = path[(point + 1)..];
        Elsewhere = elsewhere;
    }

    /// <summary>Section and key.</summary>
    public string Path { get; }

    /// <summary>The section; empty at the top level.</summary>
    public string Section { get; }

    /// <summary>The key inside the section.</summary>
    public string Key { get; }

    /// <summary>Names of the same thing in the published tools.</summary>
    public IReadOnlyList<string> Elsewhere { get; }

    /// <summary>Takes a value from a file.</summary>
    /// <param name="record">Gets the value; unchanged on a fault.</param>
    /// <param name="value">The value as it stands in the file.</param>
    /// <returns>What is wrong with the value; null when it was taken.</returns>
    public abstract string? Read(ref TRecord record, RecipeScalar value);

    /// <summary>The value in a record as a YAML scalar.</summary>
    public abstract string Write(TRecord record);

    /// <summary>What is wrong with the value in a record; null when nothing is.</summary>
    public abstract string? Check(TRecord record);
}
