namespace Niwaki.Tokenizers.Chat;

/// <summary>A loop of a template.</summary>
/// <param name="names">What an item is called; several where items are lists.</param>
/// <param name="items">What is gone through.</param>
/// <param name="filter">Which items count; null: all.</param>
/// <param name="body">What happens with each.</param>
/// <param name="empty">What happens where there is none; null: nothing.</param>
internal sealed class JinjaLoop(
    string[] names, Func<JinjaRun, object?> items, Func<JinjaRun, object?>? filter, Func<JinjaRun, JinjaFlow> body, Func<JinjaRun, JinjaFlow>? empty)
{
    /// <summary>Runs it.</summary>
    public JinjaFlow Run(JinjaRun run)
    {
        IReadOnlyList<object?> all = JinjaValue.Items(run, items(run));
        run.GoThrough(all.Count);
        object?[] kept = filter is null ? [.. all] : [.. all.Where(item => run.InScope(() => Matches(run, item)))];
        if (kept.Length == 0)
        {
            return empty?.Invoke(run) ?? JinjaFlow.Next;
        }

        for (int i = 0; i < kept.Length; i++)
        {
            int index = i;
            run.Step();
            JinjaFlow flow = run.InScope(() =>
            {
                Name(run, kept[index]);
                run.Set("loop", Place(kept, index));
                return body(run);
            });
            if (flow == JinjaFlow.Break)
            {
                break;
            }
        }

        return JinjaFlow.Next;
    }

    private bool Matches(JinjaRun run, object? item)
    {
        run.Step();
        Name(run, item);
        return JinjaValue.IsTrue(filter!(run));
    }

    private void Name(JinjaRun run, object? item)
    {
        if (names.Length == 1)
        {
            run.Set(names[0], item);
            return;
        }

        IReadOnlyList<object?> parts = JinjaValue.Items(run, item);
        if (parts.Count != names.Length)
        {
            throw new ChatTemplateException($"Chat template takes an item of {parts.Count} apart, expected {names.Length}.", 0);
        }

        for (int i = 0; i < names.Length; i++)
        {
            run.Set(names[i], parts[i]);
        }
    }

    private static JinjaMap Place(object?[] kept, int index) => new()
    {
        ["index"] = (long)index + 1,
        ["index0"] = (long)index,
        ["revindex"] = (long)kept.Length - index,
        ["revindex0"] = (long)kept.Length - index - 1,
        ["first"] = index == 0,
        ["last"] = index == kept.Length - 1,
        ["length"] = (long)kept.Length,
        ["previtem"] = index > 0 ? kept[index - 1] : JinjaValue.Undefined,
        ["nextitem"] = index < kept.Length - 1 ? kept[index + 1] : JinjaValue.Undefined,
    };
}
