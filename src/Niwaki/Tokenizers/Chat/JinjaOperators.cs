using System.Globalization;

namespace Niwaki.Tokenizers.Chat;

/// <summary>Operators, fields and slices, as Python has them.</summary>
internal static class JinjaOperators
{
    /// <summary>An operator between two values.</summary>
    public static object? Apply(JinjaRun run, string sign, object? a, object? b)
    {
        run.Step();
        return (sign, a, b) switch
        {
            ("~", _, _) => run.Made(JinjaValue.Text(a) + JinjaValue.Text(b)),
            ("+", string x, string y) => run.Made(x + y),
            ("+", List<object?> x, List<object?> y) => Join(run, x, y),
            ("*", string x, long count) => Repeat(run, x, count),
            _ when a is long or bool && b is long or bool => Whole(sign, JinjaValue.Integer(a), JinjaValue.Integer(b)),
            _ when JinjaValue.IsNumber(a) && JinjaValue.IsNumber(b) => Floating(sign, JinjaValue.Number(a), JinjaValue.Number(b)),
            _ => throw new ChatTemplateException($"Chat template has {JinjaValue.NameOf(a)} {sign} {JinjaValue.NameOf(b)}, expected values that fit each other.", 0),
        };
    }

    /// <summary>A field of a value.</summary>
    public static object? Field(JinjaRun run, object? value, string name) => value switch
    {
        JinjaMap map => map[run.Made(name)],
        List<object?> when long.TryParse(run.Made(name), NumberStyles.None, CultureInfo.InvariantCulture, out long index) => Item(run, value, index),
        _ when value == JinjaValue.Undefined || value is null => throw new ChatTemplateException($"Chat template takes field '{name}' of {JinjaValue.NameOf(value)}, expected a dictionary.", 0),
        _ => JinjaValue.Undefined,
    };

    /// <summary>What stands at a place of a list or text, or under a name of a dictionary.</summary>
    public static object? Item(JinjaRun run, object? value, object? index)
    {
        switch (value)
        {
            case JinjaMap map:
                return index is string name ? map[run.Made(name)] : JinjaValue.Undefined;
            case List<object?> list when index is long or bool:
                long at = JinjaValue.Integer(index);
                at = at < 0 ? at + list.Count : at;
                return at >= 0 && at < list.Count ? list[(int)at] : JinjaValue.Undefined;
            case string text when index is long or bool:
                long place = JinjaValue.Integer(index);
                place = place < 0 ? place + text.Length : place;
                return place >= 0 && place < text.Length ? text[(int)place].ToString() : JinjaValue.Undefined;
            default:
                throw new ChatTemplateException($"Chat template takes an item of {JinjaValue.NameOf(value)} by {JinjaValue.NameOf(index)}, expected a list by a number or a dictionary by a name.", 0);
        }
    }

    /// <summary>A part of a list or text: <c>value[start:end:step]</c>.</summary>
    public static object? Slice(JinjaRun run, object? value, object? start, object? end, object? step)
    {
        long stride = step is null ? 1 : JinjaValue.Integer(step);
        if (stride == 0)
        {
            throw new ChatTemplateException("Chat template: step of a slice is 0, expected another number.", 0);
        }

        int count = value switch
        {
            string text => text.Length,
            List<object?> list => list.Count,
            _ => throw new ChatTemplateException($"Chat template slices {JinjaValue.NameOf(value)}, expected a list or a text.", 0),
        };
        long low = stride > 0 ? 0 : -1, high = stride > 0 ? count : count - 1;
        long first = Bound(start, stride > 0 ? low : high, count, low, high);
        long last = Bound(end, stride > 0 ? high : low, count, low, high);
        var places = new List<int>();
        for (long i = first; stride > 0 ? i < last : i > last; i += Math.Clamp(stride, -count, count))
        {
            run.Step();
            places.Add((int)i);
        }

        return value is string whole ? run.Made(string.Concat(places.Select(i => whole[i]))) : places.Select(i => ((List<object?>)value!)[i]).ToList();
    }

    private static long Bound(object? given, long standard, int count, long low, long high)
    {
        if (given is null)
        {
            return standard;
        }

        long value = JinjaValue.Integer(given);
        return Math.Clamp(value < 0 ? value + count : value, low, high);
    }

    private static List<object?> Join(JinjaRun run, List<object?> a, List<object?> b)
    {
        // A list that grows in a loop is copied in every turn: items count as steps.
        for (int i = 0; i < a.Count + b.Count; i++)
        {
            run.Step();
        }

        return [.. a, .. b];
    }

    private static string Repeat(JinjaRun run, string text, long count)
    {
        const int Longest = 1 << 20;
        if (text.Length == 0 || count <= 0)
        {
            return "";
        }

        // By division: the product of both may be beyond 64 bits.
        return count <= Longest / text.Length
            ? run.Made(string.Concat(Enumerable.Repeat(text, (int)count)))
            : throw new ChatTemplateException($"Chat template repeats a text of {text.Length:N0} characters {count:N0} times, expected at most {Longest:N0} characters.", 0);
    }

    private static object Whole(string sign, long a, long b)
    {
        try
        {
            return checked(sign switch
            {
                "+" => a + b,
                "-" => a - b,
                "*" => a * b,
                "/" when b != 0 => (object)((double)a / b),
                "//" when b != 0 => (long)Math.Floor((double)a / b),
                "%" when b != 0 => ((a % b) + b) % b,
                _ => throw new ChatTemplateException($"Chat template divides {a} by 0, expected another number.", 0),
            });
        }
        catch (OverflowException)
        {
            throw new ChatTemplateException($"Chat template has {a} {sign} {b}, expected a result of 64 bits.", 0);
        }
    }

    private static double Floating(string sign, double a, double b) => sign switch
    {
        "+" => a + b,
        "-" => a - b,
        "*" => a * b,
        "/" when b != 0 => a / b,
        "//" when b != 0 => Math.Floor(a / b),
        "%" when b != 0 => a - (b * Math.Floor(a / b)),
        _ => throw new ChatTemplateException($"Chat template divides {a} by 0, expected another number.", 0),
    };
}
