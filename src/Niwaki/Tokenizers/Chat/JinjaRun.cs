using System.Runtime.CompilerServices;
using System.Text;

namespace Niwaki.Tokenizers.Chat;

/// <summary>One conversation being written: variables, output, and the bounds that a stranger's template has to keep.</summary>
internal sealed class JinjaRun
{
    /// <summary>More than a template of a thousand messages takes by far; a hostile one ends after a fraction of a second.</summary>
    private const int MaxSteps = 1_000_000;

    /// <summary>More characters than any context has tokens for, 16 million, in the output and in single strings.</summary>
    private const int MaxCharacters = 1 << 24;

    /// <summary>Macros inside macros.</summary>
    private const int MaxDepth = 64;

    /// <summary>What a place in a list counts, in characters: a reference has 8 bytes, a character 2.</summary>
    private const int PlaceSize = 4;

    /// <summary>What something small that is made counts, in characters, such as a part of a text, a pair or an empty list: 32 bytes and more.</summary>
    private const int ItemSize = 16;

    /// <summary>Characters of a part looked for that count as one: at worst all of them are compared at every place of the text, many at once.</summary>
    private const int ComparedAtOnce = 32;

    private readonly List<JinjaMap> _scopes = [new()];
    private readonly List<StringBuilder> _outputs = [new()];
    private int _steps;
    private long _characters;

    /// <summary>What was written.</summary>
    public string Output => _outputs[^1].ToString();

    /// <summary>A part of a chain such as <c>1 + 1 + 1</c> or <c>a.b.c</c>, whose parts call each other as deep as the chain is long: it ends where the stack has room for little more.</summary>
    public static Func<JinjaRun, object?> Link(Func<JinjaRun, object?> part) => run =>
    {
        run.Pass(1);
        return RuntimeHelpers.TryEnsureSufficientExecutionStack()
            ? part(run)
            : throw new ChatTemplateException("Chat template has an expression of too many parts, expected no more than the stack has room for.", 0);
    };

    /// <summary>Counts a step.</summary>
    public void Step()
    {
        if (++_steps > MaxSteps)
        {
            throw new ChatTemplateException($"Chat template took {_steps:N0} steps, expected at most {MaxSteps:N0}.", 0);
        }
    }

    /// <summary>Counts characters that were made or gone through, and refuses the template where all of them are too many; other work counts as characters too.</summary>
    public void Pass(long characters)
    {
        _characters += characters;
        if (_characters > 4L * MaxCharacters)
        {
            throw new ChatTemplateException($"Chat template made or went through {_characters:N0} characters of text, expected at most {4L * MaxCharacters:N0}.", 0);
        }
    }

    /// <summary>Counts the characters of a string that was made or is gone through.</summary>
    public string Made(string text)
    {
        Pass(text.Length);
        return text;
    }

    /// <summary>Counts small things that are made, such as the parts of a text.</summary>
    public void Make(int items) => Pass((long)ItemSize * items);

    /// <summary>Counts the places of a list that is gone through or copied.</summary>
    public void GoThrough(int places) => Pass((long)PlaceSize * places);

    /// <summary>Counts the search for a part in a text, or for any of its characters.</summary>
    public void Search(string text, string part) => Pass(text.Length * (1L + (part.Length / ComparedAtOnce)));

    /// <summary>Writes to the output.</summary>
    public void Write(string text)
    {
        if (_outputs[^1].Length + (long)text.Length > MaxCharacters)
        {
            throw new ChatTemplateException($"Chat template wrote more than {MaxCharacters:N0} characters, expected no more.", 0);
        }

        _outputs[^1].Append(text);
    }

    /// <summary>The value of a variable.</summary>
    public object? Get(string name)
    {
        Pass(name.Length);
        for (int i = _scopes.Count - 1; i >= 0; i--)
        {
            if (_scopes[i].Has(name))
            {
                return _scopes[i][name];
            }
        }

        return JinjaGlobals.Find(name) is { } function ? function : JinjaValue.Undefined;
    }

    /// <summary>The value of a variable, which is a step.</summary>
    public object? Look(string name)
    {
        Step();
        return Get(name);
    }

    /// <summary>Sets a variable of the innermost scope.</summary>
    public void Set(string name, object? value)
    {
        Pass(name.Length);
        _scopes[^1][name] = value;
    }

    /// <summary>Runs statements in a scope of their own.</summary>
    public T InScope<T>(Func<T> body)
    {
        if (_scopes.Count >= MaxDepth)
        {
            throw new ChatTemplateException($"Chat template nests {_scopes.Count} scopes, expected fewer than {MaxDepth}.", 0);
        }

        _scopes.Add(new JinjaMap());
        try
        {
            return body();
        }
        finally
        {
            _scopes.RemoveAt(_scopes.Count - 1);
        }
    }

    /// <summary>Runs statements and gives what they write.</summary>
    public string Capture(Action body)
    {
        _outputs.Add(new StringBuilder());
        try
        {
            body();
            return Made(Output);
        }
        finally
        {
            _outputs.RemoveAt(_outputs.Count - 1);
        }
    }
}
