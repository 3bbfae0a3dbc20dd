using System.Runtime.InteropServices;
using System.Text;

namespace Niwaki.Tokenizers.Normalizers;

/// <summary>One of the four normalisation forms of Unicode (UAX #15).</summary>
/// <remarks>
/// <para>
/// Our own, because <see cref="string.Normalize()"/> leaves every text as it is where a program runs without the data of ICU
/// (<c>InvariantGlobalization</c>) and refuses code points such as U+FFFE, and because the same text must give the same ids on every
/// machine.
/// </para>
/// <para>
/// Only stretches with a character that may change are worked on, each from the character before it: characters that combine,
/// decompose or can be the second of a composition. Characters that came after Unicode 14 stay as they are. O(n log n) for any text.
/// </para>
/// </remarks>
internal sealed class UnicodeNormalizer : Normalizer
{
    // Runs of combining characters up to this length are sorted by insertion; longer ones occur in hostile texts only.
    private const int ShortRun = 32;

    private readonly bool _compatibility;
    private readonly bool _composes;
    private readonly bool[] _mayChange;

    /// <summary>Makes a normaliser.</summary>
    /// <param name="form">C, D, KC or KD.</param>
    public UnicodeNormalizer(NormalizationForm form)
    {
        _compatibility = form is NormalizationForm.FormKC or NormalizationForm.FormKD;
        _composes = form is NormalizationForm.FormC or NormalizationForm.FormKC;
        _mayChange = new bool[UnicodeMappings.Limit];
        for (int code = 0; code < _mayChange.Length; code++)
        {
            _mayChange[code] = MayChange(code);
        }
    }

    private static UnicodeMappings Mappings => UnicodeMappings.Instance;

    public override string Normalize(string text)
    {
        int start = Find(text, 0, mayChange: true);
        if (start == text.Length)
        {
            return text;
        }

        var result = new StringBuilder(text.Length);
        var characters = new List<int>();
        int copied = 0;
        while (start < text.Length)
        {
            int end = Find(text, start, mayChange: false);
            if (start > copied)
            {
                start -= char.IsLowSurrogate(text[start - 1]) ? 2 : 1;
            }

            result.Append(text, copied, start - copied);
            Append(text.AsSpan(start, end - start), characters, result);
            copied = end;
            start = Find(text, end, mayChange: true);
        }

        return result.Append(text, copied, text.Length - copied).ToString();
    }

    private bool MayChange(int code)
    {
        if (Mappings.ClassOf(code) != 0)
        {
            return true;
        }

        return _composes
            ? Mappings.IsSecond(code) || Mappings.ChangesWhenComposed(code, _compatibility)
            : Mappings.Decomposes(code, _compatibility);
    }

    /// <summary>The next character that may change or may not, the end of the text if there is none.</summary>
    private int Find(string text, int position, bool mayChange)
    {
        while (position < text.Length)
        {
            bool isPair = char.IsHighSurrogate(text[position]);
            int code = isPair ? char.ConvertToUtf32(text[position], text[position + 1]) : text[position];
            if ((code < _mayChange.Length && _mayChange[code]) == mayChange)
            {
                break;
            }

            position += isPair ? 2 : 1;
        }

        return position;
    }

    private void Append(ReadOnlySpan<char> text, List<int> characters, StringBuilder result)
    {
        characters.Clear();
        foreach (Rune rune in text.EnumerateRunes())
        {
            Mappings.Decompose(rune.Value, _compatibility, characters);
        }

        Span<int> span = CollectionsMarshal.AsSpan(characters);
        Order(span);
        int count = _composes ? Compose(span) : span.Length;
        Span<char> buffer = stackalloc char[2];
        foreach (int code in span[..count])
        {
            result.Append(buffer[..new Rune(code).EncodeToUtf16(buffer)]);
        }
    }

    /// <summary>Sorts every run of combining characters by class; equal classes keep their order.</summary>
    private static void Order(Span<int> characters)
    {
        int start = 0;
        while (start < characters.Length)
        {
            if (Mappings.ClassOf(characters[start]) == 0)
            {
                start++;
                continue;
            }

            int end = start + 1;
            while (end < characters.Length && Mappings.ClassOf(characters[end]) != 0)
            {
                end++;
            }

            OrderRun(characters[start..end]);
            start = end;
        }
    }

    private static void OrderRun(Span<int> run)
    {
        if (run.Length > ShortRun)
        {
            // Keys of class and place make an unstable sort stable.
            long[] keys = new long[run.Length];
            for (int i = 0; i < keys.Length; i++)
            {
                keys[i] = ((long)Mappings.ClassOf(run[i]) << 32) | (uint)i;
            }

            MemoryExtensions.Sort(keys.AsSpan(), run);
            return;
        }

        for (int i = 1; i < run.Length; i++)
        {
            int character = run[i];
            byte combiningClass = Mappings.ClassOf(character);
            int j = i;
            for (; j > 0 && Mappings.ClassOf(run[j - 1]) > combiningClass; j--)
            {
                run[j] = run[j - 1];
            }

            run[j] = character;
        }
    }

    /// <summary>Composes in place; a character composes with the last starter unless one of its class or a higher stands between.</summary>
    private static int Compose(Span<int> characters)
    {
        int starter = -1;
        int count = 0;
        byte lastClass = 0;
        foreach (int character in characters)
        {
            byte combiningClass = Mappings.ClassOf(character);
            bool isReachable = starter >= 0 && (count == starter + 1 || lastClass < combiningClass);
            if (isReachable && Mappings.TryCompose(characters[starter], character, out int composed))
            {
                characters[starter] = composed;
                continue;
            }

            if (combiningClass == 0)
            {
                starter = count;
            }

            lastClass = combiningClass;
            characters[count++] = character;
        }

        return count;
    }
}
