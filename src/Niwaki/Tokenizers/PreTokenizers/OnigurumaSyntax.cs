using System.Globalization;
using System.Text;

namespace Niwaki.Tokenizers.PreTokenizers;

/// <summary>Rewrites a regular expression of Oniguruma (Ruby syntax, as the tokenizers of Hugging Face use it) for .NET.</summary>
/// <remarks>
/// What means the same stays. What differs is written out: <c>\w</c>, <c>\h</c>, <c>\b</c>, <c>^</c> and <c>$</c> (ends of lines in Ruby),
/// possessive quantifiers, <c>{n,m}+</c> (a repetition of a repetition), <c>{,m}</c>, <c>\x{…}</c>, classes inside classes. What
/// has no equal is refused.
/// </remarks>
internal ref struct OnigurumaSyntax
{
    // \w of Oniguruma, in the form of the inside of a class: alphabetic characters with the circled letters, marks, decimal numbers,
    // connectors. Outside of classes it looks characters of Latin-1 up in a table that has the superscript digits and fractions too.
    private const string WordClass = @"\p{L}\p{M}\p{Nd}\p{Nl}\p{Pc}\u24B6-\u24E9";
    private const string SingleWordClass = WordClass + @"\u00B2\u00B3\u00B9\u00BC-\u00BE";

    // Five times the longest expression seen in a tokenizer file, and classes deeper than any of them.
    private const int MaxLength = 4096;
    private const int MaxClassDepth = 8;

    private readonly string _source;
    private readonly StringBuilder _target;
    private readonly Stack<int> _groups;
    private int _position;
    private int _atomStart; // in the target; -1 where nothing can be repeated

    private OnigurumaSyntax(string source)
    {
        _source = source;
        _target = new StringBuilder(source.Length + 16);
        _groups = new Stack<int>();
        _atomStart = -1;
    }

    /// <summary>Rewrites an expression.</summary>
    /// <param name="expression">Expression for Oniguruma.</param>
    /// <returns>Expression for .NET, to be used without options that change the syntax.</returns>
    /// <exception cref="NotSupportedException">It uses syntax without an equal; the message says which and where.</exception>
    public static string Translate(string expression)
    {
        if (expression.Length > MaxLength)
        {
            throw new NotSupportedException($"has {expression.Length} characters, more than {MaxLength}");
        }

        var syntax = new OnigurumaSyntax(expression);
        while (syntax._position < expression.Length)
        {
            syntax.TranslateNext();
        }

        return syntax._target.ToString();
    }

    private void TranslateNext()
    {
        char c = _source[_position];
        switch (c)
        {
            case '\\':
                BeginAtom();
                _target.Append(ReadEscape(insideClass: false));
                break;
            case '[':
                BeginAtom();
                _target.Append('[');
                CopyClass(depth: 0);
                _target.Append(']');
                break;
            case '(':
                OpenGroup();
                break;
            case ')':
                _atomStart = _groups.Count > 0 ? _groups.Pop() : throw Unsupported("')' without '('");
                _target.Append(c);
                _position++;
                break;
            case '*' or '+' or '?' or '{':
                CopyQuantifier();
                break;
            case '^' or '$':
                BeginAtom();
                _target.Append("(?m:").Append(c).Append(')');
                _position++;
                break;
            default:
                CopyLiteral(c);
                break;
        }
    }

    private void BeginAtom() => _atomStart = _target.Length;

    private void CopyLiteral(char c)
    {
        if (char.IsSurrogate(c))
        {
            throw Unsupported("a character of a supplementary plane");
        }

        BeginAtom();
        _target.Append(c is ' ' or '#' or '}' or ']' ? $"\\{c}" : c.ToString());
        _position++;
        if (c == '|')
        {
            _atomStart = -1;
        }
    }

    private void OpenGroup()
    {
        _groups.Push(_target.Length);
        ReadOnlySpan<string> kinds = ["(?:", "(?=", "(?!", "(?<=", "(?<!", "(?>", "(?i:", "(?i)", "(?-i:", "(?-i)"];
        foreach (string kind in kinds)
        {
            if (_source.AsSpan(_position).StartsWith(kind, StringComparison.Ordinal))
            {
                _target.Append(kind);
                _position += kind.Length;
                if (kind[^1] == ')')
                {
                    _groups.Pop();
                    _atomStart = -1;
                }

                return;
            }
        }

        if (_source.AsSpan(_position).StartsWith("(?", StringComparison.Ordinal))
        {
            throw Unsupported("a group of this kind");
        }

        _target.Append("(?:"); // nothing reads captures
        _position++;
    }

    private void CopyQuantifier()
    {
        string quantifier = ReadQuantifier();
        if (_atomStart < 0 || quantifier.Length == 0)
        {
            CopyLiteral(_source[_position]); // a brace that opens no interval stands for itself, as in .NET
            return;
        }

        _position += quantifier.Length;
        bool isInterval = quantifier[0] == '{';
        char suffix = _position < _source.Length ? _source[_position] : '\0';
        _target.Append(quantifier.StartsWith("{,", StringComparison.Ordinal) ? $"{{0{quantifier[1..]}" : quantifier);
        if (suffix == '+')
        {
            // Possessive, except behind an interval, where Ruby repeats the repetition.
            _target.Insert(_atomStart, isInterval ? "(?:" : "(?>").Append(isInterval ? ")+" : ")");
            _position++;
        }
        else if (suffix == '?')
        {
            bool isFixed = isInterval && !quantifier.Contains(',', StringComparison.Ordinal);
            _target.Append(isFixed ? throw Unsupported("'{n}?'") : suffix);
            _position++;
        }

        // A quantifier of a quantifier would mean another thing in .NET.
        if (_position < _source.Length && (_source[_position] is '*' or '+' or '?' || (_source[_position] == '{' && ReadQuantifier().Length > 0)))
        {
            throw Unsupported("a quantifier behind a quantifier");
        }

        _atomStart = -1;
    }

    /// <summary>The quantifier at the position; empty where a brace opens no interval.</summary>
    private readonly string ReadQuantifier()
    {
        if (_source[_position] != '{')
        {
            return _source[_position].ToString();
        }

        int end = _source.IndexOf('}', _position);
        string inner = end < 0 ? "" : _source[(_position + 1)..end];
        bool isInterval = inner.Any(char.IsAsciiDigit) && inner.All(c => char.IsAsciiDigit(c) || c == ',') && inner.Count(c => c == ',') <= 1;
        return isInterval ? $"{{{inner}}}" : "";
    }

    /// <summary>Copies the inside of a class; classes inside it are dissolved, for they mean their union.</summary>
    private void CopyClass(int depth)
    {
        if (depth > MaxClassDepth)
        {
            throw Unsupported($"classes nested more than {MaxClassDepth} deep");
        }

        int start = _position++;
        if (_position < _source.Length && _source[_position] == '^')
        {
            _target.Append(depth == 0 ? '^' : throw Unsupported("a negated class inside a class"));
            _position++;
        }

        int first = _position;
        while (_position < _source.Length && (_source[_position] != ']' || _position == first))
        {
            CopyClassMember(depth);
        }

        if (_position >= _source.Length)
        {
            _position = start;
            throw Unsupported("'[' without ']'");
        }

        _position++;
    }

    private void CopyClassMember(int depth)
    {
        char c = _source[_position];
        ReadOnlySpan<char> rest = _source.AsSpan(_position);
        if (c == '\\')
        {
            _target.Append(ReadEscape(insideClass: true));
        }
        else if (c == '[')
        {
            if (rest.StartsWith("[:", StringComparison.Ordinal))
            {
                throw Unsupported("a POSIX class");
            }

            CopyClass(depth + 1);
        }
        else if (rest.StartsWith("&&", StringComparison.Ordinal) || char.IsSurrogate(c))
        {
            throw Unsupported(c == '&' ? "an intersection of classes" : "a character of a supplementary plane");
        }
        else
        {
            bool endsClass = c == '-' && (rest.Length < 2 || rest[1] is ']' or '[');
            _target.Append(c is ']' or '^' || endsClass ? $"\\{c}" : c.ToString());
            _position++;
        }
    }

    /// <summary>Reads an escape and gives what means the same in .NET.</summary>
    private string ReadEscape(bool insideClass)
    {
        if (_position + 1 >= _source.Length)
        {
            throw Unsupported("'\\' at the end");
        }

        char c = _source[_position + 1];
        switch (c)
        {
            case 'p' or 'P':
                return ReadProperty();
            case 'x':
                return ReadHexadecimal();
            case 'u':
                return Take(6);
            case 'w' or 'W' or 'h' or 'H' or 'b' or 'B':
                Take(2);
                return insideClass ? InsideClass(c) : OutsideClass(c);
            case 's' or 'S' or 'd' or 'D' or 'n' or 'r' or 't' or 'f' or 'v' or 'a' or 'e':
            case 'A' or 'z' or 'Z' when !insideClass:
                return Take(2);
            default:
                return char.IsAsciiLetterOrDigit(c) || char.IsSurrogate(c) ? throw Unsupported($"'\\{c}'") : Take(2);
        }
    }

    private readonly string InsideClass(char c) => c switch
    {
        'w' => WordClass,
        'h' => "0-9a-fA-F",
        'b' => @"\b",
        _ => throw Unsupported($"'\\{c}' inside a class"),
    };

    private static string OutsideClass(char c) => c switch
    {
        'w' => $"[{SingleWordClass}]",
        'W' => $"[^{SingleWordClass}]",
        'h' => "[0-9a-fA-F]",
        'H' => "[^0-9a-fA-F]",
        'b' => $"(?:(?<=[{SingleWordClass}])(?![{SingleWordClass}])|(?<![{SingleWordClass}])(?=[{SingleWordClass}]))",
        _ => $"(?:(?<=[{SingleWordClass}])(?=[{SingleWordClass}])|(?<![{SingleWordClass}])(?![{SingleWordClass}]))",
    };

    private string ReadProperty()
    {
        int end = _source.IndexOf('}', _position);
        if (end < 0 || _position + 2 >= _source.Length || _source[_position + 2] != '{')
        {
            throw Unsupported("'\\p' without a property");
        }

        string name = _source[(_position + 3)..end];
        bool negates = (_source[_position + 1] == 'P') != name.StartsWith('^');
        string category = name.TrimStart('^') switch
        {
            "Letter" => "L",
            "Mark" => "M",
            "Number" => "N",
            "Punctuation" => "P",
            "Symbol" => "S",
            "Separator" => "Z",
            "Other" => "C",
            string other => other,
        };
        const string Categories = " L Lu Ll Lt Lm Lo M Mn Mc Me N Nd Nl No P Pc Pd Ps Pe Pi Pf Po S Sm Sc Sk So Z Zs Zl Zp C Cc Cf Cn Co ";
        if (!Categories.Contains($" {category} ", StringComparison.Ordinal))
        {
            throw Unsupported($"'\\p{{{name}}}'");
        }

        _position = end + 1;
        return $"\\{(negates ? 'P' : 'p')}{{{category}}}";
    }

    private string ReadHexadecimal()
    {
        if (_position + 2 >= _source.Length || _source[_position + 2] != '{')
        {
            return Take(4);
        }

        int end = _source.IndexOf('}', _position);
        ReadOnlySpan<char> digits = end < 0 ? [] : _source.AsSpan(_position + 3, end - _position - 3);
        bool isNumber = int.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out int value);
        if (!isNumber || value is < 0 or > char.MaxValue)
        {
            throw Unsupported($"'\\x{{{digits}}}'");
        }

        _position = end + 1;
        return string.Create(CultureInfo.InvariantCulture, $"\\u{value:X4}");
    }

    private string Take(int length)
    {
        int end = Math.Min(_source.Length, _position + length);
        string taken = _source[_position..end];
        _position = end;
        return taken;
    }

    private readonly NotSupportedException Unsupported(string what) =>
        new($"holds {what} at character {_position} of '{Shorten(_source)}'");

    private static string Shorten(string expression) => expression.Length <= 60 ? expression : expression[..60] + "…";
}
