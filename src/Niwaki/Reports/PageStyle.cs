namespace Niwaki.Reports;

/// <summary>How pages look, in light and dark, on a desk and on a phone.</summary>
internal static class PageStyle
{
    /// <summary>The style sheet.</summary>
    public const string Css = """

        :root { color-scheme: light dark; --paper: #fbfbf8; --card: #ffffff; --ink: #1d231f; --soft: #5d6861; --line: #dfe2da; --leaf: #2f6d4d; --earth: #a8492f; --shade: #eef0ea; }
        @media (prefers-color-scheme: dark) { :root { --paper: #131613; --card: #1a1e1b; --ink: #e3e8e2; --soft: #98a49b; --line: #2e352f; --leaf: #79c79a; --earth: #e39176; --shade: #212722; } }
        * { box-sizing: border-box; }
        body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
        main { max-width: 1080px; margin: 0 auto; padding: 28px 20px 60px; }
        header p { margin: 0; }
        h1 { font-size: 1.75rem; line-height: 1.2; margin: 0 0 4px; letter-spacing: -0.01em; overflow-wrap: anywhere; }
        h2 { font-size: 1.15rem; margin: 44px 0 12px; padding-top: 14px; border-top: 1px solid var(--line); }
        h3 { font-size: 0.95rem; margin: 0 0 8px; }
        p { margin: 0 0 10px; max-width: 76ch; }
        .soft, figcaption, .note { color: var(--soft); font-size: 0.87rem; }
        .verdict { font-size: 1.15rem; margin: 18px 0; max-width: 62ch; }
        .warn { border-left: 3px solid var(--earth); padding: 6px 12px; background: var(--shade); max-width: 76ch; }
        .cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(220px, 1fr)); gap: 12px; }
        .card { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 12px 14px; }
        .cards + .note { margin-top: 10px; }
        .card .what { color: var(--soft); font-size: 0.82rem; }
        .card .now { font-size: 1.35rem; font-variant-numeric: tabular-nums; line-height: 1.3; }
        .card .then { color: var(--soft); font-size: 0.85rem; font-variant-numeric: tabular-nums; }
        .card.missing .now { font-size: 1rem; color: var(--soft); }
        .figures-row { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 320px), 1fr)); gap: 16px; }
        figure { margin: 0; background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 14px; }
        figcaption { margin-top: 8px; }
        svg { display: block; width: 100%; height: auto; max-width: 520px; }
        svg text { fill: var(--soft); font: 10px system-ui, sans-serif; font-variant-numeric: tabular-nums; }
        svg .axis { font-size: 11px; }
        svg .name { fill: var(--ink); font-size: 11px; }
        svg .full { fill: var(--leaf); }
        svg .empty { fill: none; stroke: var(--earth); stroke-width: 0.75; stroke-dasharray: 2 1.5; }
        svg .grid { stroke: var(--line); }
        svg .range { stroke: var(--leaf); stroke-opacity: 0.45; stroke-width: 3; }
        svg polyline { fill: none; stroke: var(--leaf); stroke-width: 1.75; }
        svg circle { fill: var(--leaf); }
        svg .mark { fill: none; stroke: var(--earth); stroke-width: 1.75; }
        .scroll { overflow-x: auto; margin: 0 0 12px; }
        table { border-collapse: collapse; font-size: 0.88rem; font-variant-numeric: tabular-nums; }
        th { text-align: left; color: var(--soft); font-weight: 600; }
        th, td { padding: 5px 16px 5px 0; border-bottom: 1px solid var(--line); vertical-align: top; }
        .figures th, .figures td { white-space: nowrap; }
        .figures th:not(:first-child), .figures td:not(:first-child) { text-align: right; }
        .text td { overflow-wrap: anywhere; min-width: 9ch; }
        blockquote { margin: 0 0 6px; white-space: pre-wrap; overflow-wrap: anywhere; }
        .sample { border: 1px solid var(--line); border-radius: 8px; background: var(--card); padding: 14px; margin: 0 0 12px; }
        .pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 300px), 1fr)); gap: 16px; }
        pre { background: var(--shade); border-radius: 8px; padding: 12px 14px; overflow-x: auto; font-size: 0.82rem; line-height: 1.45; }
        code { font-size: 0.92em; }
        details summary { cursor: pointer; color: var(--soft); margin-bottom: 8px; }
        @media (max-width: 560px) { main { padding: 18px 14px 40px; } h1 { font-size: 1.4rem; } .cards { grid-template-columns: repeat(2, 1fr); gap: 8px; } .card { padding: 9px 10px; } .card .now { font-size: 1.05rem; } }
        @media print { body { background: #fff; } figure, .card, .sample { break-inside: avoid; } }

        """;
}
