using System.Text;

namespace Niwaki.Tokenizers.Chat;

/// <summary>A text being made from a value of a template, with an end to its characters and parts: values may share parts, so that a small one can be a very long text.</summary>
internal sealed class BoundedText
{
    private const int MaxCharacters = 1 << 24;
    private const int MaxParts = 1_000_000;
    private const int MaxDepth = 100;

    private readonly StringBuilder _text = new();
    private int _parts;
    private int _depth;

    /// <summary>Adds a part.</summary>
    public BoundedText Add(string part)
    {
        if (++_parts > MaxParts || _text.Length + (long)part.Length > MaxCharacters)
        {
            throw new ChatTemplateException($"Chat template makes a text of more than {MaxCharacters:N0} characters or {MaxParts:N0} parts, expected less.", 0);
        }

        _text.Append(part);
        return this;
    }

    /// <summary>Adds what lies inside something.</summary>
    public void Inside(Action add)
    {
        if (++_depth > MaxDepth)
        {
            throw new ChatTemplateException($"Chat template has lists {_depth} deep in each other, expected at most {MaxDepth}.", 0);
        }

        add();
        _depth--;
    }

    /// <summary>Adds items with something between them.</summary>
    public BoundedText Join<T>(string separator, IEnumerable<T> items, Action<T> add)
    {
        bool first = true;
        foreach (T item in items)
        {
            Add(first ? "" : separator);
            first = false;
            add(item);
        }

        return this;
    }

    /// <inheritdoc />
    public override string ToString() => _text.ToString();
}
