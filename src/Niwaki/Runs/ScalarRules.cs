using System.Globalization;
using System.Text;

namespace Niwaki.Runs;

/// <summary>The kinds of value that recipes have.</summary>
internal static class ScalarRules
{
    /// <summary>Longest path that the systems we know accept.</summary>
    private const int MaxPathLength = 4096;

    /// <summary>true or false.</summary>
    public static ScalarRule<bool> Flag { get; } = new()
    {
        Expected = "true or false",
        TryParse = TryParseFlag,
        Format = value => value ? "true" : "false",
        Holds = _ => true,
    };

    /// <summary>true, false or nothing.</summary>
    public static ScalarRule<bool?> FlagOrNull { get; } = new()
    {
        Expected = "true, false or null",
        TryParse = TryParseFlagOrNull,
        Format = value => value is bool flag ? Flag.Format(flag) : "null",
        Holds = _ => true,
    };

    /// <summary>A path, or nothing. Characters that a terminal would obey are refused.</summary>
    public static ScalarRule<string?> Path { get; } = new()
    {
        Expected = "a path without control characters of at most 4096 characters, or null",
        TryParse = TryParsePath,
        Format = value => value is null ? "null" : ScalarText.Yaml(value),
        Holds = value => value is null || (value.Length is > 0 and <= MaxPathLength && !value.EnumerateRunes().Any(IsControl)),
    };

    /// <summary>A number strictly between 0 and 1.</summary>
    public static ScalarRule<double> Fraction { get; } = Number("a fraction between 0 and 1", value => value is > 0 and < 1, isShare: true);

    /// <summary>A number above 0, 1 included.</summary>
    public static ScalarRule<double> FractionOrOne { get; } = Number("a fraction above 0, up to 1", value => value is > 0 and <= 1, isShare: true);

    /// <summary>A number in a range.</summary>
    /// <param name="expected">The range in words.</param>
    /// <param name="holds">The range.</param>
    /// <param name="isShare">Whether somebody may think of per cent.</param>
    public static ScalarRule<double> Number(string expected, Predicate<double> holds, bool isShare = false) => new()
    {
        Expected = expected,
        TryParse = TryParseNumber,
        Format = ScalarText.Number,
        Holds = value => double.IsFinite(value) && holds(value),
        ValueHint = value => isShare && value is > 1 and <= 100 && holds(value / 100) ? $"Did you mean {ScalarText.Number(value / 100)}?" : null,
    };

    /// <summary>Numbers with commas between them, each in a range.</summary>
    /// <param name="each">The range of each in words.</param>
    /// <param name="holds">The range.</param>
    public static ScalarRule<NumberList> Numbers(string each, Predicate<double> holds) => new()
    {
        Expected = $"up to {NumberList.MaxCount} numbers {each}, with commas between them",
        TryParse = (RecipeScalar scalar, out NumberList value) => NumberList.TryParse(scalar.Text, out value),
        Format = value => value.ToString(),
        Holds = value => value.Values.Count > 0 && value.Values.All(number => holds(number)),
    };

    /// <summary>A whole number of 64 bits.</summary>
    public static ScalarRule<long> WholeNumber { get; } = new()
    {
        Expected = "a whole number of at most 64 bits",
        TryParse = TryParseLong,
        Format = ScalarText.Number,
        Holds = _ => true,
    };

    /// <summary>A count in a range.</summary>
    /// <param name="least">Smallest value.</param>
    /// <param name="most">Largest value.</param>
    public static ScalarRule<int> Count(int least, int most) => new()
    {
        Expected = string.Create(CultureInfo.InvariantCulture, $"a whole number from {least:N0} to {most:N0}"),
        TryParse = TryParseInt,
        Format = value => ScalarText.Number(value),
        Holds = value => value >= least && value <= most,
    };

    /// <summary>A count in a range, or nothing.</summary>
    /// <param name="least">Smallest value.</param>
    /// <param name="most">Largest value.</param>
    public static ScalarRule<int?> CountOrNull(int least, int most)
    {
        ScalarRule<int> count = Count(least, most);
        return new ScalarRule<int?>
        {
            Expected = count.Expected + ", or null",
            TryParse = TryParseIntOrNull,
            Format = value => value is int number ? ScalarText.Number(number) : "null",
            Holds = value => value is not int number || count.Holds(number),
        };
    }

    /// <summary>One of a few numbers.</summary>
    /// <param name="values">The numbers.</param>
    public static ScalarRule<int> OneOf(params int[] values) => new()
    {
        Expected = ListOf(values.Select(value => ScalarText.Number(value))),
        TryParse = TryParseInt,
        Format = value => ScalarText.Number(value),
        Holds = values.Contains,
    };

    /// <summary>One of a few words.</summary>
    /// <typeparam name="T">What the words stand for.</typeparam>
    /// <param name="words">The words.</param>
    public static ScalarRule<T> Choice<T>(params (string Word, T Value)[] words)
        where T : struct, Enum
    {
        return new ScalarRule<T>
        {
            Expected = ListOf(words.Select(word => word.Word)),
            TryParse = TryParseWord,
            Format = value => words.FirstOrDefault(word => word.Value.Equals(value)).Word ?? value.ToString("D"),
            Holds = value => words.Any(word => word.Value.Equals(value)),
            TextHint = text => NearestName.Question(text, words.Select(word => word.Word)),
        };

        bool TryParseWord(RecipeScalar scalar, out T value)
        {
            (string? word, value) = words.FirstOrDefault(candidate => candidate.Word == scalar.Text);
            return word is not null;
        }
    }

    /// <summary>One of a few words, or nothing.</summary>
    /// <typeparam name="T">What the words stand for.</typeparam>
    /// <param name="words">The words.</param>
    public static ScalarRule<T?> ChoiceOrNull<T>(params (string Word, T Value)[] words)
        where T : struct, Enum
    {
        ScalarRule<T> choice = Choice(words);
        return new ScalarRule<T?>
        {
            Expected = choice.Expected + ", or null",
            TryParse = TryParseWordOrNull,
            Format = value => value is { } word ? choice.Format(word) : "null",
            Holds = value => value is not { } word || choice.Holds(word),
            TextHint = choice.TextHint,
        };

        bool TryParseWordOrNull(RecipeScalar scalar, out T? value)
        {
            bool isWord = choice.TryParse(scalar, out T word);
            value = isWord ? word : null;
            return isWord || scalar.IsNull;
        }
    }

    private static bool TryParseFlag(RecipeScalar scalar, out bool value)
    {
        value = scalar.Text is "true" or "True" or "TRUE";
        return !scalar.IsQuoted && (value || scalar.Text is "false" or "False" or "FALSE");
    }

    private static bool TryParseFlagOrNull(RecipeScalar scalar, out bool? value)
    {
        bool isFlag = TryParseFlag(scalar, out bool flag);
        value = isFlag ? flag : null;
        return isFlag || scalar.IsNull;
    }

    private static bool TryParsePath(RecipeScalar scalar, out string? value)
    {
        value = scalar.IsNull ? null : scalar.Text;
        return true;
    }

    private static bool TryParseNumber(RecipeScalar scalar, out double value)
    {
        value = 0;
        const NumberStyles Style = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;
        return !scalar.IsQuoted && double.TryParse(scalar.Text, Style, CultureInfo.InvariantCulture, out value) && double.IsFinite(value);
    }

    private static bool TryParseLong(RecipeScalar scalar, out long value)
    {
        value = 0;
        return !scalar.IsQuoted && long.TryParse(scalar.Text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value);
    }

    private static bool TryParseInt(RecipeScalar scalar, out int value)
    {
        value = 0;
        return !scalar.IsQuoted && int.TryParse(scalar.Text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value);
    }

    private static bool TryParseIntOrNull(RecipeScalar scalar, out int? value)
    {
        bool isNumber = TryParseInt(scalar, out int number);
        value = isNumber ? number : null;
        return isNumber || scalar.IsNull;
    }

    /// <summary>Control characters of ASCII and Latin-1, and what is left of half a surrogate pair.</summary>
    private static bool IsControl(Rune rune) => Rune.IsControl(rune) || rune == Rune.ReplacementChar;

    private static string ListOf(IEnumerable<string> words)
    {
        string[] all = [.. words];
        return all.Length < 2 ? string.Concat(all) : $"{string.Join(", ", all[..^1])} or {all[^1]}";
    }
}
