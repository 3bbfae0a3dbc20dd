namespace Niwaki.Formats.Parquet;

/// <summary>Reads the tree of columns, which the file lists parents first.</summary>
internal static class ParquetSchema
{
    private const int MostElements = 8192;
    private const int MostNested = 16;
    private const int ConvertedList = 3, LogicalList = 3;

    private sealed record Element(string Name, int? Type, int Repetition, int Children, bool IsList);

    /// <summary>Reads the list of elements and gives its leaves.</summary>
    public static IReadOnlyList<ParquetColumn> Read(ParquetCursor cursor)
    {
        int count = cursor.List("schema", ThriftType.Structure, MostElements);
        var elements = new Queue<Element>();
        for (int i = 0; i < count; i++)
        {
            elements.Enqueue(ReadElement(cursor));
        }

        if (!elements.TryDequeue(out Element? root) || root.Children == 0)
        {
            throw cursor.Fault("schema", $"has {count} elements and no column", "one column at least");
        }

        var columns = new List<ParquetColumn>();
        AddChildren(cursor, root.Children, elements, [], columns);
        return elements.Count == 0 ? columns : throw cursor.Fault("schema", $"has {elements.Count} elements that belong to no group", "a tree");
    }

    private static Element ReadElement(ParquetCursor cursor)
    {
        string name = "";
        int? type = null;
        int repetition = 0, children = 0;
        bool isList = false;
        cursor.Structure("schema element", (id, kind) =>
        {
            switch (id, kind)
            {
                case (1, ThriftType.Int32):
                    type = (int)cursor.Signed("type", 0, 7);
                    return true;
                case (3, ThriftType.Int32):
                    repetition = (int)cursor.Signed("repetition", 0, 2);
                    return true;
                case (4, ThriftType.Binary):
                    name = cursor.Text("name of a column");
                    return true;
                case (5, ThriftType.Int32):
                    children = (int)cursor.Signed("number of children", 0, MostElements);
                    return true;
                case (6, ThriftType.Int32):
                    isList |= cursor.Signed("converted type", 0, 255) == ConvertedList;
                    return true;
                case (10, ThriftType.Structure):
                    cursor.Structure("logical type", (kindOf, _) =>
                    {
                        isList |= kindOf == LogicalList;
                        return false;
                    });
                    return true;
                default:
                    return false;
            }
        });
        return new Element(name, type, repetition, children, isList);
    }

    private static void AddChildren(ParquetCursor cursor, int count, Queue<Element> elements, Element[] path, List<ParquetColumn> columns)
    {
        if (path.Length > MostNested)
        {
            throw cursor.Fault("schema", $"is nested {path.Length} deep", $"at most {MostNested}");
        }

        for (int i = 0; i < count; i++)
        {
            if (!elements.TryDequeue(out Element? element))
            {
                throw cursor.Fault("schema", "ends inside a group", "as many elements as its groups say");
            }

            Element[] below = [.. path, element];
            if (element.Children > 0)
            {
                AddChildren(cursor, element.Children, elements, below, columns);
            }
            else
            {
                columns.Add(Leaf(cursor, below));
            }
        }
    }

    private static ParquetColumn Leaf(ParquetCursor cursor, Element[] path)
    {
        const int Required = 0, Repeated = 2;
        string name = string.Join('.', path.Select(element => element.Name));
        int[] repeated = [.. Enumerable.Range(0, path.Length).Where(i => path[i].Repetition == Repeated)];
        if (path[^1].Type is not { } type)
        {
            throw cursor.Fault($"column '{MessageText.Shown(name)}'", "has no type", "one of the seven");
        }

        int defined = path.Count(element => element.Repetition != Required);
        if (repeated.Length == 0)
        {
            return new ParquetColumn(name, [.. path.Select(element => element.Name)], (ParquetType)type, defined, 0);
        }

        // A list is a group with a repeated group, which holds the element; older writers repeat the value itself, inside such a group or without one.
        int place = repeated[0];
        bool isList = place > 0 && path[place - 1].IsList;
        if (repeated.Length > 1 || path.Length > place + (isList ? 2 : 1))
        {
            throw cursor.Unsupported($"column '{MessageText.Shown(name)}'", $"holds lists of {(repeated.Length > 1 ? "lists" : "groups")}", "single values or lists of them");
        }

        return new ParquetColumn(
            name,
            [.. path.Take(isList ? place : place + 1).Select(element => element.Name)],
            (ParquetType)type,
            defined,
            path.Take(place + 1).Count(element => element.Repetition != Required));
    }
}
