namespace Niwaki.Tokenizers.Chat;

/// <summary>Turns the statements of a template into functions.</summary>
internal sealed class JinjaParser
{
    private readonly JinjaTokens _tokens;
    private readonly JinjaExpressions _expressions;

    /// <summary>Readies a parser.</summary>
    /// <param name="tokens">The template.</param>
    public JinjaParser(IReadOnlyList<JinjaToken> tokens)
    {
        _tokens = new JinjaTokens(tokens);
        _expressions = new JinjaExpressions(_tokens);
    }

    /// <summary>The whole template as a function that writes a conversation.</summary>
    /// <exception cref="ChatTemplateException">The template is broken or uses what is not supported.</exception>
    public Func<JinjaRun, JinjaFlow> Parse()
    {
        Func<JinjaRun, JinjaFlow> body = Body();
        return _tokens.Current.Kind == JinjaTokenKind.End ? body : throw _tokens.Fault("expected a statement that begins something");
    }

    /// <summary>Statements up to one of the words given, of which the tag is taken up to the word itself; or up to the end of the template.</summary>
    private Func<JinjaRun, JinjaFlow> Body(params string[] ends) => _tokens.Nested(() =>
    {
        var statements = new List<Func<JinjaRun, JinjaFlow>>();
        while (_tokens.Current.Kind != JinjaTokenKind.End)
        {
            if (_tokens.Current.Kind == JinjaTokenKind.StatementStart && _tokens.Following is { Kind: JinjaTokenKind.Name, Text: var word } && (ends.Contains(word) || IsEnd(word)))
            {
                break;
            }

            statements.Add(Next());
        }

        Func<JinjaRun, JinjaFlow>[] all = [.. statements];
        return (Func<JinjaRun, JinjaFlow>)(run =>
        {
            foreach (Func<JinjaRun, JinjaFlow> statement in all)
            {
                run.Step();
                JinjaFlow flow = statement(run);
                if (flow != JinjaFlow.Next)
                {
                    return flow;
                }
            }

            return JinjaFlow.Next;
        });
    });

    private static bool IsEnd(string word) => word is "elif" or "else" || word.StartsWith("end", StringComparison.Ordinal);

    private Func<JinjaRun, JinjaFlow> Next()
    {
        if (_tokens.Current.Kind == JinjaTokenKind.Text)
        {
            string text = _tokens.Take().Text;
            return run =>
            {
                run.Write(text);
                return JinjaFlow.Next;
            };
        }

        if (_tokens.Current.Kind == JinjaTokenKind.ExpressionStart)
        {
            _tokens.Take();
            Func<JinjaRun, object?> value = _expressions.Read();
            _tokens.Expect(JinjaTokenKind.ExpressionEnd, "'}}'");
            return run =>
            {
                run.Write(JinjaValue.Text(value(run)));
                return JinjaFlow.Next;
            };
        }

        _tokens.Expect(JinjaTokenKind.StatementStart, "a statement");
        string word = _tokens.Current.Text;
        return word switch
        {
            "set" => Set(),
            "if" => If(),
            "for" => For(),
            "macro" => Macro(),
            "break" => Jump(JinjaFlow.Break),
            "continue" => Jump(JinjaFlow.Continue),
            "generation" => Block("endgeneration"), // transformers marks answers with it for training
            _ => throw _tokens.Fault("expected one of set, if, for, macro, break, continue, generation; other statements are not supported"),
        };
    }

    private Func<JinjaRun, JinjaFlow> Jump(JinjaFlow flow)
    {
        _tokens.Take();
        CloseTag();
        return _ => flow;
    }

    private Func<JinjaRun, JinjaFlow> Block(string end)
    {
        _tokens.Take();
        CloseTag();
        Func<JinjaRun, JinjaFlow> body = Body(end);
        End(end);
        return body;
    }

    private Func<JinjaRun, JinjaFlow> Set()
    {
        _tokens.Take();
        string name = _tokens.Expect(JinjaTokenKind.Name, "a name");
        string? field = _tokens.Accept(".") ? _tokens.Expect(JinjaTokenKind.Name, "a field") : null;
        Func<JinjaRun, object?> value;
        if (_tokens.Accept("="))
        {
            value = _expressions.ReadList();
            CloseTag();
        }
        else
        {
            CloseTag();
            Func<JinjaRun, JinjaFlow> body = Body("endset");
            End("endset");
            value = run => run.Capture(() => body(run));
        }

        return run =>
        {
            object? found = value(run);
            if (field is null)
            {
                run.Set(name, found);
            }
            else if (run.Get(name) is JinjaMap { IsNamespace: true } map)
            {
                map[run.Made(field)] = found;
            }
            else
            {
                throw new ChatTemplateException($"Chat template sets '{name}.{field}', expected '{name}' to be a namespace.", 0);
            }

            return JinjaFlow.Next;
        };
    }

    private Func<JinjaRun, JinjaFlow> If()
    {
        _tokens.Take();
        Func<JinjaRun, object?> condition = _expressions.Read();
        CloseTag();
        Func<JinjaRun, JinjaFlow> then = Body("elif", "else", "endif");
        Func<JinjaRun, JinjaFlow> otherwise = _ => JinjaFlow.Next;
        _tokens.Expect(JinjaTokenKind.StatementStart, "'endif'");
        if (_tokens.Current.Is("elif"))
        {
            otherwise = _tokens.Nested(If);
        }
        else if (_tokens.Accept("else"))
        {
            CloseTag();
            otherwise = Body("endif");
            End("endif");
        }
        else
        {
            _tokens.Expect("endif");
            CloseTag();
        }

        return run => JinjaValue.IsTrue(condition(run)) ? then(run) : otherwise(run);
    }

    private Func<JinjaRun, JinjaFlow> For()
    {
        _tokens.Take();
        var names = new List<string>();
        do
        {
            names.Add(_tokens.Expect(JinjaTokenKind.Name, "a name"));
        }
        while (_tokens.Accept(","));

        _tokens.Expect("in");
        Func<JinjaRun, object?> items = _expressions.ReadWithoutCondition();
        Func<JinjaRun, object?>? filter = _tokens.Accept("if") ? _expressions.Read() : null;
        if (_tokens.Current.Is("recursive"))
        {
            throw _tokens.Fault("expected a loop without 'recursive', which is not supported");
        }

        CloseTag();
        Func<JinjaRun, JinjaFlow> body = Body("else", "endfor");
        Func<JinjaRun, JinjaFlow>? empty = null;
        _tokens.Expect(JinjaTokenKind.StatementStart, "'endfor'");
        if (_tokens.Accept("else"))
        {
            CloseTag();
            empty = Body("endfor");
            _tokens.Expect(JinjaTokenKind.StatementStart, "'endfor'");
        }

        _tokens.Expect("endfor");
        CloseTag();
        return new JinjaLoop([.. names], items, filter, body, empty).Run;
    }

    private Func<JinjaRun, JinjaFlow> Macro()
    {
        _tokens.Take();
        string name = _tokens.Expect(JinjaTokenKind.Name, "a name");
        var parameters = new List<(string Name, Func<JinjaRun, object?>? Default)>();
        _tokens.Expect("(");
        while (!_tokens.Accept(")"))
        {
            string parameter = _tokens.Expect(JinjaTokenKind.Name, "a parameter");
            parameters.Add((parameter, _tokens.Accept("=") ? _expressions.Read() : null));
            if (!_tokens.Current.Is(")"))
            {
                _tokens.Expect(",");
            }
        }

        CloseTag();
        Func<JinjaRun, JinjaFlow> body = Body("endmacro");
        End("endmacro");
        JinjaFunction function = (run, arguments, named) => run.InScope(() =>
        {
            run.GoThrough(parameters.Count);
            for (int i = 0; i < parameters.Count; i++)
            {
                (string parameter, Func<JinjaRun, object?>? standard) = parameters[i];
                run.Set(parameter, i < arguments.Count ? arguments[i] : named.Has(parameter) ? named[parameter] : standard?.Invoke(run) ?? JinjaValue.Undefined);
            }

            return run.Capture(() => body(run));
        });
        return run =>
        {
            run.Set(name, function);
            return JinjaFlow.Next;
        };
    }

    private void End(string word)
    {
        _tokens.Expect(JinjaTokenKind.StatementStart, $"'{word}'");
        _tokens.Expect(word);
        CloseTag();
    }

    private void CloseTag() => _tokens.Expect(JinjaTokenKind.StatementEnd, "'%}'");
}
