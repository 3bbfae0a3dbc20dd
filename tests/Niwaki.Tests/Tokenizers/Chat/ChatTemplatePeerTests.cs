using System.Text.Json.Nodes;
using Niwaki.Tokenizers.Chat;

namespace Niwaki.Tests.Tokenizers.Chat;

public class ChatTemplatePeerTests
{
    // What templates of models are made of, in small; the peer decides what is right.
    private static readonly string[] Snippets =
    [
        "a {{ 'b' }} c",
        "  {% if true %}\n  x\n  {% endif %}\n  y\n",
        "  {%- if true -%}\n  x\n  {%- endif -%}\n  y\n",
        "x {# a comment #} y\n  {# alone #}\nz\n{#- trimmed -#}\n w",
        "{% for i in range(5) %}{{ i }}{% if not loop.last %}, {% endif %}{% endfor %}",
        "{% for i in range(2, 10, 3) %}{{ loop.index }}:{{ loop.index0 }}:{{ i }}:{{ loop.revindex }} {% endfor %}",
        "{% for m in messages if m.role == 'user' %}{{ m.content }};{% else %}none{% endfor %}",
        "{% for m in messages if m.role == 'nobody' %}{{ m.content }};{% else %}none{% endfor %}",
        "{% for m in messages[::-1] %}{{ m.role }} {% endfor %}{{ messages[-1].content }}{{ messages[1:][0].role }}{{ 'abcdef'[1:4] }}{{ 'abcdef'[:-2] }}",
        "{% set ns = namespace(n=0, seen=false) %}{% for m in messages %}{% set ns.n = ns.n + 1 %}{% if m.role == 'user' %}{% set ns.seen = true %}{% endif %}{% endfor %}{{ ns.n }}{% if ns.seen %}!{% endif %}",
        "{% set x = 1 %}{% for i in range(2) %}{% set x = 5 %}{% endfor %}{{ x }}",
        "{% if messages[0]['role'] == 'system' %}{% set start = 1 %}{% else %}{% set start = 0 %}{% endif %}{{ start }}",
        "{{ messages | length }}{{ messages | map(attribute='role') | join(', ') }}{{ messages | selectattr('role', 'equalto', 'user') | list | length }}",
        "{{ '  a b ' | trim }}|{{ 'a b' | upper }}|{{ 'A B' | lower }}|{{ 'ab cd' | title }}|{{ 'abc' | capitalize }}|{{ 'a-b-a' | replace('a', 'x') }}",
        "{{ ' x\n'.strip() }}|{{ '\nx\n'.lstrip('\\n') }}|{{ 'xx\n'.rstrip('\\n') }}|{{ 'a,b,c'.split(',')[-1] }}|{{ 'a b  c'.split() | length }}|{{ 'abc'.startswith('ab') and 'abc'.endswith('c') and 'y' or 'n' }}",
        "{{ 1 + 2 * 3 - 4 }} {{ 7 // 2 }} {{ 7 % 3 }} {{ -3 + 1 }} {{ (1 + 2) * 3 }} {{ 'a' ~ 1 ~ 'b' }} {{ 'a' + 'b' }}",
        "{% if 'b' in 'abc' and 'x' not in ['a'] and 'role' in messages[0] %}in{% endif %}{% if 1 < 2 and 2 >= 2 and 1 != 2 %}cmp{% endif %}",
        "{% if tools is defined %}d{% else %}u{% endif %}{% if messages is iterable and messages is not string and messages[0] is mapping %}m{% endif %}{% if none is none %}n{% endif %}{% if 3 is odd %}o{% endif %}{% if 'a' is string and 1 is number and 1 is integer %}t{% endif %}",
        "{{ 'yes' if messages else 'no' }}{{ 'a' if false }}{{ tools | default('x') }}{{ '' | default('y', true) }}{{ missing or 'z' }}",
        "{% macro say(who, what='hi') %}<{{ who }}:{{ what }}>{% endmacro %}{{ say('a') }}{{ say('b', 'c') }}{{ say(what='d', who='e') }}",
        "{% set text %}in {{ 1 + 1 }} block{% endset %}[{{ text }}]",
        "{{ {'a': 1, 'b': [true, none, 1.5, 'x\"y']} | tojson }}",
        "{{ tool | tojson }}\n{{ tool | tojson(indent=2) }}",
        "{% for k, v in tool.items() %}{{ k }}={{ v if v is string else 'o' }};{% endfor %}{% for k, v in tool | items %}{{ k }}{% endfor %}{{ tool.get('name') }}{{ tool['name'] }}",
        "{% for i in range(9) %}{% if i == 2 %}{% continue %}{% endif %}{% if i == 5 %}{% break %}{% endif %}{{ i }}{% endfor %}",
        "{{ 'a\\nb\\t\"c\" \\'d\\'' }}{{ \"it's\" }}",
        "{{ bos_token }}{% for m in messages %}{{ '[INST] ' + m['content'] + ' [/INST]' if m['role'] == 'user' else ' ' + m['content'] + eos_token }}{% endfor %}",
        "{%- for m in messages %}\n    {{- '<|' + m.role + '|>\\n' + m.content | trim + '<|end|>\\n' }}\n{%- endfor %}\n{%- if add_generation_prompt %}\n    {{- '<|assistant|>\\n' }}\n{%- endif %}\n",
        "{% if messages[0].role == 'user' %}u{% elif messages[0].role == 'system' %}s{% elif true %}e{% else %}x{% endif %}",
        "{{ [1, 2, 3] | first }}{{ [1, 2, 3] | last }}{{ ['b', 'a'] | join('') }}{{ (1, 2) | length }}{{ [3, 1] | length + 1 }}",
        "{% if not true or true %}p{% endif %}",
        "\n\n{% set a = 1 %}\n{% set b = 2 %}\n\n{{ a + b }}\n\n",
        "{{ 'ü€' | length }}{{ 'Ü' | lower }}",
    ];

    private static readonly (ChatMessage[] Messages, bool Prompt)[] Conversations =
    [
        ([new("user", "Hello")], true),
        ([new("user", "Hello")], false),
        ([new("system", "Be brief."), new("user", "  Two\nlines  "), new("assistant", "Fine."), new("user", "<b>\"x\"</b> & 'y' ü😀")], true),
        ([new("user", "a"), new("assistant", "<think>\nhm\n</think>\n\nb"), new("user", "c"), new("assistant", "<think>\nso\n</think>\n\nd")], false),
        ([new("user", ""), new("assistant", "")], true),
    ];

    [Fact]
    public void Apply_Snippets_AsThePeerWrites()
    {
        JsonObject values = Values([new("system", "s"), new("user", "one"), new("assistant", "two")], true);
        values["tool"] = new JsonObject { ["name"] = "f", ["arguments"] = new JsonObject { ["x"] = new JsonArray(1, 2), ["ä"] = "ö\n" } };
        string?[] expected = PeerJinja.Render(Snippets.Select(snippet => (snippet, values)));
        for (int i = 0; i < Snippets.Length; i++)
        {
            Assert.True(expected[i] is not null, $"The peer fails on: {Snippets[i]}");
            var tool = new Dictionary<string, object?> { ["name"] = "f", ["arguments"] = new Dictionary<string, object?> { ["x"] = new[] { 1, 2 }, ["ä"] = "ö\n" } };
            string found = ChatTemplate.Parse(Snippets[i], "<s>", "</s>").Apply(
                [new("system", "s"), new("user", "one"), new("assistant", "two")], true, new Dictionary<string, object?> { ["tool"] = tool });
            Assert.True(expected[i] == found, $"{Snippets[i]}\nexpected: {expected[i]}\nfound:    {found}");
        }
    }

    [Theory]
    [InlineData("llama3.1")]
    [InlineData("qwen3")]
    public void Apply_TemplateOfAModel_AsThePeerWrites(string name)
    {
        string folder = RepositoryFiles.SharedOrSkip("tokenizers", name);
        JsonNode settings = JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "tokenizer_config.json")))!;
        string template = settings["chat_template"]!.GetValue<string>();
        string bos = settings["bos_token"] is JsonValue token ? token.GetValue<string>() : "";
        var own = ChatTemplate.Read(folder)!;
        foreach (bool? thinking in (bool?[])[null, true, false])
        {
            JsonObject[] values = [.. Conversations.Select(conversation => Values(conversation.Messages, conversation.Prompt))];
            foreach (JsonObject value in values)
            {
                value["bos_token"] = bos;
                if (thinking is { } flag)
                {
                    value["enable_thinking"] = flag;
                }
            }

            string?[] expected = PeerJinja.Render(values.Select(value => (template, value)));
            var more = thinking is { } given ? new Dictionary<string, object?> { ["enable_thinking"] = given } : null;
            Assert.Equal(expected, Conversations.Select(conversation => own.Apply(conversation.Messages, conversation.Prompt, more)));
        }
    }

    private static JsonObject Values(ChatMessage[] messages, bool prompt) => new()
    {
        ["messages"] = new JsonArray([.. messages.Select(message => (JsonNode)new JsonObject { ["role"] = message.Role, ["content"] = message.Content })]),
        ["add_generation_prompt"] = prompt,
        ["bos_token"] = "<s>",
        ["eos_token"] = "</s>",
    };
}
