using System.Globalization;
using System.Text;

namespace Niwaki.Tokenizers.Chat;

/// <summary>Cuts a template into tokens, with white space handled as transformers asks Jinja to: <c>trim_blocks</c> and <c>lstrip_blocks</c>.</summary>
internal sealed class JinjaLexer
{
    private static readonly string[] Signs =
        ["//", "**", "==", "!=", "<=", ">=", "+", "-", "*", "/", "%", "~", "<", ">", "=", "(", ")", "[", "]", "{", "}", ",", ":", ".", "|"];

    private readonly string _text;
    private readonly List<JinjaToken> _tokens = [];
    private int _at;
    private int _line = 1;

    private JinjaLexer(string text) => _text = text;

    /// <summary>The tokens of a template; the last is <see cref="JinjaTokenKind.End"/>.</summary>
    /// <exception cref="ChatTemplateException">A tag or string has no end, or a character has no meaning.</exception>
    public static IReadOnlyList<JinjaToken> Read(string template)
    {
        string text = template.ReplaceLineEndings("\n");
        var lexer = new JinjaLexer(text.EndsWith('\n') ? text[..^1] : text);
        lexer.Run();
        return lexer._tokens;
    }

    private void Run()
    {
        bool trim = false; // the tag before ended with a dash
        while (_at < _text.Length)
        {
            int tag = NextTag();
            string text = _text[_at..tag];
            char kind = tag < _text.Length ? _text[tag + 1] : '\0';
            char control = tag + 2 < _text.Length ? _text[tag + 2] : '\0';
            string shown = trim ? text.TrimStart() : text;
            if (control == '-' && kind != '\0')
            {
                shown = shown.TrimEnd();
            }
            else if (kind is '%' or '#' && control != '+')
            {
                shown = WithoutIndent(shown, lineStart: tag - text.Length == 0 || shown.Length < text.Length || AtLineStart(tag - text.Length));
            }

            if (shown.Length > 0)
            {
                _tokens.Add(new JinjaToken(JinjaTokenKind.Text, shown, _line));
            }

            Move(tag - _at);
            trim = kind != '\0' && ReadTag(kind, control is '-' or '+');
        }

        _tokens.Add(new JinjaToken(JinjaTokenKind.End, "", _line));
    }

    /// <summary>Reads a tag and what belongs to it; whether the text behind loses its white space.</summary>
    private bool ReadTag(char kind, bool hasControl)
    {
        int startLine = _line;
        Move(hasControl ? 3 : 2);
        if (kind == '#')
        {
            return SkipComment(startLine);
        }

        bool statement = kind == '%';
        _tokens.Add(new JinjaToken(statement ? JinjaTokenKind.StatementStart : JinjaTokenKind.ExpressionStart, "", startLine));
        string close = statement ? "%}" : "}}";
        int depth = 0;
        while (true)
        {
            SkipSpace();
            if (_at >= _text.Length)
            {
                throw Fault($"tag has no end, expected '{close}'", startLine);
            }

            if (depth == 0 && (Follows(close) || Follows("-" + close) || Follows("+" + close)))
            {
                char control = _text[_at];
                _tokens.Add(new JinjaToken(statement ? JinjaTokenKind.StatementEnd : JinjaTokenKind.ExpressionEnd, "", _line));
                Move(control is '-' or '+' ? 3 : 2);
                if (statement)
                {
                    SkipNewline(control);
                }

                return control == '-';
            }

            depth += ReadToken();
        }
    }

    private bool SkipComment(int startLine)
    {
        int end = _text.IndexOf("#}", _at, StringComparison.Ordinal);
        if (end < 0)
        {
            throw Fault("comment has no end, expected '#}'", startLine);
        }

        char control = end > _at ? _text[end - 1] : '\0';
        Move(end + 2 - _at);
        SkipNewline(control);
        return control == '-';
    }

    /// <summary>Reads a token; how many braces it opens.</summary>
    private int ReadToken()
    {
        char c = _text[_at];
        if (c is '\'' or '"')
        {
            ReadString(c);
            return 0;
        }

        if (char.IsAsciiDigit(c))
        {
            ReadNumber();
            return 0;
        }

        if (char.IsLetter(c) || c == '_')
        {
            int end = _at;
            while (end < _text.Length && (char.IsLetterOrDigit(_text[end]) || _text[end] == '_'))
            {
                end++;
            }

            Add(JinjaTokenKind.Name, _text[_at..end], end - _at);
            return 0;
        }

        string sign = Array.Find(Signs, Follows)
            ?? throw Fault($"character '{(char.IsControl(c) ? string.Create(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}") : c)}' has no meaning, expected an expression", _line);
        Add(JinjaTokenKind.Sign, sign, sign.Length);
        return sign switch { "{" => 1, "}" => -1, _ => 0 };
    }

    private void ReadNumber()
    {
        int end = _at;
        while (end < _text.Length && char.IsAsciiDigit(_text[end]))
        {
            end++;
        }

        bool isFloat = end + 1 < _text.Length && _text[end] == '.' && char.IsAsciiDigit(_text[end + 1]);
        for (end += isFloat ? 1 : 0; isFloat && end < _text.Length && char.IsAsciiDigit(_text[end]);)
        {
            end++;
        }

        Add(isFloat ? JinjaTokenKind.Float : JinjaTokenKind.Integer, _text[_at..end], end - _at);
    }

    private void ReadString(char quote)
    {
        int line = _line;
        var value = new StringBuilder();
        int at = _at + 1;
        for (; at < _text.Length && _text[at] != quote; at++)
        {
            if (_text[at] != '\\' || at + 1 >= _text.Length)
            {
                value.Append(_text[at]);
                continue;
            }

            at++;
            value.Append(_text[at] switch { 'n' => "\n", 't' => "\t", 'r' => "\r", 'b' => "\b", 'f' => "\f", '\\' or '\'' or '"' => _text[at].ToString(), _ => "\\" + _text[at] });
        }

        if (at >= _text.Length)
        {
            throw Fault($"string has no end, expected {quote}", line);
        }

        Add(JinjaTokenKind.String, value.ToString(), at + 1 - _at);
    }

    private int NextTag()
    {
        for (int at = _at; at + 1 < _text.Length; at++)
        {
            if (_text[at] == '{' && _text[at + 1] is '%' or '{' or '#')
            {
                return at;
            }
        }

        return _text.Length;
    }

    /// <summary>Text in front of a statement loses the blanks of the line that the statement begins.</summary>
    private static string WithoutIndent(string text, bool lineStart)
    {
        string kept = text.TrimEnd(' ', '\t');
        return kept.EndsWith('\n') || (kept.Length == 0 && lineStart) ? kept : text;
    }

    private bool AtLineStart(int at) => at == 0 || _text[at - 1] == '\n';

    /// <summary>The newline behind a statement or comment is dropped, unless a plus in front of its end keeps it; a dash drops more later.</summary>
    private void SkipNewline(char control)
    {
        if (control is not ('-' or '+') && Follows("\n"))
        {
            Move(1);
        }
    }

    private void SkipSpace()
    {
        while (_at < _text.Length && char.IsWhiteSpace(_text[_at]))
        {
            Move(1);
        }
    }

    private bool Follows(string text) => string.CompareOrdinal(_text, _at, text, 0, text.Length) == 0;

    private void Add(JinjaTokenKind kind, string text, int length)
    {
        _tokens.Add(new JinjaToken(kind, text, _line));
        Move(length);
    }

    private void Move(int characters)
    {
        _line += _text.AsSpan(_at, characters).Count('\n');
        _at += characters;
    }

    private static ChatTemplateException Fault(string what, int line) => new($"Chat template, line {line}: {what}.", line);
}
