namespace Niwaki.Tokenizers.Chat;

/// <summary>Functions that templates know without being told.</summary>
internal static class JinjaGlobals
{
    private const int LongestRange = 100_000;

    private static readonly Dictionary<string, JinjaFunction> Functions = new(StringComparer.Ordinal)
    {
        ["raise_exception"] = (_, arguments, _) => throw new ChatTemplateException(
            $"Chat template refuses the conversation: {Formats.MessageText.Shown(arguments.Count > 0 ? JinjaValue.Text(arguments[0]) : "no reason given")}.", 0),
        ["namespace"] = (_, _, named) => Copy(named, isNamespace: true),
        ["dict"] = (_, _, named) => Copy(named, isNamespace: false),
        ["range"] = (run, arguments, _) => Range(run, arguments),
    };

    /// <summary>A function; null where there is none of the name.</summary>
    public static JinjaFunction? Find(string name) => Functions.GetValueOrDefault(name);

    private static JinjaMap Copy(JinjaMap source, bool isNamespace)
    {
        var copy = new JinjaMap { IsNamespace = isNamespace };
        foreach (string name in source.Names)
        {
            copy[name] = source[name];
        }

        return copy;
    }

    private static List<object?> Range(JinjaRun run, IReadOnlyList<object?> arguments)
    {
        long first = arguments.Count > 1 ? JinjaValue.Integer(arguments[0]) : 0;
        long end = arguments.Count > 0 ? JinjaValue.Integer(arguments[Math.Min(1, arguments.Count - 1)]) : 0;
        long step = arguments.Count > 2 ? JinjaValue.Integer(arguments[2]) : 1;
        if (step == 0)
        {
            throw new ChatTemplateException("Chat template: step of a range is 0, expected another number.", 0);
        }

        var numbers = new List<object?>();
        // Wider than both ends, so that the last step does not come out at the other side.
        for (Int128 i = first; step > 0 ? i < end : i > end; i += step)
        {
            run.Step();
            if (numbers.Count >= LongestRange)
            {
                throw new ChatTemplateException($"Chat template: range has more than {LongestRange:N0} numbers, expected fewer.", 0);
            }

            numbers.Add((long)i);
        }

        return numbers;
    }
}
