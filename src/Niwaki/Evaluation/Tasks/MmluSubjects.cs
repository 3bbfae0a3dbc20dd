namespace Niwaki.Evaluation.Tasks;

/// <summary>The 57 subjects of MMLU (Hendrycks et al., arXiv 2009.03300) and their four groups.</summary>
public static class MmluSubjects
{
    /// <summary>Name of the whole.</summary>
    public const string Group = "mmlu";

    private static readonly (string Name, string[] Subjects)[] Parts =
    [
        ("mmlu_stem",
        [
            "abstract_algebra", "anatomy", "astronomy", "college_biology", "college_chemistry", "college_computer_science", "college_mathematics", "college_physics",
            "computer_security", "conceptual_physics", "electrical_engineering", "elementary_mathematics", "high_school_biology", "high_school_chemistry",
            "high_school_computer_science", "high_school_mathematics", "high_school_physics", "high_school_statistics", "machine_learning",
        ]),
        ("mmlu_other",
        [
            "business_ethics", "clinical_knowledge", "college_medicine", "global_facts", "human_aging", "management", "marketing", "medical_genetics", "miscellaneous",
            "nutrition", "professional_accounting", "professional_medicine", "virology",
        ]),
        ("mmlu_social_sciences",
        [
            "econometrics", "high_school_geography", "high_school_government_and_politics", "high_school_macroeconomics", "high_school_microeconomics",
            "high_school_psychology", "human_sexuality", "professional_psychology", "public_relations", "security_studies", "sociology", "us_foreign_policy",
        ]),
        ("mmlu_humanities",
        [
            "formal_logic", "high_school_european_history", "high_school_us_history", "high_school_world_history", "international_law", "jurisprudence",
            "logical_fallacies", "moral_disputes", "moral_scenarios", "philosophy", "prehistory", "professional_law", "world_religions",
        ]),
    ];

    /// <summary>Names of the groups, the whole first.</summary>
    public static IReadOnlyList<string> Groups { get; } = [Group, .. Parts.Select(part => part.Name)];

    /// <summary>All subjects, by name.</summary>
    public static IReadOnlyList<string> All { get; } = [.. Parts.SelectMany(part => part.Subjects).Order(StringComparer.Ordinal)];

    /// <summary>The group of a subject.</summary>
    /// <param name="subject">One of <see cref="All"/>.</param>
    public static string GroupOf(string subject) => Parts.First(part => part.Subjects.Contains(subject)).Name;
}
