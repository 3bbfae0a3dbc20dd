using System.Text;

namespace Niwaki.Runs;

/// <summary>The keys of a YAML file that is one record, in the order in which they are written.</summary>
/// <typeparam name="TRecord">The record.</typeparam>
/// <param name="Fields">All keys; those of a section stand together.</param>
/// <param name="Files">What such files are called in messages, in the plural.</param>
internal sealed record RecordSchema<TRecord>(IReadOnlyList<SchemaField<TRecord>> Fields, string Files)
{
    /// <summary>Keys that hold further keys.</summary>
    public IReadOnlyList<string> Sections { get; } = [.. Fields.Select(field => field.Section).Where(section => section.Length > 0).Distinct()];

    /// <summary>A record as YAML: every key, in fixed order.</summary>
    public string Write(TRecord record)
    {
        var yaml = new StringBuilder();
        string section = "";
        foreach (SchemaField<TRecord> field in Fields)
        {
            if (field.Section != section)
            {
                section = field.Section;
                yaml.Append(section).Append(":\n");
            }

            yaml.Append(section.Length == 0 ? "" : "  ").Append(field.Key).Append(": ").Append(field.Write(record)).Append('\n');
        }

        return yaml.ToString();
    }
}
