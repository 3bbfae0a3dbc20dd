using System.Globalization;
using System.Text;

namespace Niwaki.Tokenizers.Chat;

/// <summary>Turns expressions into functions, by precedence from the weakest to the strongest.</summary>
/// <param name="tokens">The template.</param>
internal sealed class JinjaExpressions(JinjaTokens tokens)
{
    /// <summary>An expression, perhaps with a condition: <c>a if b else c</c>.</summary>
    public Func<JinjaRun, object?> Read() => tokens.Nested(() =>
    {
        Func<JinjaRun, object?> value = Or();
        if (!tokens.Accept("if"))
        {
            return value;
        }

        Func<JinjaRun, object?> condition = Or();
        Func<JinjaRun, object?> otherwise = tokens.Accept("else") ? Read() : _ => JinjaValue.Undefined;
        return run => JinjaValue.IsTrue(condition(run)) ? value(run) : otherwise(run);
    });

    /// <summary>An expression in front of an <c>if</c> that is not its own.</summary>
    public Func<JinjaRun, object?> ReadWithoutCondition() => tokens.Nested(Or);

    /// <summary>Expressions with commas between them are a list.</summary>
    public Func<JinjaRun, object?> ReadList()
    {
        Func<JinjaRun, object?> first = Read();
        if (!tokens.Current.Is(","))
        {
            return first;
        }

        var items = new List<Func<JinjaRun, object?>> { first };
        while (tokens.Accept(","))
        {
            items.Add(Read());
        }

        return run => Values(run, items);
    }

    private Func<JinjaRun, object?> Or()
    {
        Func<JinjaRun, object?> left = And();
        while (tokens.Accept("or"))
        {
            Func<JinjaRun, object?> first = left, second = And();
            left = JinjaRun.Link(run => first(run) is var value && JinjaValue.IsTrue(value) ? value : second(run));
        }

        return left;
    }

    private Func<JinjaRun, object?> And()
    {
        Func<JinjaRun, object?> left = Not();
        while (tokens.Accept("and"))
        {
            Func<JinjaRun, object?> first = left, second = Not();
            left = JinjaRun.Link(run => first(run) is var value && JinjaValue.IsTrue(value) ? second(run) : value);
        }

        return left;
    }

    private Func<JinjaRun, object?> Not() => tokens.Nested(() =>
    {
        if (!tokens.Accept("not"))
        {
            return Comparison();
        }

        Func<JinjaRun, object?> value = Not();
        return run => !JinjaValue.IsTrue(value(run));
    });

    private Func<JinjaRun, object?> Comparison()
    {
        Func<JinjaRun, object?> left = Sum();
        while (true)
        {
            Func<JinjaRun, object?> first = left;
            if (tokens.Current.Kind == JinjaTokenKind.Sign && tokens.Current.Text is "==" or "!=" or "<" or ">" or "<=" or ">=")
            {
                string sign = tokens.Take().Text;
                Func<JinjaRun, object?> second = Sum();
                left = JinjaRun.Link(run => JinjaComparison.Apply(run, sign, first(run), second(run)));
            }
            else if (tokens.Accept("in"))
            {
                Func<JinjaRun, object?> second = Sum();
                left = JinjaRun.Link(run => JinjaComparison.IsIn(run, first(run), second(run)));
            }
            else if (tokens.Current.Is("not") && tokens.Following.Is("in"))
            {
                tokens.Take();
                tokens.Take();
                Func<JinjaRun, object?> second = Sum();
                left = JinjaRun.Link(run => !JinjaComparison.IsIn(run, first(run), second(run)));
            }
            else
            {
                return left;
            }
        }
    }

    private Func<JinjaRun, object?> Sum()
    {
        Func<JinjaRun, object?> left = Product();
        while (tokens.Current.Kind == JinjaTokenKind.Sign && tokens.Current.Text is "+" or "-" or "~")
        {
            string sign = tokens.Take().Text;
            Func<JinjaRun, object?> first = left, second = Product();
            left = JinjaRun.Link(run => JinjaOperators.Apply(run, sign, first(run), second(run)));
        }

        return left;
    }

    private Func<JinjaRun, object?> Product()
    {
        Func<JinjaRun, object?> left = Signed();
        while (tokens.Current.Kind == JinjaTokenKind.Sign && tokens.Current.Text is "*" or "/" or "//" or "%")
        {
            string sign = tokens.Take().Text;
            Func<JinjaRun, object?> first = left, second = Signed();
            left = JinjaRun.Link(run => JinjaOperators.Apply(run, sign, first(run), second(run)));
        }

        return left;
    }

    private Func<JinjaRun, object?> Signed() => tokens.Nested(() =>
    {
        if (tokens.Accept("-"))
        {
            Func<JinjaRun, object?> value = Signed();
            return run => JinjaOperators.Apply(run, "-", 0L, value(run));
        }

        tokens.Accept("+");
        return Suffixed();
    });

    /// <summary>A value with what stands behind it: fields, places, calls, filters and tests.</summary>
    private Func<JinjaRun, object?> Suffixed()
    {
        Func<JinjaRun, object?> value = Primary();
        while (true)
        {
            Func<JinjaRun, object?> before = JinjaRun.Link(value);
            if (tokens.Accept("."))
            {
                string name = tokens.Current.Kind == JinjaTokenKind.Integer ? tokens.Take().Text : tokens.Expect(JinjaTokenKind.Name, "a field");
                value = tokens.Current.Is("(") ? Method(before, name) : run => JinjaOperators.Field(run, before(run), name);
            }
            else if (tokens.Accept("["))
            {
                value = Place(before);
            }
            else if (tokens.Current.Is("("))
            {
                (Func<JinjaRun, IReadOnlyList<object?>> arguments, Func<JinjaRun, JinjaMap> named) = Arguments();
                value = run => before(run) is JinjaFunction function
                    ? function(run, arguments(run), named(run))
                    : throw new ChatTemplateException("Chat template calls what is no function, expected one that it knows.", 0);
            }
            else if (tokens.Accept("|"))
            {
                string name = tokens.Expect(JinjaTokenKind.Name, "a filter");
                JinjaFilter filter = JinjaFilters.Find(name) ?? throw tokens.Fault($"behind filter '{name}', which is not supported; expected one of {JinjaFilters.Names}");
                (Func<JinjaRun, IReadOnlyList<object?>> arguments, Func<JinjaRun, JinjaMap> named) = tokens.Current.Is("(") ? Arguments() : (_ => [], _ => new JinjaMap());
                value = run => filter(run, before(run), arguments(run), named(run));
            }
            else if (tokens.Accept("is"))
            {
                value = Test(before);
            }
            else
            {
                return value;
            }
        }
    }

    private Func<JinjaRun, object?> Test(Func<JinjaRun, object?> value)
    {
        bool negated = tokens.Accept("not");
        string name = tokens.Expect(JinjaTokenKind.Name, "a test");
        Func<JinjaRun, object?, object?, bool> test = JinjaTests.Find(name) ?? throw tokens.Fault($"behind test '{name}', which is not supported; expected one of {JinjaTests.Names}");
        Func<JinjaRun, object?> argument = _ => null;
        if (tokens.Accept("("))
        {
            argument = Read();
            tokens.Expect(")");
        }
        else if (JinjaTests.TakesArgument(name))
        {
            argument = Primary();
        }

        return run => test(run, value(run), argument(run)) != negated;
    }

    private Func<JinjaRun, object?> Method(Func<JinjaRun, object?> value, string name)
    {
        (Func<JinjaRun, IReadOnlyList<object?>> arguments, Func<JinjaRun, JinjaMap> named) = Arguments();
        return run =>
        {
            run.Step();
            run.Pass(name.Length);
            object? owner = value(run);
            return owner is JinjaMap map && map[name] is JinjaFunction function
                ? function(run, arguments(run), named(run))
                : JinjaMethods.Call(run, owner, name, arguments(run));
        };
    }

    /// <summary>What stands in brackets: an index, a name, or a slice.</summary>
    private Func<JinjaRun, object?> Place(Func<JinjaRun, object?> value)
    {
        Func<JinjaRun, object?>?[] parts = new Func<JinjaRun, object?>?[3];
        int count = 0;
        bool isSlice = false;
        while (!tokens.Accept("]"))
        {
            if (tokens.Accept(":"))
            {
                isSlice = true;
                if (++count > 2)
                {
                    throw tokens.Fault("expected at most two colons in a slice");
                }

                continue;
            }

            parts[count] = Read();
        }

        return isSlice
            ? run => JinjaOperators.Slice(run, value(run), parts[0]?.Invoke(run), parts[1]?.Invoke(run), parts[2]?.Invoke(run))
            : run => JinjaOperators.Item(run, value(run), parts[0] is { } index ? index(run) : throw new ChatTemplateException("Chat template has empty brackets, expected an index.", 0));
    }

    private (Func<JinjaRun, IReadOnlyList<object?>> Arguments, Func<JinjaRun, JinjaMap> Named) Arguments()
    {
        var positional = new List<Func<JinjaRun, object?>>();
        var named = new List<(string Name, Func<JinjaRun, object?> Value)>();
        tokens.Expect("(");
        while (!tokens.Accept(")"))
        {
            if (tokens.Current.Kind == JinjaTokenKind.Name && tokens.Following.Is("="))
            {
                string name = tokens.Take().Text;
                tokens.Take();
                named.Add((name, Read()));
            }
            else
            {
                positional.Add(Read());
            }

            if (!tokens.Current.Is(")"))
            {
                tokens.Expect(",");
            }
        }

        return (run => Values(run, positional), run => Named(run, named));
    }

    private static JinjaMap Named(JinjaRun run, List<(string Name, Func<JinjaRun, object?> Value)> values)
    {
        var map = new JinjaMap();
        values.ForEach(pair => map[run.Made(pair.Name)] = pair.Value(run));
        return map;
    }

    private static List<object?> Values(JinjaRun run, List<Func<JinjaRun, object?>> items)
    {
        run.Make(items.Count + 1);
        return [.. items.Select(item => item(run))];
    }

    private Func<JinjaRun, object?> Primary() => tokens.Current.Kind switch
    {
        JinjaTokenKind.String => Text(),
        JinjaTokenKind.Integer => Constant(long.TryParse(tokens.Current.Text, NumberStyles.None, CultureInfo.InvariantCulture, out long number) ? number : throw tokens.Fault("expected a number of 64 bits")),
        JinjaTokenKind.Float => Constant(double.Parse(tokens.Current.Text, CultureInfo.InvariantCulture)),
        JinjaTokenKind.Name => Name(),
        _ when tokens.Accept("(") => Parentheses(),
        _ when tokens.Accept("[") => List("]"),
        _ when tokens.Accept("{") => Map(),
        _ => throw tokens.Fault("expected an expression"),
    };

    /// <summary>Strings beside each other are one.</summary>
    private Func<JinjaRun, object?> Text()
    {
        var parts = new StringBuilder(tokens.Take().Text);
        while (tokens.Current.Kind == JinjaTokenKind.String)
        {
            parts.Append(tokens.Take().Text);
        }

        string text = parts.ToString();
        return _ => text;
    }

    private Func<JinjaRun, object?> Constant(object value)
    {
        tokens.Take();
        return _ => value;
    }

    private Func<JinjaRun, object?> Name()
    {
        string name = tokens.Take().Text;
        return name switch
        {
            "true" or "True" => _ => true,
            "false" or "False" => _ => false,
            "none" or "None" => _ => null,
            _ => run => run.Look(name),
        };
    }

    private Func<JinjaRun, object?> Parentheses()
    {
        if (tokens.Accept(")"))
        {
            return run => Values(run, []);
        }

        Func<JinjaRun, object?> first = Read();
        if (!tokens.Accept(","))
        {
            tokens.Expect(")");
            return first;
        }

        Func<JinjaRun, object?> rest = List(")");
        return run => new List<object?> { first(run) }.Concat((List<object?>)rest(run)!).ToList();
    }

    private Func<JinjaRun, object?> List(string end)
    {
        var items = new List<Func<JinjaRun, object?>>();
        while (!tokens.Accept(end))
        {
            items.Add(Read());
            if (!tokens.Current.Is(end))
            {
                tokens.Expect(",");
            }
        }

        return run => Values(run, items);
    }

    private Func<JinjaRun, object?> Map()
    {
        var pairs = new List<(Func<JinjaRun, object?> Name, Func<JinjaRun, object?> Value)>();
        while (!tokens.Accept("}"))
        {
            Func<JinjaRun, object?> name = Read();
            tokens.Expect(":");
            pairs.Add((name, Read()));
            if (!tokens.Current.Is("}"))
            {
                tokens.Expect(",");
            }
        }

        return run =>
        {
            run.Make(pairs.Count + 1);
            var map = new JinjaMap();
            pairs.ForEach(pair => map[run.Made(JinjaValue.Text(pair.Name(run)))] = pair.Value(run));
            return map;
        };
    }
}
