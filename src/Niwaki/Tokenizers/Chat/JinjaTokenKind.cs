namespace Niwaki.Tokenizers.Chat;

/// <summary>Kinds of <see cref="JinjaToken"/>.</summary>
internal enum JinjaTokenKind
{
    /// <summary>Text that is written as it is.</summary>
    Text,

    /// <summary>Begin of a statement, <c>{%</c>.</summary>
    StatementStart,

    /// <summary>End of a statement, <c>%}</c>.</summary>
    StatementEnd,

    /// <summary>Begin of an expression, <c>{{</c>.</summary>
    ExpressionStart,

    /// <summary>End of an expression, <c>}}</c>.</summary>
    ExpressionEnd,

    /// <summary>A word.</summary>
    Name,

    /// <summary>A whole number.</summary>
    Integer,

    /// <summary>A number with a point.</summary>
    Float,

    /// <summary>A string.</summary>
    String,

    /// <summary>An operator or bracket.</summary>
    Sign,

    /// <summary>The end of the template.</summary>
    End,
}
