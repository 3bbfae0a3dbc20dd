using Niwaki.Formats;
using Niwaki.Tests.Formats;
using Niwaki.Tokenizers.Chat;

namespace Niwaki.Tests.Tokenizers.Chat;

public class ChatTemplateTests
{
    private static readonly ChatMessage[] Hello = [new("user", "Hello")];

    [Theory]
    [InlineData("{% generation %}kept{% endgeneration %}", "kept")]
    [InlineData("{{ none }} {{ true }} {{ 1.0 }} {{ [1, 'a'] }}", "None True 1.0 [1, 'a']")] // as Python shows them
    [InlineData("{{ 'ü€😀' | length }}", "3")] // characters, as Python counts; the peer counts UTF-16
    [InlineData("{{ missing }}|", "|")]
    [InlineData("{{ '--xx-'.rstrip('-') }}{{ '--xx-'.lstrip('-') }}{{ '--xx-'.strip('-') }}", "--xxxx-xx")] // characters, as in Python
    [InlineData("{{ 'ab' * 2 }}", "abab")]
    [InlineData("{{ '' * 9223372036854775807 }}{{ 'a' * -9223372036854775807 }}|", "|")]
    [InlineData("{{ 'a,b'.split(',', 9223372036854775807) | length }}", "2")]
    [InlineData("{{ range(0, 9223372036854775807, 9223372036854775806) | length }}", "2")] // 0 and the step itself
    [InlineData("{% if true %}a{% endif +%}\nb", "a\nb")] // a plus keeps the newline
    [InlineData("{# comment +#}\nb", "\nb")]
    [InlineData("{{ [1, 'a'] == [1, 'a'] }} {{ [1] == [2] }} {{ {'a': 1} == {'a': 1} }} {{ [] == {} }} {{ [1] in [[2], [1]] }} {{ 'b' in {'a': 1} }}", "True False True False True False")]
    [InlineData("{{ 'a' == 'a' }} {{ 'a' == 'b' }} {{ 'a' == 'aa' }} {{ '' == '' }} {{ 1 == 1.0 }} {{ none == none }} {{ 'a' == 1 }}", "True False False True True True False")]
    public void Apply_WhatThePeerDoesNotHave_AsJinjaDoes(string template, string expected) =>
        Assert.Equal(expected, ChatTemplate.Parse(template).Apply(Hello, false));

    [Theory]
    [InlineData("{% if x %}", "endif")]
    [InlineData("a\n{% for x in y %}", "endfor")]
    [InlineData("{{ 'abc }}", "string has no end")]
    [InlineData("{{ a", "tag has no end")]
    [InlineData("{# a", "comment has no end")]
    [InlineData("{% include 'x' %}", "other statements are not supported")]
    [InlineData("{{ x | shell }}", "filter 'shell', which is not supported")]
    [InlineData("{{ x is evil }}", "test 'evil', which is not supported")]
    [InlineData("{% endif %}", "begins something")]
    [InlineData("{{ 1 ? 2 }}", "has no meaning")]
    [InlineData("{{ 99999999999999999999 }}", "64 bits")]
    [InlineData("{{ }}", "an expression")]
    public void Parse_BrokenTemplate_ThrowsWithTheLine(string template, string message)
    {
        ChatTemplateException error = Assert.Throws<ChatTemplateException>(() => ChatTemplate.Parse(template));

        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.Contains("line ", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{{ raise_exception('only users') }}", "only users")]
    [InlineData("{{ missing.field }}", "field 'field' of an undefined value")]
    [InlineData("{{ messages.pop() }}", "method that is supported")]
    [InlineData("{{ 'a'.format_map(messages) }}", "method that is supported")]
    [InlineData("{{ 1 + 'a' }}", "fit each other")]
    [InlineData("{{ 1 / 0 }}", "divides")]
    [InlineData("{{ 'abc' * 6148914691236517206 }}", "repeats a text")] // three times that is 2 in 64 bits
    [InlineData("{{ 9223372036854775807 + 1 }}", "64 bits")]
    [InlineData("{{ messages() }}", "no function")]
    [InlineData("{% for a, b in messages %}{% endfor %}{% for a, b in [[1]] %}{% endfor %}", "takes an item")]
    [InlineData("{% set x.y = 1 %}", "to be a namespace")]
    public void Apply_FaultyTemplate_Throws(string template, string message) =>
        Assert.Contains(message, Assert.Throws<ChatTemplateException>(() => ChatTemplate.Parse(template).Apply(Hello, false)).Message, StringComparison.Ordinal);

    // Each would take for ever, or all memory, where nothing bounded it.
    [Theory]
    [InlineData("{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}")]
    [InlineData("{% for a in range(999999999) %}{% endfor %}")]
    [InlineData("{% set ns = namespace(s='aaaaaaaa') %}{% for a in range(99) %}{% set ns.s = ns.s + ns.s %}{% endfor %}")]
    [InlineData("{% set ns = namespace(l=['aaaaaaaa']) %}{% for a in range(99) %}{% set ns.l = [ns.l, ns.l] %}{% endfor %}{{ ns.l | tojson }}")]
    [InlineData("{% set ns = namespace(l=['a']) %}{% for a in range(40) %}{% set ns.l = [ns.l, ns.l] %}{% endfor %}{{ ns.l }}")]
    [InlineData("{% set ns = namespace(l=[1]) %}{% for a in range(99) %}{% set ns.l = ns.l + ns.l %}{% endfor %}")]
    [InlineData("{{ 'aaaaaaaaaa' * 99999999999 }}")]
    [InlineData("{% set ns = namespace(s='a') %}{% for a in range(20) %}{% set ns.s = ns.s + ns.s %}{% endfor %}{{ ns.s.replace('a', ns.s) }}")]
    [InlineData("{% set ns = namespace(s='a') %}{% for a in range(20) %}{% set ns.s = ns.s + ns.s %}{% endfor %}{% for a in range(9999) %}{% set b = ns.s | upper %}{% endfor %}")]
    [InlineData("{% set ns = namespace(s='a') %}{% for a in range(20) %}{% set ns.s = ns.s + ns.s %}{% endfor %}{% for a in range(9999) %}{% set b = ns.s | list %}{% endfor %}")]
    [InlineData("{% set l = range(100000) %}{% set k = range(100000) %}{% for a in range(999) %}{{ l == k }}{% endfor %}")]
    [InlineData("{% set l = range(100000) %}{% set k = range(100000) %}{% for a in range(999) %}{{ l in [k] }}{% endfor %}")]
    [InlineData("{% set l = range(100000) %}{% for a in range(9999) %}{{ -1 in l }}{% endfor %}")]
    [InlineData("{% set l = range(100000) %}{% for a in range(9999) %}{% set b = l | list %}{% endfor %}")]
    [InlineData("{% set s = 'a' * 1048576 %}{% set t = 'a' * 1048576 %}{% for a in range(9999) %}{{ s == t }}{% endfor %}")]
    [InlineData("{% set s = 'a' * 1048576 %}{% for a in range(9999) %}{{ 'b' in s }}{% endfor %}")]
    [InlineData("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}")]
    [InlineData("{% for a in range(99999) %}{% for b in range(9) %}{{ 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' }}{% endfor %}{% endfor %}")]
    public void Apply_TemplateThatNeverEnds_Throws(string template) =>
        Assert.Throws<ChatTemplateException>(() => ChatTemplate.Parse(template).Apply(Hello, false));

    // 999 times 2^20 characters; a template may go through 2^26.
    [Theory]
    [InlineData("strip()")]
    [InlineData("lstrip('b')")]
    [InlineData("rstrip('b')")]
    [InlineData("split()")]
    [InlineData("rsplit('b', 1)")]
    [InlineData("splitlines()")]
    [InlineData("upper()")]
    [InlineData("lower()")]
    [InlineData("title()")]
    [InlineData("capitalize()")]
    [InlineData("replace('b', 'c')")]
    [InlineData("find('b')")]
    [InlineData("count('b')")]
    [InlineData("isdigit()")]
    [InlineData("startswith(s)")]
    public void Apply_MethodOfALongText_CountsItsCharacters(string call)
    {
        string template = $"{{% set s = 'a' * 1048576 %}}{{% for i in range(999) %}}{{% set b = s.{call} %}}{{% endfor %}}";

        Assert.Contains("characters of text", Assert.Throws<ChatTemplateException>(() => Apply(template)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Parse_NestedBeyondTheStack_Throws()
    {
        Assert.Throws<ChatTemplateException>(() => ChatTemplate.Parse("{{ " + new string('(', 100_000) + "1" + new string(')', 100_000) + " }}"));
        Assert.Throws<ChatTemplateException>(() => ChatTemplate.Parse("{{ " + string.Concat(Enumerable.Repeat("not ", 100_000)) + "1 }}"));
        Assert.Throws<ChatTemplateException>(() => ChatTemplate.Parse(string.Concat(Enumerable.Repeat("{% if 1 %}", 100_000))));
        Assert.Throws<ChatTemplateException>(() => ChatTemplate.Parse(string.Concat(Enumerable.Repeat("{{ -", 1)) + new string('-', 100_000) + "1 }}"));
        Assert.Throws<ChatTemplateException>(() => ChatTemplate.Parse(new string('x', (1 << 20) + 1)));
    }

    /// <summary>
    /// Chains are read in a loop, and evaluated as deep as they are long. On a stack of half a MiB, because what a call takes of it is the compiler's choice: an optimised <c>and</c>
    /// fits 140,000 times into the 8 MiB of a first thread.
    /// </summary>
    [Theory]
    [InlineData("1", "+1")]
    [InlineData("1", "*1")]
    [InlineData("1", " and 1")]
    [InlineData("0", " or 0")]
    [InlineData("1", "==1")]
    [InlineData("messages", ".a")]
    [InlineData("messages", "[0]")]
    [InlineData("messages", "|list")]
    public void Apply_ChainBeyondTheStack_Throws(string first, string link)
    {
        string Chain(int links) => "{{ " + first + string.Concat(Enumerable.Repeat(link, links)) + " }}";
        ChatTemplateException? tooLong = null;
        Exception? ofShort = null;
        var thread = new Thread(
            () =>
            {
                tooLong = Record.Exception(() => Apply(Chain(1_000_000 / link.Length))) as ChatTemplateException;
                ofShort = link is ".a" or "[0]" ? null : Record.Exception(() => Apply(Chain(200)));
            },
            maxStackSize: 1 << 19);
        thread.Start();
        thread.Join();

        Assert.Contains("too many parts", tooLong?.Message, StringComparison.Ordinal);
        Assert.Null(ofShort);
    }

    [Theory]
    [InlineData("{{ 'ab'[1::9223372036854775807] }}", "b")]
    [InlineData("{{ 'ab'[::-9223372036854775807] }}", "b")]
    public void Apply_SliceOfLargeSteps_OneItem(string template, string expected) => Assert.Equal(expected, Apply(template));

    [Fact]
    public void Read_Folder_FileBeforeSettings()
    {
        using var folder = new TemporaryFolder();
        Assert.Null(ChatTemplate.Read(folder.Path));
        File.WriteAllText(folder["tokenizer_config.json"], """{"bos_token": {"content": "<s>"}, "chat_template": "{{ bos_token }}settings"}""");
        Assert.Equal("<s>settings", ChatTemplate.Read(folder.Path)!.Apply(Hello, false));
        File.WriteAllText(folder["tokenizer_config.json"], """{"chat_template": [{"name": "tool_use", "template": "t"}, {"name": "default", "template": "d"}]}""");
        Assert.Equal("d", ChatTemplate.Read(folder.Path)!.Apply(Hello, false));
        Assert.Equal("t", ChatTemplate.Read(folder.Path, "tool_use")!.Source);
        File.WriteAllText(folder["chat_template.jinja"], "file");
        Assert.Equal("file", ChatTemplate.Read(folder.Path)!.Apply(Hello, false));
    }

    [Fact]
    public void Read_ListWithoutDefault_Throws()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["tokenizer_config.json"], """{"chat_template": [{"name": "tool_use", "template": "t"}]}""");

        Assert.Contains("has the names 'tool_use', expected one of the name 'default'", Assert.Throws<ModelFormatException>(() => ChatTemplate.Read(folder.Path)).Message, StringComparison.Ordinal);
        File.WriteAllText(folder["tokenizer_config.json"], """{"chat_template": [{"name": "tool_use"}]}""");
        Assert.Contains("'name' and 'template'", Assert.Throws<ModelFormatException>(() => ChatTemplate.Read(folder.Path)).Message, StringComparison.Ordinal);
    }

    private static string Apply(string template) => ChatTemplate.Parse(template).Apply(Hello, false);
}
